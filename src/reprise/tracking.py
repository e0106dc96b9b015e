"""MLflow as a projection of what DVC holds: every variant a run, every seed a run nested in it.

In a sweep every part is a run, and every learning rate one nested in it. Training logs live, epoch by epoch, to
``sqlite:///mlflow.db``; ``reprise track sync`` rebuilds all of it from DVC's outputs, as often as one likes. A run is
known by its key (study, variant, seed, data source, scale, settings), so that nothing appears twice. MLflow never feeds
anything back, and when it fails training goes on.
"""

from __future__ import annotations

import os
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from reprise.files import leads
from reprise.live import Listener, warn
from reprise.live import Live as _Live
from reprise.locked import TrackingError
from reprise.projection import Projection
from reprise.tracker import EXPERIMENT, KEY, PROCESS, Tracker, bring, database, reason
from reprise.views import VIEWS, address
from reprise.workspace import Workspace

__all__ = ["KEY", "PROCESS", "Tracker", "TrackingError", "database", "initialise", "sync", "track_training", "views"]


def initialise(root: Path) -> str:
    """Creates the database, so that whoever comes next finds it, and returns its address.

    Raises:
        TrackingError: it cannot be opened or made.
    """
    Tracker(root)
    return database(root)


@contextmanager
def track_training(workspace: Workspace, variant: str, settings: Any) -> Iterator[Callable[[int], Listener] | None]:
    """Yields ``seed -> listener`` that logs every epoch live; None where MLflow cannot be had (with a warning).

    When training ends, runs that saw every epoch are closed; those that did not, because an earlier process was killed,
    are made again from what training wrote.
    """
    live = None
    if leads():  # of several devices' processes the first one logs
        try:
            live = _Live(workspace, variant, settings)
        except Exception as error:
            warn(error)
    try:
        yield live.listener if live else None
    except BaseException:
        if live:
            live.close("FAILED")
        raise
    if live:
        live.close("FINISHED")


def sync(root: Path, progress: Callable[[str], None] = lambda name: None) -> dict[str, int]:
    """Makes the database hold exactly one finished run for each variant and seed that DVC's outputs hold.

    Run twice, nothing changes. Runs that a kill left RUNNING are removed; those of other settings, data or scales
    stay, to be compared with. A variant's run carries the mean over its seeds, test scores, verdicts, figures and
    its network as a model; the run ``evidence`` the study's page, tables and figures, with a run a claim below it.
    A broken database of the checkout is put aside first, and that is said.

    Args:
        root: the checkout.
        progress: called with the name of every run that is made.

    Returns:
        How many runs were made, kept and removed.

    Raises:
        ConfigError: params.yaml is not valid.
        TrackingError: the database cannot be opened, or fails on the way.
        ValueError: an output of DVC cannot be read; the message names the file.
    """
    studies = Workspace("", root).params.studies
    tracker = Tracker(root, mend=True)
    counts = Counter({"made": 0, "kept": 0, "removed": 0})
    try:
        for study in studies:
            _sync_study(Workspace(study, root), tracker, counts, progress)
    except (ValueError, OSError):
        raise
    except Exception as error:  # MLflow's, SQLAlchemy's
        raise TrackingError(f"{tracker.address}: {reason(error)}; what is missing there is made next time") from error
    return dict(counts)


def views(root: Path) -> dict[str, dict[str, str]]:
    """Study -> view -> its address, from ``#`` on, of the views that show a run; studies without one are left out.

    Raises:
        TrackingError: the database cannot be opened.
    """
    tracker, found = Tracker(root), {}
    for study in Workspace("", root).params.studies:
        experiment = tracker.client.get_experiment_by_name(f"{EXPERIMENT}/{study}")
        if experiment is not None and experiment.lifecycle_stage == "active":
            number = experiment.experiment_id
            shown = [
                view
                for view, (wanted, _) in VIEWS.items()
                if tracker.client.search_runs([number], wanted, max_results=1)
            ]
            found |= {study: {view: address(number, view) for view in shown}} if shown else {}
    return found


def _sync_study(workspace: Workspace, tracker: Tracker, counts: Counter[str], progress: Callable[[str], None]) -> None:
    projection = Projection(workspace, locked=True)
    groups = [projection.training(name) for name in getattr(workspace.config, "variants", {})]
    groups += [projection.swept(part) for part in getattr(workspace.config, "parts", {})]
    groups.append(projection.evidence())
    wanted = {run.key for runs in groups for run in runs}
    if not wanted and tracker.client.get_experiment_by_name(f"{EXPERIMENT}/{workspace.study}") is None:
        return  # nothing to show: no empty experiment
    experiment = tracker.experiment(workspace.study)
    for old in tracker.runs(experiment):
        if old.info.status == "RUNNING" and old.data.tags.get(KEY) not in wanted and not _alive(old):
            tracker.delete(old)
            counts["removed"] += 1
    tracker.describe(experiment)
    for runs in groups:
        bring(tracker, experiment, runs, counts, lambda name: progress(f"{workspace.study}: {name}"), whole=True)


def _alive(run: Any) -> bool:
    """Whether the process that logs a run is still there."""
    host, _, process = run.data.tags.get(PROCESS, "").rpartition(":")
    if host != socket.gethostname() or not process.isdigit():
        return False
    try:
        os.kill(int(process), 0)
    except OSError:
        return False
    return True

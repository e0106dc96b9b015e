"""MLflow as a projection of what DVC holds: every variant a run, every seed a run nested in it.

Training logs live, epoch by epoch, to ``sqlite:///mlflow.db``; ``reprise track sync`` rebuilds all of it from DVC's
outputs, as often as one likes. A run is known by its key (study, variant, seed, data source, scale, settings), so that
nothing appears twice. MLflow never feeds anything back, and when it fails training goes on.
"""

from __future__ import annotations

import fcntl
import logging
import os
import socket
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from reprise.projection import Projection, Run, digest
from reprise.workspace import Workspace

Listener = Callable[[int, dict[str, float]], None]
KEY, OUTPUTS, SCORES, PROCESS = "reprise.key", "reprise.outputs", "reprise.scores", "reprise.process"
PARENT = "mlflow.parentRunId"
EXPERIMENT = "reprise"
SETTINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",  # its 7 hold training up for minutes where a server is down
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",  # seconds
}


def database(root: Path) -> str:
    """The tracking URI: a file in the checkout, git-ignored. MLFLOW_TRACKING_URI names another."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{(root / 'mlflow.db').absolute()}"


class TrackingError(ValueError):
    """The database cannot be opened; the message names it."""


class Tracker:
    """Writes runs to one MLflow database, which is made where there is none."""

    def __init__(self, root: Path) -> None:
        for name, value in SETTINGS.items():
            os.environ.setdefault(name, value)
        from mlflow.tracking import MlflowClient

        for name in ("mlflow", "alembic"):  # table migrations of a new database are no news
            logging.getLogger(name).setLevel(logging.WARNING)
        self.root = root
        try:
            with self._alone():
                _try_opening(database(root))
                self.client = MlflowClient(tracking_uri=database(root))
                self.client.search_experiments(max_results=1)
        except Exception as error:  # SQLAlchemy's, MLflow's, the operating system's, ...
            raise TrackingError(f"{database(root)} cannot be used: {_line(error)}") from error

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One process at a time: concurrent first users of a fresh SQLite database crash in its migrations."""
        with (self.root / "mlflow.db.lock").open("w") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            yield

    def experiment(self, study: str) -> str:
        """The id of the study's experiment, made where there is none, restored where it was deleted."""
        name = f"{EXPERIMENT}/{study}"
        with self._alone():
            found = self.client.get_experiment_by_name(name)
            if found is None:
                local = database(self.root).startswith("sqlite:")  # a server decides itself where artifacts lie
                place = (self.root / "mlartifacts" / study).absolute().as_uri() if local else None
                return self.client.create_experiment(name, artifact_location=place)
            if found.lifecycle_stage == "deleted":
                self.client.restore_experiment(found.experiment_id)
            return found.experiment_id

    def runs(self, experiment: str, key: str | None = None) -> list[Any]:
        """All runs of an experiment, or those with this key, whatever their state."""
        return list(self.client.search_runs([experiment], f"tags.`{KEY}` = '{key}'" if key else "", max_results=10_000))

    def start(self, experiment: str, run: Run, parent: str | None = None) -> str:
        """Starts a run with its settings; returns its id."""
        from mlflow.entities import Param

        tags = {KEY: run.key, PROCESS: f"{socket.gethostname()}:{os.getpid()}"} | run.tags
        if parent is not None:
            tags[PARENT] = parent
        made = self.client.create_run(experiment, tags=tags, run_name=run.name).info.run_id
        self.client.log_batch(made, params=[Param(name, str(value)) for name, value in sorted(run.params.items())])
        return made

    def log(self, run_id: str, rows: Iterable[dict[str, Any]], tags: dict[str, str] | None = None) -> None:
        """Logs metrics by epoch, then tags."""
        from mlflow.entities import Metric, RunTag

        now = int(time.time() * 1000)
        metrics = [
            Metric(_metric_name(name), float(value), timestamp=now, step=int(row["epoch"]))
            for row in rows
            for name, value in row.items()
            if name not in ("epoch", "seed") and value not in ("", None)
        ]
        for start in range(0, len(metrics), 1000):  # MLflow's limit a call
            self.client.log_batch(run_id, metrics=metrics[start : start + 1000])
        if tags:
            self.client.log_batch(run_id, tags=[RunTag(name, value) for name, value in tags.items()])

    def finish(self, run_id: str, run: Run, rows: Iterable[dict[str, Any]] = ()) -> None:
        """Adds ``rows`` and figures, and closes the run as the one that stands for its DVC output."""
        if run.figures is not None and run.figures.is_dir():
            self.client.log_artifacts(run_id, str(run.figures), "figures")
        self.log(run_id, rows, run.tags | {OUTPUTS: run.outputs})
        self.client.set_terminated(run_id)


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
    if os.environ.get("LOCAL_RANK", "0") == "0":  # of several devices' processes the first one logs
        try:
            live = _Live(workspace, variant, settings)
        except Exception as error:
            _warn(error)
    try:
        yield live.listener if live else None
    except BaseException:
        if live:
            live.close("FAILED")
        raise
    if live:
        live.close("FINISHED")


class _Live:
    """The runs of one variant while it trains."""

    def __init__(self, workspace: Workspace, variant: str, settings: Any) -> None:
        self.projection, self.variant = Projection(workspace), variant
        self.params = settings.model_dump(mode="json")
        self.tracker = Tracker(workspace.root)
        self.experiment = self.tracker.experiment(workspace.study)
        self.started: dict[str, tuple[str, list[int]]] = {}  # key -> id, epochs logged here
        self.parent: str | None = None
        self.parent, _ = self._start(self.projection.run(variant, self.params))

    def _start(self, run: Run) -> tuple[str, list[int]]:
        if run.key not in self.started:
            for old in self.tracker.runs(self.experiment, run.key):
                self.tracker.client.delete_run(old.info.run_id)
            self.started[run.key] = self.tracker.start(self.experiment, run, self.parent), []
        return self.started[run.key]

    def listener(self, seed: int) -> Listener:
        """What training calls after every epoch of one seed. After one failure it stays quiet."""
        broken = False

        def log(epoch: int, metrics: dict[str, float]) -> None:
            nonlocal broken
            if broken:
                return
            try:
                run_id, epochs = self._start(self.projection.run(self.variant, self.params, seed))
                self.tracker.log(run_id, [{"epoch": epoch} | metrics])
                epochs.append(epoch)
            except Exception as error:
                broken = True
                _warn(error)

        return log

    def close(self, status: str) -> None:
        """Ends all runs; after success only those whose every epoch was seen here count, the others are made again."""
        try:
            if status != "FINISHED":
                for run_id, _ in self.started.values():
                    self.tracker.client.set_terminated(run_id, status=status)
                return
            runs = self.projection.training(self.variant)
            for run in runs:
                run_id, epochs = self.started.get(run.key, ("", []))
                if run_id and not run.nested:
                    self.tracker.finish(run_id, run, run.rows)
                elif run_id and epochs == [int(row["epoch"]) for row in run.rows]:
                    self.tracker.finish(run_id, run)
            _bring(self.tracker, self.experiment, runs, Counter(), lambda name: None)
        except Exception as error:
            _warn(error)


def sync(root: Path, progress: Callable[[str], None] = lambda name: None) -> dict[str, int]:
    """Makes the database hold exactly one finished run for each variant and seed that DVC's outputs hold.

    Run twice, nothing changes. Runs that a kill left RUNNING are removed; those of other settings, data or scales
    stay, to be compared with. A variant's run carries the mean over its seeds and the study's scores for it; the run
    ``evidence`` all scores and figures.

    Args:
        root: the checkout.
        progress: called with the name of every run that is made.

    Returns:
        How many runs were made, kept and removed.

    Raises:
        ConfigError: params.yaml is not valid.
        TrackingError: the database cannot be opened.
        ValueError: an output of DVC cannot be read; the message names the file.
    """
    studies = Workspace("", root).params.studies
    tracker = Tracker(root)
    counts = Counter({"made": 0, "kept": 0, "removed": 0})
    for study in studies:
        workspace = Workspace(study, root)
        projection = Projection(workspace)
        groups = [projection.training(name) for name in getattr(workspace.config, "variants", {})]
        groups.append(projection.evidence())
        wanted = {run.key for runs in groups for run in runs}
        if not wanted and tracker.client.get_experiment_by_name(f"{EXPERIMENT}/{study}") is None:
            continue  # nothing to show: no empty experiment
        experiment = tracker.experiment(study)
        for old in tracker.runs(experiment):
            if old.info.status == "RUNNING" and old.data.tags.get(KEY) not in wanted and not _alive(old):
                tracker.client.delete_run(old.info.run_id)
                counts["removed"] += 1
        for runs in groups:
            _bring(tracker, experiment, runs, counts, lambda name, study=study: progress(f"{study}: {name}"))
    return dict(counts)


def _bring(
    tracker: Tracker, experiment: str, runs: list[Run], counts: Counter[str], progress: Callable[[str], None]
) -> None:
    """Keeps or makes the runs of one variant: its own first, then its seeds', which are nested in it."""
    parent = None
    for run in runs:
        kept = None
        for old in tracker.runs(experiment, run.key):
            tags = old.data.tags
            same = tags.get(OUTPUTS) == run.outputs and tags.get(PARENT) == (parent if run.nested else None)
            if same and old.info.status == "FINISHED" and kept is None:
                kept = old
            else:
                tracker.client.delete_run(old.info.run_id)
                counts["removed"] += 1
        if kept is None:
            progress(run.name)
            run_id = tracker.start(experiment, run, parent if run.nested else None)
            tracker.finish(run_id, run, run.rows)
        else:
            run_id = kept.info.run_id
        scores = digest(run.scores)
        if run.scores and (kept is None or kept.data.tags.get(SCORES) != scores):
            tracker.log(run_id, [{"epoch": 0} | run.scores], {SCORES: scores})
        counts["made" if kept is None else "kept"] += 1
        parent = parent if run.nested else run_id


def _try_opening(address: str) -> None:
    """Fails at once on a file that is no database: MLflow would try again for minutes."""
    if address.startswith("sqlite:///"):
        with closing(sqlite3.connect(address.removeprefix("sqlite:///"))) as connection:
            connection.execute("PRAGMA schema_version")


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


def _metric_name(name: str) -> str:
    """MLflow admits letters, digits and ``_-. /`` alone."""
    return "".join(c if (c.isalnum() and c.isascii()) or c in "_-. /" else "_" for c in name)


def _line(error: BaseException) -> str:
    return f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"


def _warn(error: Exception) -> None:
    reason = str(error) if isinstance(error, TrackingError) else _line(error)
    print(f"MLflow: {reason}; training goes on without it", file=sys.stderr)

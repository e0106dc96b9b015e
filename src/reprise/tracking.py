"""MLflow as a projection of what DVC holds: every variant a run, every seed a run nested in it.

Training logs live, epoch by epoch, to ``sqlite:///mlflow.db``; ``reprise track sync`` rebuilds all of it from DVC's
outputs, as often as one likes. A run is known by its key (study, variant, seed, data source, scale, settings), so that
nothing appears twice. MLflow never feeds anything back, and when it fails training goes on.
"""

from __future__ import annotations

import csv
import hashlib
import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from reprise.config import ConfigError
from reprise.files import read_json
from reprise.workspace import Workspace

Listener = Callable[[int, dict[str, float]], None]
KEY = "reprise.key"
EXPERIMENT = "reprise"


def database(root: Path) -> str:
    """The tracking URI: a file in the checkout, git-ignored. MLFLOW_TRACKING_URI names another."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{(root / 'mlflow.db').absolute()}"


class Tracker:
    """Writes runs to one MLflow database."""

    def __init__(self, root: Path) -> None:
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        os.environ.setdefault("DO_NOT_TRACK", "true")
        from mlflow.tracking import MlflowClient

        for name in ("mlflow", "alembic"):  # table migrations of a new database are no news
            logging.getLogger(name).setLevel(logging.WARNING)
        self.root = root
        self.client = MlflowClient(tracking_uri=database(root))

    def experiment(self, study: str) -> str:
        """The id of the study's experiment, made where there is none."""
        name = f"{EXPERIMENT}/{study}"
        found = self.client.get_experiment_by_name(name)
        if found is not None:
            return found.experiment_id
        artifacts = (self.root / "mlartifacts").absolute().as_uri()
        return self.client.create_experiment(name, artifact_location=f"{artifacts}/{study}")

    def find(self, experiment: str, key: str) -> list[Any]:
        """Runs with this key, whatever their state."""
        return list(self.client.search_runs([experiment], f"tags.`{KEY}` = '{key}'"))

    def start(self, experiment: str, key: str, name: str, tags: dict[str, str], parent: str | None = None) -> str:
        """Starts a run; unfinished ones with the same key (left by a kill) are removed first."""
        for run in self.find(experiment, key):
            self.client.delete_run(run.info.run_id)
        tags = {KEY: key, **tags}
        if parent is not None:
            tags["mlflow.parentRunId"] = parent
        return self.client.create_run(experiment, tags=tags, run_name=name).info.run_id

    def log_params(self, run: str, params: dict[str, Any]) -> None:
        """Logs settings as parameters."""
        from mlflow.entities import Param

        self.client.log_batch(run, params=[Param(name, str(value)) for name, value in sorted(params.items())])

    def log_metrics(self, run: str, rows: list[dict[str, float]]) -> None:
        """Logs rows that have an ``epoch``, which is the step."""
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        metrics = [
            Metric(name, float(value), timestamp=now, step=int(row["epoch"]))
            for row in rows
            for name, value in row.items()
            if name not in ("epoch", "seed") and value != ""
        ]
        for start in range(0, len(metrics), 1000):  # MLflow's limit a call
            self.client.log_batch(run, metrics=metrics[start : start + 1000])

    def finish(self, run: str, status: str = "FINISHED") -> None:
        """Ends a run."""
        self.client.set_terminated(run, status=status)


def initialise(root: Path) -> str:
    """Creates the database once, before several processes use it at the same time.

    Concurrent first users of a fresh SQLite database crash in its migrations.
    """
    tracker = Tracker(root)
    tracker.client.search_experiments(max_results=1)
    return database(root)


@contextmanager
def track_training(workspace: Workspace, variant: str, settings: Any) -> Iterator[Callable[[int], Listener] | None]:
    """Yields ``seed -> listener`` that logs every epoch live; None, with a warning, where MLflow cannot be had."""
    try:
        tracker = Tracker(workspace.root)
        experiment = tracker.experiment(workspace.study)
        tags = _tags(workspace, variant)
        params = _params(settings)
        parent = tracker.start(experiment, _key(workspace, variant, None, params), variant, tags)
        tracker.log_params(parent, params)
    except Exception as error:
        _warn(error)
        yield None
        return
    open_runs = [parent]

    def listener(seed: int) -> Listener:
        run: list[str] = []

        def log(epoch: int, metrics: dict[str, float]) -> None:
            try:
                if not run:
                    key = _key(workspace, variant, seed, params)
                    run.append(tracker.start(experiment, key, f"{variant}/seed-{seed}", {**tags, "seed": str(seed)}, parent))
                    open_runs.append(run[0])
                    tracker.log_params(run[0], {**params, "seed": seed})
                tracker.log_metrics(run[0], [{"epoch": epoch, **metrics}])
            except Exception as error:
                _warn(error)

        return log

    status = "FAILED"
    try:
        yield listener
        status = "FINISHED"
    finally:
        history = workspace.run(variant) / "history.csv"
        for run in reversed(open_runs):
            try:
                if status == "FINISHED":  # `sync` keeps runs whose digest is that of DVC's output
                    tracker.client.set_tag(run, "digest", _digest(history.read_text(encoding="utf-8")))
                tracker.finish(run, status)
            except Exception as error:
                _warn(error)


def sync(root: Path, progress: Callable[[str], None] = lambda name: None) -> dict[str, int]:
    """Makes the database hold exactly one finished run for each variant and seed that DVC's outputs hold.

    Run twice, nothing changes. Runs that a kill left RUNNING are removed; figures and the study's metrics are attached
    to one run named ``evidence`` a study.

    Returns:
        How many runs were made, kept and removed.
    """
    tracker = Tracker(root)
    counts = {"made": 0, "kept": 0, "removed": 0}
    params = Workspace("", root).params
    for study in params.studies:
        workspace = Workspace(study, root)
        experiment = tracker.experiment(study)
        wanted = {run["key"]: run for run in _runs(workspace)}
        for run in tracker.client.search_runs([experiment], max_results=10_000):
            key = run.data.tags.get(KEY)
            if key in wanted and run.info.status == "FINISHED" and run.data.tags.get("digest") == wanted[key]["digest"]:
                wanted.pop(key)["kept"] = run.info.run_id
                counts["kept"] += 1
            elif run.info.status == "RUNNING" or key in wanted:
                tracker.client.delete_run(run.info.run_id)
                counts["removed"] += 1
        parents: dict[str, str] = {}
        for run in wanted.values():
            progress(run["name"])
            parent = parents.get(run["variant"]) or _parent(tracker, experiment, run)
            made = tracker.start(experiment, run["key"], run["name"], run["tags"] | {"digest": run["digest"]}, parent)
            if run["seed"] is None:
                parents[run["variant"]] = made
            tracker.log_params(made, run["params"])
            tracker.log_metrics(made, run["rows"])
            if run["figures"] is not None:
                tracker.client.log_artifacts(made, str(run["figures"]), "figures")
            tracker.finish(made)
            counts["made"] += 1
    return counts


def _runs(workspace: Workspace) -> Iterator[dict[str, Any]]:
    """Every run that the study's outputs stand for: a parent a variant, then its seeds, then the evidence."""
    base = {"seed": None, "rows": [], "figures": None}
    for variant in getattr(workspace.config, "variants", {}):
        folder = workspace.run(variant)
        if not (folder / "run.json").is_file():
            continue
        record = read_json(folder / "run.json")
        params = _params(record["settings"])
        tags = _tags(workspace, variant) | {"parameters": str(record["parameters"]), "precision": record["precision"]}
        digest = _digest((folder / "history.csv").read_text(encoding="utf-8"))
        shared = base | {"variant": variant, "tags": tags, "digest": digest}
        yield shared | {"key": _key(workspace, variant, None, params), "name": variant, "params": params}
        with (folder / "history.csv").open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        for seed in sorted({int(row["seed"]) for row in rows}):
            yield shared | {
                "key": _key(workspace, variant, seed, params),
                "name": f"{variant}/seed-{seed}",
                "seed": seed,
                "params": {**params, "seed": seed},
                "tags": {**tags, "seed": str(seed)},
                "rows": [row for row in rows if int(row["seed"]) == seed],
            }
    if (workspace.evidence / "evidence.json").is_file():
        text = (workspace.evidence / "evidence.json").read_text(encoding="utf-8")
        metrics = {name: metric["value"] for name, metric in json.loads(text)["metrics"].items()}
        yield base | {
            "variant": "evidence",
            "key": _key(workspace, "evidence", None, {}),
            "name": "evidence",
            "params": {},
            "tags": _tags(workspace, "evidence"),
            "rows": [{"epoch": 0, **{_metric_name(name): value for name, value in metrics.items()}}],
            "figures": workspace.evidence / "figures",
            "digest": _digest(text),
        }


def _parent(tracker: Tracker, experiment: str, run: dict[str, Any]) -> str | None:
    """The id of the variant's parent run when only some of its seeds are missing."""
    if run["seed"] is None:
        return None
    filter_text = f"tags.variant = '{run['variant']}' and tags.digest = '{run['digest']}'"
    found = tracker.client.search_runs([experiment], filter_text)
    return next((r.info.run_id for r in found if "mlflow.parentRunId" not in r.data.tags), None)


def _tags(workspace: Workspace, variant: str) -> dict[str, str]:
    stage = f"evaluate@{workspace.study}" if variant == "evidence" else f"train_{workspace.study}@{variant}"
    return {
        "study": workspace.study,
        "variant": variant,
        "dvc.stage": stage,
        "data.source": workspace.source,
        "scale": workspace.scale,
        "git.commit": _commit(workspace.root),
    }


def _params(settings: Any) -> dict[str, Any]:
    return settings if isinstance(settings, dict) else settings.model_dump(mode="json")


def _key(workspace: Workspace, variant: str, seed: int | None, params: dict[str, Any]) -> str:
    who = [workspace.study, variant, seed, workspace.source, workspace.scale, params]
    return _digest(json.dumps(who, sort_keys=True))


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=10).hexdigest()


def _metric_name(name: str) -> str:
    """MLflow admits letters, digits and ``_-. /`` alone."""
    return "".join(c if c.isalnum() and c.isascii() or c in "_-. /" else "_" for c in name)


def _commit(root: Path) -> str:
    done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=root, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def _warn(error: Exception) -> None:
    if isinstance(error, ConfigError):
        raise error
    text = (str(error).splitlines() or [""])[0]
    print(f"MLflow: {type(error).__name__}: {text}; training goes on without it", file=sys.stderr)

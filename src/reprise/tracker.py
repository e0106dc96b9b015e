"""Writes runs to one MLflow database, and never waits for one that somebody else holds."""

from __future__ import annotations

import json
import logging
import os
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from io import StringIO
from pathlib import Path
from typing import Any

from reprise.entries import Data, Later, Run
from reprise.files import one_line, write_rows
from reprise.locked import BROKEN, SYNC, TrackingError, check_writable, held, put_aside, try_opening
from reprise.logged import model_folder
from reprise.views import views_note

KEY, OUTPUTS, SCORES, PROCESS = "reprise.key", "reprise.outputs", "reprise.scores", "reprise.process"
MODEL = "reprise.model"
# else MLflow 3 guesses from what was logged whether this is about language models
MODELS = {"mlflow.experimentKind": "custom_model_development"}
PARENT = "mlflow.parentRunId"
EXPERIMENT = "reprise"
SETTINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SQLALCHEMYSTORE_POOLCLASS": "NullPool",  # a database that was put aside is not written to any more
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",  # its 7 hold training up for minutes where a server is down
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",  # seconds
}
_QUIET = ("mlflow", "alembic", "sqlalchemy")  # their tracebacks come as our one line, their migrations are no news


def database(root: Path) -> str:
    """The tracking URI: a file in the checkout, git-ignored. MLFLOW_TRACKING_URI names another.

    What would end or change an address (``?``, ``%2F``) is encoded as SQLAlchemy, which reads it, wants it. The driver
    is named there, since otherwise MLflow makes a folder with the encoded name beside the checkout.

    Raises:
        TrackingError: no address can name the file.
    """
    if os.environ.get("MLFLOW_TRACKING_URI"):
        return os.environ["MLFLOW_TRACKING_URI"]
    from sqlalchemy.engine import URL, make_url

    path = str((root / "mlflow.db").absolute())
    with suppress(UnicodeError):
        for address in (f"sqlite:///{path}", URL.create("sqlite+pysqlite", database=path).render_as_string()):
            if make_url(address).database == path:
                return address
    raise TrackingError(f"{path!r} cannot be written as a database address; put the checkout into another folder")


class Tracker:
    """Writes runs to one MLflow database, which is made where there is none.

    Its errors are MLflow's, SQLAlchemy's, or `TrackingError`.

    Args:
        root: the checkout.
        mend: puts the checkout's database aside where it is broken, and makes another.
    """

    def __init__(self, root: Path, mend: bool = False) -> None:
        for name, value in SETTINGS.items():
            os.environ.setdefault(name, value)
        import mlflow.tracking  # noqa: F401 - else what it logs while it is imported is heard

        for name in _QUIET:
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self.root, self.address = root, database(root)
        path = _file(self.address)
        try:
            lock = root / "mlflow.db.lock"
            check_writable(lock if lock.exists() else root, *([path.parent, path] if path else []))
            with self._alone():
                try:
                    self._open(path, mend)
                except Exception as error:
                    if not BROKEN.search(str(error)):
                        raise
                    if path != (root / "mlflow.db").absolute():
                        raise TrackingError(f"{reason(error)}; move it away, then {SYNC}") from error
                    if not mend:
                        raise TrackingError(f"{reason(error)}; {SYNC} puts it aside and makes it anew") from error
                    put_aside(path, reason(error))
                    self._open(path)
        except Exception as error:  # SQLAlchemy's, MLflow's, the operating system's, ...
            raise TrackingError(f"{self.address} cannot be used: {reason(error)}") from error

    def _open(self, path: Path | None, thoroughly: bool = False) -> None:
        from mlflow.tracking import MlflowClient

        if path:
            try_opening(path, thoroughly)
        self.client = MlflowClient(tracking_uri=self.address)
        self.client.search_experiments(max_results=1)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One process at a time: concurrent first users of a fresh SQLite database crash in its migrations."""
        with held(self.root / "mlflow.db.lock", self.root / "mlflow.db"):
            yield

    def experiment(self, study: str) -> str:
        """The id of the study's experiment, made where there is none, restored where it was deleted."""
        name = f"{EXPERIMENT}/{study}"
        with self._alone():
            found = self.client.get_experiment_by_name(name)
            if found is None:
                local = self.address.startswith("sqlite")  # a server decides itself where artifacts lie
                place = (self.root / "mlartifacts" / study).absolute().as_uri() if local else None
                return self.client.create_experiment(name, place, MODELS)
            if found.lifecycle_stage == "deleted":
                self.client.restore_experiment(found.experiment_id)
            return found.experiment_id

    def describe(self, experiment: str) -> None:
        """Writes the ways into an experiment above its runs: comparisons, each a filter that can be shared."""
        for name, value in (MODELS | {"mlflow.note.content": views_note(experiment)}).items():
            self.client.set_experiment_tag(experiment, name, value)

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

    def log(
        self, run_id: str, rows: Iterable[dict[str, Any]], tags: dict[str, str] | None = None, model: str | None = None
    ) -> None:
        """Logs metrics by epoch, then tags; with ``model`` as metrics of this logged model as well."""
        from mlflow.entities import Metric, RunTag

        now = int(time.time() * 1000)
        metrics = [
            Metric(
                _metric_name(name), float(value), timestamp=now, step=int(row["epoch"]), model_id=model, run_id=run_id
            )
            for row in rows
            for name, value in row.items()
            if name not in ("epoch", "seed") and value not in ("", None)
        ]
        for start in range(0, len(metrics), 1000):  # MLflow's limit a call
            self.client.log_batch(run_id, metrics=metrics[start : start + 1000])
        if tags:
            self.client.log_batch(run_id, tags=[RunTag(name, value) for name, value in tags.items()])

    def finish(self, run_id: str, run: Run, rows: Iterable[dict[str, Any]] = ()) -> None:
        """Adds ``rows``, and closes the run as the one that stands for its DVC output."""
        self.log(run_id, rows, run.tags | {OUTPUTS: run.outputs})
        self.client.set_terminated(run_id)

    def model(self, experiment: str, run_id: str, run: Run) -> str:
        """Logs the run's network as a model, ready to be loaded and served; returns the model's id."""
        from mlflow.entities import LoggedModelOutput

        study, commit = run.tags["study"], run.tags["git.commit"]
        with model_folder(study, run.network, commit) as folder:
            tags = {"study": study, "variant": run.name, "git.commit": commit}
            made = self.client.create_logged_model(experiment, run.name, run_id, tags, model_type="network")
            self.client.log_model_artifacts(made.model_id, str(folder))
        self.client.finalize_logged_model(made.model_id, "READY")
        self.client.log_outputs(run_id, [LoggedModelOutput(made.model_id, 0)])
        self.log(run_id, [], {MODEL: made.model_id})
        return made.model_id

    def add(self, run_id: str, later: Later, model: str | None) -> None:
        """What evaluation says of a run that is there: numbers, words, figures, tables, its page."""
        if later.figures is not None and later.figures.is_dir():
            self.client.log_artifacts(run_id, str(later.figures), "figures")
        if later.page is not None:
            self.client.log_artifact(run_id, str(later.page))
        for name, table in later.tables.items():
            if not table:
                continue
            text = StringIO(newline="")
            write_rows(text, [list(table), *zip(*table.values(), strict=True)])
            self.client.log_text(run_id, text.getvalue(), f"{name}.csv")
        tags = {name: value for name, value in later.tags.items() if value}
        self.log(run_id, [{"epoch": 0} | later.scores], tags | {SCORES: later.digest}, model)

    def delete(self, run: Any) -> None:
        """Deletes a run with the model that came from it."""
        model = run.data.tags.get(MODEL)
        if model is not None:
            self.client.delete_logged_model(model)
        self.client.delete_run(run.info.run_id)


def _file(address: str) -> Path | None:
    """The SQLite database that an address names."""
    from sqlalchemy.engine import make_url

    return Path(make_url(address).database or "") if address.startswith("sqlite") else None


def _dataset(data: Data) -> Any:
    from mlflow.entities import Dataset, DatasetInput, InputTag

    source = json.dumps({"uri": data.path})
    made = Dataset(name=data.name, digest=data.digest, source_type="local", source=source)
    return DatasetInput(made, [InputTag("mlflow.data.context", "training")])


def _metric_name(name: str) -> str:
    """MLflow admits letters, digits and ``_-. /`` alone."""
    return "".join(c if (c.isalnum() and c.isascii()) or c in "_-. /" else "_" for c in name)


def reason(error: BaseException) -> str:
    """What went wrong, in one line."""
    first = (str(error).splitlines() or [""])[0]
    return first if isinstance(error, TrackingError) else one_line(Exception(f"{type(error).__name__}: {first}"))


def bring(
    tracker: Tracker,
    experiment: str,
    runs: list[Run],
    counts: Counter[str] | None = None,
    progress: Callable[[str], None] = lambda name: None,
    whole: bool = False,
) -> None:
    """Keeps or makes the runs of one variant: its own first, then its seeds', which are nested in it.

    ``whole``: with the network as a model, and what evaluation says. Training, which waits for this, leaves it out.
    """
    counts = Counter() if counts is None else counts
    parent = None
    for run in runs:
        kept = None
        for old in tracker.runs(experiment, run.key):
            tags = old.data.tags
            same = tags.get(OUTPUTS) == run.outputs and tags.get(PARENT) == (parent if run.nested else None)
            if same and old.info.status == "FINISHED" and kept is None:
                kept = old
            else:
                tracker.delete(old)
                counts["removed"] += 1
        if kept is None:
            progress(run.name)
            run_id = tracker.start(experiment, run, parent if run.nested else None)
            tracker.finish(run_id, run, run.rows)
        else:
            run_id = kept.info.run_id
        if whole:
            tags, given = (kept.data.tags, kept.inputs.dataset_inputs) if kept else ({}, [])
            if run.data and not given:
                tracker.client.log_inputs(run_id, [_dataset(each) for each in run.data])
            model = tags.get(MODEL)
            if run.network is not None and model is None:
                model = tracker.model(experiment, run_id, run)
            if run.later.digest and tags.get(SCORES) != run.later.digest:
                tracker.add(run_id, run.later, model)
        counts["made" if kept is None else "kept"] += 1
        parent = parent if run.nested else run_id

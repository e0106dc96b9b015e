"""Writes runs to one MLflow database, and never waits for one that somebody else holds."""

from __future__ import annotations

import fcntl
import logging
import os
import socket
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from reprise.files import one_line
from reprise.projection import Run, digest

KEY, OUTPUTS, SCORES, PROCESS = "reprise.key", "reprise.outputs", "reprise.scores", "reprise.process"
PARENT = "mlflow.parentRunId"
EXPERIMENT = "reprise"
SETTINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",  # its 7 hold training up for minutes where a server is down
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",  # seconds
}
LOCKED = 5.0  # seconds that another process may hold the database without anything happening to it
LONGEST = 60.0  # seconds in all
_QUIET = ("mlflow", "alembic", "sqlalchemy")  # their tracebacks come as our one line, their migrations are no news


class TrackingError(ValueError):
    """The database cannot be used; the message names it."""


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
    """

    def __init__(self, root: Path) -> None:
        for name, value in SETTINGS.items():
            os.environ.setdefault(name, value)
        from mlflow.tracking import MlflowClient

        for name in _QUIET:
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self.root, self.address = root, database(root)
        try:
            with self._alone():
                _try_opening(self.address)
                self.client = MlflowClient(tracking_uri=self.address)
                self.client.search_experiments(max_results=1)
        except Exception as error:  # SQLAlchemy's, MLflow's, the operating system's, ...
            raise TrackingError(f"{self.address} cannot be used: {reason(error)}") from error

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One process at a time: concurrent first users of a fresh SQLite database crash in its migrations."""
        with _held(self.root / "mlflow.db.lock", self.root / "mlflow.db"):
            yield

    def experiment(self, study: str) -> str:
        """The id of the study's experiment, made where there is none, restored where it was deleted."""
        name = f"{EXPERIMENT}/{study}"
        with self._alone():
            found = self.client.get_experiment_by_name(name)
            if found is None:
                local = self.address.startswith("sqlite")  # a server decides itself where artifacts lie
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


@contextmanager
def _held(path: Path, database: Path) -> Iterator[None]:
    """Holds a lock file; the process that has it stands in it.

    Waits while something happens to the database, which takes seconds to make, and `LOCKED` seconds longer; but not
    for more than `LONGEST`.

    Raises:
        TrackingError: another process holds it.
    """
    with path.open("a+") as stream:
        seen, since, begun = None, time.monotonic(), time.monotonic()
        while not _try_lock(stream):
            now = _written(database)
            if now != seen:
                seen, since = now, time.monotonic()
            if time.monotonic() > min(since + LOCKED, begun + LONGEST):
                stream.seek(0)
                holder = stream.read(20).strip()
                who = f"process {holder}" if holder.isascii() and holder.isdigit() else "another process"
                raise TrackingError(f"{path} is held by {who}, for more than {LOCKED:.0f} seconds; end it")
            time.sleep(0.05)
        stream.seek(0)
        stream.truncate()
        stream.write(str(os.getpid()))
        stream.flush()
        yield


def _written(database: Path) -> list[int]:
    """When the database and its journal were written last."""
    times = []
    for name in (database.name, f"{database.name}-journal"):
        with suppress(OSError):
            times.append(database.with_name(name).stat().st_mtime_ns)
    return times


def _try_lock(stream: IO[str]) -> bool:
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _try_opening(address: str) -> None:
    """Fails soon on a file that is no database or is locked: MLflow would try again for minutes."""
    if address.startswith("sqlite"):
        from sqlalchemy.engine import make_url

        with closing(sqlite3.connect(make_url(address).database, timeout=LOCKED)) as connection:
            connection.execute("PRAGMA schema_version")


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
) -> None:
    """Keeps or makes the runs of one variant: its own first, then its seeds', which are nested in it."""
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

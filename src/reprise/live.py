"""Live logging that cannot hold training up: MLflow is called on another thread, and waited for so long and no longer.

SQLite waits 20 seconds for a lock, MLflow tries again for minutes, and a server may never answer. Whatever happens
there, training loses at most `OPENING` seconds before it starts, `HELD_UP` seconds while it runs (beyond the `USUAL`
half second that a call may take) and `CLOSING` seconds after it; what is lost is said once, and made good by the next
``reprise track sync``.
"""

from __future__ import annotations

import queue
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from reprise.entries import Run
from reprise.files import shown
from reprise.locked import SYNC, TrackingError
from reprise.projection import Projection
from reprise.tracker import Tracker, bring, database, reason
from reprise.workspace import Workspace

Listener = Callable[[int, dict[str, float]], None]
OPENING, HELD_UP, CLOSING = 60.0, 5.0, 15.0  # seconds; a fresh database takes a busy machine ten to make
USUAL = 0.5  # seconds a call


class Caller:
    """Calls functions one after another on a thread that nobody waits for at the end."""

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        threading.Thread(target=self._work, name="mlflow", daemon=True).start()

    def call(self, seconds: float, function: Callable[..., Any], *arguments: Any) -> Any:
        """What the function returns or raises.

        Raises:
            TimeoutError: it has not ended after so many seconds; it goes on, and what it does then is not heard of.
        """
        done, result, failed = threading.Event(), [], []

        def work() -> None:
            try:
                result.append(function(*arguments))
            except BaseException as error:
                failed.append(error)
            done.set()

        self._calls.put(work)
        if not done.wait(max(seconds, 0)):
            raise TimeoutError
        if failed:
            raise failed[0]
        return result[0]

    def end(self) -> None:
        """No more calls."""
        self._calls.put(None)

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            call()


class Live:
    """The runs of one variant while it trains.

    Raises:
        TrackingError: the database cannot be used.
    """

    def __init__(self, workspace: Workspace, variant: str, settings: Any) -> None:
        import mlflow.tracking  # noqa: F401 - seconds, which are not the database's fault

        self.projection, self.variant = Projection(workspace), variant
        self.params = settings.model_dump(mode="json")
        self.address = database(workspace.root)
        self.started: dict[str, tuple[str, list[int]]] = {}  # key -> id, epochs logged here
        self.parent: str | None = None
        self.caller, self.left, self.told = Caller(), HELD_UP, False
        try:
            self.tracker: Tracker = self._call(OPENING, Tracker, workspace.root)
            self.experiment: str = self._spare(self.tracker.experiment, workspace.study)
            self.parent, _ = self._spare(self._start, self.projection.run(variant, self.params))
        except BaseException:
            self.caller.end()
            raise

    def _call(self, seconds: float, function: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return self.caller.call(seconds, function, *arguments)
        except TimeoutError:
            self.left = 0
            raise TrackingError(f"{self.address} does not answer; {SYNC} logs what is missing there") from None

    def _spare(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Calls what should be quick; what it takes beyond the usual comes off what is left for this training."""
        begun = time.monotonic()
        try:
            return self._call(self.left + USUAL, function, *arguments)
        finally:
            self.left = max(0, self.left - max(0, time.monotonic() - begun - USUAL))

    def _start(self, run: Run) -> tuple[str, list[int]]:
        if run.key not in self.started:
            for old in self.tracker.runs(self.experiment, run.key):
                self.tracker.delete(old)
            self.started[run.key] = self.tracker.start(self.experiment, run, self.parent), []
        return self.started[run.key]

    def _log(self, run: Run, row: dict[str, Any]) -> None:
        run_id, epochs = self._start(run)
        self.tracker.log(run_id, [row])
        epochs.append(row["epoch"])

    def listener(self, seed: int) -> Listener:
        """What training calls after every epoch of one seed. After one failure it stays quiet."""
        broken = False

        def log(epoch: int, metrics: dict[str, float]) -> None:
            nonlocal broken
            if broken or not self.left:
                return
            try:
                self._spare(self._log, self.projection.run(self.variant, self.params, seed), {"epoch": epoch} | metrics)
            except Exception as error:
                broken = True
                self.tell(error)

        return log

    def close(self, status: str) -> None:
        """Ends all runs; after success only those whose every epoch was seen here count, the others are made again."""
        if self.left:
            try:
                self._call(CLOSING, self._close, status)
            except Exception as error:
                self.tell(error)
        self.caller.end()

    def _close(self, status: str) -> None:
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
        bring(self.tracker, self.experiment, runs)

    def tell(self, error: Exception) -> None:
        """Says once that something is wrong."""
        if not self.told:
            warn(error)
        self.told = True


def warn(error: Exception) -> None:
    """One line on standard error, which says what mends it."""
    said = shown(reason(error))
    said += "" if SYNC in said else f"; {SYNC} logs what is missing there"
    print(f"MLflow: {said}; training goes on without it", file=sys.stderr)

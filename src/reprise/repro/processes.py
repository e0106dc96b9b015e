"""One stage's processes: started in a session of their own, listened to, and ended to the last one."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import psutil

from reprise.progress import VARIABLE
from reprise.repro.display import duration
from reprise.repro.locks import WORKER

KEPT_LINES = 200
SHOWN_LINES = 15  # of what failed
LONGEST_LINE = 2000  # bytes; what follows is only in the log
LONGEST_REPORT = 1 << 20  # bytes of progress looked at in one go


class StageProcess:
    """A worker with all that it starts.

    Its output is read here, so that its last lines are known even where a full disk takes no log.

    Args:
        arguments: of `reprise.repro.worker`.
        scratch: folder for the file to report progress in.
        log: where all output goes; None keeps the last lines only.
        more: environment variables beside this process's own.
        folder: where it runs; this process's by default.
    """

    def __init__(
        self,
        arguments: list[str],
        scratch: Path,
        log: Path | None = None,
        more: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> None:
        self.started = time.monotonic()
        self.reports = Reports(scratch)
        self.log = log
        self.silent = False  # whether nothing more can come
        self._log: BinaryIO | None = None
        self._lines: deque[bytes] = deque(maxlen=KEPT_LINES)
        self._open = b""
        if log is not None:
            with suppress(OSError):
                log.parent.mkdir(parents=True, exist_ok=True)
                self._log = log.open("wb", buffering=0)
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", WORKER, *arguments],
            env=environment() | {VARIABLE: str(self.reports.path)} | dict(more or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=folder,
        )
        os.set_blocking(self.fileno(), False)

    def fileno(self) -> int:
        """What to wait for in ``select``."""
        assert self._process.stdout is not None
        return self._process.stdout.fileno()

    @property
    def pid(self) -> int:
        """Of the worker, and of its session."""
        return self._process.pid

    @property
    def seconds(self) -> float:
        """Since it was started."""
        return time.monotonic() - self.started

    def read(self) -> None:
        """Takes what was printed since."""
        while not self.silent:
            try:
                found = os.read(self.fileno(), 1 << 16)
            except BlockingIOError:
                return
            self.silent = not found
            if self._log is not None:
                try:
                    self._log.write(found)
                except OSError:  # a full disk: the last lines are still known
                    self._log = None
            *lines, self._open = (self._open + found).split(b"\n")
            self._lines.extend(line[-LONGEST_LINE:] for line in lines)
            self._open = self._open[-LONGEST_LINE:]

    def poll(self) -> int | None:
        """The worker's exit code, or None while it runs."""
        return self._process.poll()

    def last_lines(self, count: int) -> list[str]:
        """The last lines printed that are not empty; of a line that was written over, what stood there last."""
        lines = [line.decode("utf-8", "replace").rstrip().rpartition("\r")[2] for line in (*self._lines, self._open)]
        return [line for line in lines if line.strip()][-count:]

    @property
    def logged(self) -> bool:
        """Whether the log holds all that was printed."""
        return self._log is not None

    def close(self) -> None:
        """To be called when it has ended."""
        self.read()
        if self._log is not None:
            self._log.close()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self.reports.remove()


class Reports:
    """What a stage says about itself, read from the file that `reprise.progress` appends to."""

    def __init__(self, folder: Path) -> None:
        handle, name = tempfile.mkstemp(dir=folder, prefix="progress-")
        os.close(handle)
        self.path = Path(name)
        self._offset = 0

    def new(self) -> list[dict[str, Any]]:
        """The reports since the last call; lines that are none are passed over."""
        try:
            size = self.path.stat().st_size
            with self.path.open("rb") as stream:
                stream.seek(max(self._offset, size - LONGEST_REPORT))
                text = stream.read(LONGEST_REPORT)
                end = text.rfind(b"\n") + 1
                self._offset = stream.tell() - len(text) + end
        except OSError:
            return []
        found = []
        for line in text[:end].splitlines():
            with suppress(ValueError, RecursionError):
                if isinstance(report := json.loads(line), dict):
                    found.append(report)
        return found

    def remove(self) -> None:
        """Removes the file."""
        with suppress(OSError):
            self.path.unlink()


def environment() -> dict[str, str]:
    """This process's, with this interpreter's programs first, so that an environment need not be activated."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    return os.environ | {"PATH": path}


def signal_all(processes: Iterable[StageProcess], number: int, scratch: Path | None = None) -> bool:
    """Sends a signal to the processes' sessions and to whatever else they started.

    Args:
        scratch: also to every process that reports to a file below it: those that left their session and lost their
            parent.

    Returns:
        Whether there was anybody.
    """
    found: dict[int, psutil.Process] = {}
    groups = [process.pid for process in processes if process.poll() is None]
    for pid in groups:
        with suppress(psutil.Error):
            worker = psutil.Process(pid)
            found |= {each.pid: each for each in [worker, *worker.children(recursive=True)]}
    if scratch is not None:
        found |= {each.pid: each for each in _reporting_below(scratch)}
    for pid in groups:
        with suppress(OSError):
            os.killpg(pid, number)
    for each in found.values():
        with suppress(psutil.Error):
            if each.pid not in groups and each.status() != psutil.STATUS_ZOMBIE:
                each.send_signal(number)
    return bool(found)


def _reporting_below(scratch: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.environ().get(VARIABLE, "").startswith(f"{scratch}/") and process.pid != os.getpid():
                found.append(process)
    return found


def why(label: str, process: StageProcess) -> str:
    """That a stage failed, with its last lines and where all of them are."""
    lines = process.last_lines(SHOWN_LINES) or ["nothing"]
    where = f"; all of it: {os.path.relpath(process.log)}" if process.log is not None and process.logged else ""
    said = "\n".join(f"  | {line}" for line in lines)
    return f"FAILED: {label} after {duration(process.seconds)}; it said last{where}\n{said}"


def log_name(label: str) -> str:
    """A file's name for a stage's output: ``rotation.train@baseline.log``."""
    return re.sub(r"[^\w@+-]+", ".", label)[:100].strip(".") + ".log"


def pause(processes: Iterable[StageProcess]) -> None:
    """Ctrl-Z: stops the stages, then this process; goes on when it does."""
    processes = list(processes)
    signal_all(processes, signal.SIGSTOP)
    os.kill(os.getpid(), signal.SIGSTOP)
    signal_all(processes, signal.SIGCONT)

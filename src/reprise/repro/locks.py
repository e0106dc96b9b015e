"""Who holds DVC's locks, and what is left of holders that are gone.

DVC keeps two in .dvc/tmp: ``lock``, which the kernel frees when its holder ends, and ``rwlock``, a JSON file of which
process reads and writes what. That one outlives a killed holder whose number another process has got since (or a zombie
keeps), and a full disk cuts it short, after which every DVC command fails.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import psutil

WORKER = "reprise.repro.worker"
BROKEN = 75  # its exit code where DVC's rwlock cannot be read: to be mended when nobody runs
ELSEWHERE = 76  # its exit code where a stage has to run, and not here
ALONE = "reprise-nodes.lock"  # in .dvc/tmp


@dataclass(frozen=True)
class Holder:
    """A process that holds a lock, with its command as far as it is known."""

    pid: int
    command: str

    def __str__(self) -> str:
        return f"process {self.pid}" + (f" ({self.command})" if self.command else "")


class BusyError(Exception):
    """Nothing can be done before a living process ends; the message says which."""


def alone(folder: Path, command: str) -> IO[str]:
    """Keeps a checkout to this process, as long as what is returned is open: each run on nodes sends them its files.

    Args:
        folder: .dvc/tmp.
        command: of this process, for others to name.

    Raises:
        BusyError: another process has it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stream = (folder / ALONE).open("a+", encoding="utf-8")
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        with stream:
            stream.seek(0)
            raise BusyError(f"{stream.read()} runs this checkout's stages on nodes: waiting for its end") from None
    except OSError:  # a disk without locks
        pass
    stream.truncate(0)
    stream.write(str(Holder(os.getpid(), command)))
    stream.flush()
    return stream


def mend(folder: Path, root: Path, ignored: Collection[int] = ()) -> list[str]:
    """Takes out of the rwlock what belongs to no living process; a broken one without a living owner is removed.

    Args:
        folder: .dvc/tmp.
        root: the repository's folder.
        ignored: processes that hold nothing, as this one.

    Returns:
        A line for each thing done.

    Raises:
        BusyError: it is broken and a process that may have an entry is alive; or another process keeps it to itself.
        OSError: the file cannot be changed.
    """
    path = folder / "rwlock"
    if _entries(path) == {}:
        return []  # seen without the guard: nobody had an entry at that moment
    with guard(folder):
        entries = _entries(path)
        shown = path.relative_to(root) if path.is_relative_to(root) else path
        if entries is None:
            text = path.read_bytes()
            named = {int(pid) for pid in re.findall(rb'"pid":\s*(\d{1,9})', text)}
            owners = _dvc_processes(root, named, {os.getpid(), *ignored})
            if owners:
                raise BusyError(
                    f"{shown} is broken and may belong to {', '.join(map(str, owners))}: waiting for its end"
                )
            path.unlink()
            state = "empty" if not text.strip() else "broken"
            return [f"{shown} was {state} (a full disk leaves it so) and belonged to no living process: removed"]
        written = path.stat().st_mtime
        dead = {
            holder
            for holder in _holders(entries)
            if holder.pid in {os.getpid(), *ignored} or not alive(holder, root, written)
        }
        if dead:
            _write(path, _without(entries, dead))
        return [f"{shown}: {holder} is gone; its lock is removed" for holder in sorted(dead, key=lambda each: each.pid)]


def broken(folder: Path) -> bool:
    """Whether DVC cannot read its rwlock.

    Raises:
        BusyError: another process keeps it to itself.
    """
    if _entries(folder / "rwlock") is not None:
        return False
    with guard(folder):  # it may have been in the middle of being written
        return _entries(folder / "rwlock") is None


def last_holder(path: Path) -> Holder | None:
    """Who wrote its number into DVC's ``lock`` or ``rwlock.lock`` last, where that process is alive."""
    try:
        pid = int(path.read_text(encoding="utf-8", errors="replace").split()[0])
        return Holder(pid, _command(psutil.Process(pid)))
    except (OSError, ValueError, IndexError, psutil.Error):
        return None


def alive(holder: Holder, root: Path, written: float) -> bool:
    """Whether a holder that rwlock names still is that process.

    Not so where there is none of that number or a zombie; nor where a process with another command began after the file
    was written last, lives elsewhere, or is no Python. In doubt it is.

    Args:
        written: when the file was written last (s since the epoch).
    """
    try:
        process = psutil.Process(holder.pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        command = _command(process)
        arguments = holder.command.partition(" ")[2]
        if arguments and arguments in command:
            return True
        if process.create_time() > written + 1 or ("python" not in command and "dvc" not in command):
            return False
        return Path(process.cwd()).is_relative_to(root)
    except (psutil.NoSuchProcess, ValueError, OverflowError):
        return False
    except psutil.AccessDenied:
        return True


@contextmanager
def guard(folder: Path) -> Iterator[None]:
    """DVC's own lock around each reading and writing of rwlock.

    Raises:
        BusyError: another process keeps it for more than three seconds.
    """
    from dvc.config import Config
    from dvc.lock import LockError, make_lock

    path = folder / "rwlock.lock"
    hardlink = Config(str(folder.parent))["core"].get("hardlink_lock", False)
    lock = make_lock(str(path), tmp_dir=str(folder), hardlink_lock=hardlink)
    try:
        lock.lock()
    except LockError as error:
        raise BusyError(f"{path} is held by {last_holder(path) or 'another process'}: waiting for it") from error
    try:
        yield
    finally:
        lock.unlock()


def _entries(path: Path) -> dict[str, Any] | None:
    """What rwlock says, ``{}`` where nobody holds anything, None where DVC could not read it."""
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        if not all(isinstance(holder.pid, int) and isinstance(holder.command, str) for holder in _holders(entries)):
            return None
    except FileNotFoundError:
        return {}
    except (ValueError, AttributeError, TypeError, KeyError, RecursionError):
        return None
    return {mode: paths for mode, paths in entries.items() if paths} if set(entries) <= {"read", "write"} else None


def _holders(entries: dict[str, Any]) -> set[Holder]:
    names = {"pid": "pid", "cmd": "command"}
    infos = [*entries.get("write", {}).values()]
    for readers in entries.get("read", {}).values():
        infos += readers
    return {Holder(**{names[key]: value for key, value in info.items()}) for info in infos}


def _without(entries: dict[str, Any], dead: set[Holder]) -> dict[str, Any]:
    def is_dead(info: dict[str, Any]) -> bool:
        return Holder(info["pid"], info["cmd"]) in dead

    reads = {path: [info for info in infos if not is_dead(info)] for path, infos in entries.get("read", {}).items()}
    writes = {path: info for path, info in entries.get("write", {}).items() if not is_dead(info)}
    return {"write": writes, "read": {path: infos for path, infos in reads.items() if infos}}


def _write(path: Path, entries: dict[str, Any]) -> None:
    if not any(entries.values()):
        path.unlink()  # DVC makes it again, and a full disk allows it
        return
    from reprise.files import replacing

    with replacing(path) as temporary:
        temporary.write_text(json.dumps(entries), encoding="utf-8")


def _dvc_processes(root: Path, named: set[int], ignored: set[int]) -> list[Holder]:
    """Living processes that a broken rwlock names, and those that run DVC in this repository."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid in ignored or process.status() == psutil.STATUS_ZOMBIE:
                continue
            words = process.cmdline()
            runs_dvc = any(word == WORKER or Path(word).name == "dvc" for word in words[:4])
            if (runs_dvc or process.pid in named) and Path(process.cwd()).is_relative_to(root):
                found.append(Holder(process.pid, " ".join(words)))
        except psutil.Error:
            continue
    return found


def _command(process: psutil.Process) -> str:
    return " ".join(process.cmdline())

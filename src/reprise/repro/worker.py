"""DVC in a process of its own: ``plan OUT`` says what the pipeline is, ``repro STAGE`` brings one stage up to date.

Where stages run on several machines: ``check STAGE`` brings it up to date where nothing has to run for that, ``compute
STAGE`` runs it on a node, ``adopt STAGE`` takes over what a node made (see `sharing`).

It waits for DVC's locks (``dvc --wait-for-lock`` waits for one of the two), telling through REPRISE_PROGRESS for whom.
A signal does nothing to it: its stage's command ends, and DVC after it, letting go of its locks on the way.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import re
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from dvc.exceptions import DvcException
from dvc.lock import LockError, make_lock
from dvc.repo import Repo, lock_repo
from dvc.repo.reproduce import get_active_graph

from reprise.progress import report_state
from reprise.repro.filesystem import WholeFiles
from reprise.repro.locks import BROKEN, ELSEWHERE, WORKER, BusyError, Holder, alive, broken, last_holder, mend

PATIENCE = 10.0  # s between two tries for a lock, where nothing is seen to change
T = TypeVar("T")

ending: list[int] = []  # signals that came


class PatientLock:
    """DVC's lock of the repository, waited for as long as it takes."""

    def __init__(self, repo: Repo) -> None:
        self.path = Path(repo.tmp_dir) / "lock"
        hardlink = repo.config["core"].get("hardlink_lock", False)
        self.inner = make_lock(str(self.path), tmp_dir=repo.tmp_dir, hardlink_lock=hardlink)

    def lock(self) -> None:
        """Tries for three seconds at a time, then says who has it."""
        while True:
            try:
                self.inner.lock()
            except LockError:
                report_state(wait=str(last_holder(self.path) or "another DVC command"))
                _leave_if_ended()
            else:
                return

    def unlock(self) -> None:
        """Lets go of it."""
        self.inner.unlock()

    @property
    def is_locked(self) -> bool:
        """Whether this process has it."""
        return self.inner.is_locked

    def __enter__(self) -> None:
        self.lock()

    def __exit__(self, *exception: object) -> None:
        self.unlock()


class StateReporter(logging.Handler):
    """Tells from what DVC says when a stage's command starts, or is not needed."""

    def emit(self, record: logging.LogRecord) -> None:
        if str(record.msg).startswith("Running stage"):
            report_state(state="running")
        elif "is cached - skipping run" in str(record.msg):
            report_state(state="cached")


def plan(out: Path) -> None:
    """Writes every stage as JSON, with whether it or what it reads from has changed."""
    with _repository() as repo, lock_repo(repo):
        graph = get_active_graph(repo.index.graph)
        addresses = {stage: stage.addressing for stage in repo.index.stages if stage in graph}
        changed: dict[Any, bool] = {}
        for stage in _sources_first(graph, addresses):
            if ending:
                raise SystemExit(1)
            before = any(changed[source] for source in graph.successors(stage))
            changed[stage] = before or _changed(stage)
        made = {output.fs_path for stage in addresses for output in stage.outs}
        above = {str(folder) for path in made for folder in Path(path).parents}
        rows = [
            {
                "address": address,
                "file": Path(stage.relpath).as_posix(),
                "name": getattr(stage, "name", None) or "",
                "command": "\n".join(stage.cmd) if isinstance(stage.cmd, list) else stage.cmd or "",
                "sources": sorted(addresses[source] for source in graph.successors(stage)),
                "outs": [os.path.relpath(output.fs_path, repo.root_dir) for output in stage.outs],
                "meta": stage.meta,
                "changed": changed[stage],
                "foreign": sorted(
                    os.path.relpath(path, repo.root_dir)
                    for path in {str(dep.fs_path) for dep in stage.deps}
                    if path not in above and made.isdisjoint([path, *map(str, Path(path).parents)])
                ),
                "cached": all(output.protocol == "local" and output.use_cache for output in stage.outs),
            }
            for stage, address in addresses.items()
        ]
    out.write_text(json.dumps(rows, default=str), encoding="utf-8")


def bring_up_to_date(address: str) -> None:
    """Runs a stage if it has changed, as ``dvc repro --single-item`` does.

    Raises:
        DvcException: it failed.
    """
    if not patiently(lambda repo: repo.reproduce(address, single_item=True)):
        report_state(state="unchanged")


def patiently(work: Callable[[Repo], T]) -> T:
    """Does something with the repository, again where a lock of DVC's stood in the way and has been waited for."""
    while True:
        with _repository() as repo:
            folder, root = Path(repo.tmp_dir), Path(repo.root_dir)
            try:
                return work(repo)
            except DvcException as error:
                lock_error = next((cause for cause in causes(error) if isinstance(cause, LockError)), None)
                if lock_error is None or _rwlock_broken():
                    raise
        _wait_for_holders(str(lock_error), folder, root)


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error, what caused it, and so on."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _repository() -> Repo:
    repo = Repo()
    jobs = repo.fs.hash_jobs
    repo.fs = WholeFiles(repo.tmp_dir)
    repo.fs.hash_jobs = jobs
    repo.lock = PatientLock(repo)
    return repo


def _wait_for_holders(message: str, folder: Path, root: Path) -> None:
    """Until it is worth another try; what dead processes hold is taken from them."""
    try:
        mended = mend(folder, root, ignored=[os.getppid()])
    except BusyError as busy:
        report_state(wait=str(busy))
        mended = []
    if mended:
        report_state(mended=mended)
        return
    found = re.findall(r"\(PID (\d+)\): (.*)", message)  # as dvc.rwlock names them
    holders = [Holder(int(pid), command) for pid, command in found]
    holders = holders or list(filter(None, [last_holder(folder / "rwlock.lock")]))
    report_state(wait=", ".join(map(str, dict.fromkeys(holders))) or "another DVC command")
    rwlock, start = folder / "rwlock", time.monotonic()
    before = _stamp(rwlock)
    while time.monotonic() < start + PATIENCE and _stamp(rwlock) == before:
        _leave_if_ended()
        time.sleep(0.5)
        if not all(alive(holder, root, before / 1e9) for holder in holders):
            return


def _stamp(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _leave_if_ended() -> None:
    if ending or os.getppid() != parent:
        raise SystemExit(1)


def _changed(stage: Any) -> bool:
    try:
        return stage.changed()
    except LockError:
        return True  # somebody works on it


def _sources_first(graph: Any, stages: dict[Any, str]) -> Iterator[Any]:
    from graphlib import TopologicalSorter

    return TopologicalSorter({stage: list(graph.successors(stage)) for stage in stages}).static_order()


def main(arguments: list[str]) -> int:
    """Runs one of the two; what goes wrong is told as DVC tells it, the reason last."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: ending.append(number))  # not inherited, as ignoring them would be
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])  # which nodes of the driver's machine block
    kind, argument, *more = arguments
    sys.argv = ["reprise", "repro"] if kind == "plan" else ["reprise", "repro", argument]  # what DVC's locks name
    logging.getLogger("dvc").addHandler(StateReporter())
    try:
        if kind == "plan":
            plan(Path(argument))
        elif kind == "repro":
            bring_up_to_date(argument)
        else:
            importlib.import_module("reprise.repro.sharing").COMMANDS[kind](argument, *more)
    except Exception as error:
        if getattr(error, "code", None) == ELSEWHERE:
            return ELSEWHERE
        if not isinstance(error, DvcException | OSError):
            traceback.print_exc()
        print(f"ERROR: {_reason(error)}", file=sys.stderr)
        return BROKEN if _rwlock_broken() else 1
    return 0


def _reason(error: Exception) -> str:
    said = ": ".join(dict.fromkeys(filter(None, (" ".join(str(cause).split()) for cause in causes(error)))))
    killed = " (killed from outside; perhaps memory ran out)" if said.endswith("exited with -9") else ""
    return (said or type(error).__name__) + killed


def _rwlock_broken() -> bool:
    try:
        return broken(Path(Repo.find_dvc_dir()) / "tmp")
    except (BusyError, DvcException, OSError):
        return False


parent = os.getppid()

if __name__ == "__main__":
    # the module of that name, which `sharing` imports too: one list of signals
    raise SystemExit(importlib.import_module(WORKER).main(sys.argv[1:]))

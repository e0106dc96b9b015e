"""The whole of one ``reprise repro``: its beginning, and its end where one is asked for."""

from __future__ import annotations

import signal
import time
from contextlib import suppress

from reprise.repro import graph, locks
from reprise.repro.display import Plain, Watched, view
from reprise.repro.plan import find_root
from reprise.repro.processes import signal_all
from reprise.repro.scheduler import Run
from reprise.repro.scratch import scratch
from reprise.repro.signals import NAMES, EndedError, Signals

GRACE = 2.5  # s that everything has to end by itself
AGAIN = 0.2  # s after which it is asked again
POLL = 0.1  # s


def repro(targets: list[str], jobs: int, shown: Plain | Watched | None = None, scheduler: str = "") -> int:
    """Brings ``targets`` (default: ./dvc.yaml, as for DVC) and what they read from up to date, ``jobs`` at a time.

    What has the longest way to the end goes first; one slot begins with what gives verdicts within seconds. Each of the
    ``jobs`` slots sees one GPU where there are several, in turn.

    Args:
        targets: whatever `graph.matching` takes.
        jobs: stages at a time, 1 or more.
        shown: where to show it; standard error by default.
        scheduler: where else than here stages run (see `own.FORMS`).

    Returns:
        0; 1 where a stage failed (stages that do not depend on it still run); 128 and the signal's number where one
        ended it: everything has ended then within five seconds, but for a frozen node, and no lock is left.

    Raises:
        ValueError: there is no such stage, this is no DVC repository, or a dvc.yaml is not valid.
    """
    root = find_root()
    with Signals() as signals, scratch() as folder:
        if scheduler:
            from reprise.repro.shared import SharedRun

            run: Run = SharedRun(root, folder, jobs, signals, shown or view(), scheduler)
        else:
            run = Run(root, folder, jobs, signals, shown or view())
        try:
            if run.prepare(targets or [graph.PROJECT_FILE]):
                run.all_stages()
            run.arrange()
            return run.summary()
        except EndedError:
            return _end(run, targets)
        finally:
            run.close()


def _end(run: Run, targets: list[str]) -> int:
    """Ends everything, at once where a second signal comes, and says how to go on.

    Commands are asked to end first, and DVC, which then lets go of its locks; what is left after a while is killed.

    Args:
        run: with the signal that asked for it.
        targets: what it was called with.

    Returns:
        The exit code: 128 and the signal's number.
    """
    run.view.close()
    labels = ", ".join(slot.stage.label for slot in run.slots if slot.stage is not None)
    if labels:
        run.view.say(f"ending {labels} (once more: at once)", "waits")
    signal_all(run.processes, signal.SIGTERM)
    run.end_elsewhere()
    until, asked = time.monotonic() + GRACE, 0.0
    while run.processes and time.monotonic() < until and len(run.signals.received) == 1:
        if time.monotonic() - asked > AGAIN:  # DVC may have been about to start a command
            asked = time.monotonic()
            signal_all(run.processes, signal.SIGTERM)
        run.take(POLL)
        _let_go(run)
    until = time.monotonic() + 1
    while signal_all(run.processes, signal.SIGKILL, run.scratch) and time.monotonic() < until:
        run.take(POLL)
        _let_go(run)
    with suppress(locks.BusyError, OSError):  # the next run looks again
        locks.mend(run.locks, run.root)
    number = run.signals.received[0]
    stay = f"{run.done} of {run.total} stages are done and stay so; " if run.total else ""
    again = " ".join(["reprise repro", *run.options, *targets])
    how = f"`make` or `{again}` goes on, training from its last epoch"
    run.view.say(f"ended by {NAMES[signal.Signals(number)]}: {stay}{how}", "waits")
    return 128 + number


def _let_go(run: Run) -> None:
    """Of what has ended: a stage that got ready in time is done, others wait for the next run."""
    for slot in run.slots:
        if slot.stage is not None and slot.process is not None and slot.process.poll() is not None:
            slot.process.close()
            if slot.process.poll() != 0:
                run.waiting.append(slot.stage.address)
            slot.clear()
    if run.planner is not None and run.planner.poll() is not None:
        run.planner.close()
        run.planner = None

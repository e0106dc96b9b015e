"""Decides what starts when, and watches it."""

from __future__ import annotations

import re
import select
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from reprise.repro import graph, locks
from reprise.repro.arranging import unordered
from reprise.repro.display import Overview, Plain, Watched, counted, duration, verdicts
from reprise.repro.graph import Stage
from reprise.repro.plan import Plan, read_stages
from reprise.repro.processes import StageProcess, log_name, pause, signal_all, why
from reprise.repro.signals import EndedError, Signals
from reprise.repro.slots import Slot, gpus
from reprise.repro.warming import Warm

LOGS = Path("data/logs")  # git-ignored
POLL = 0.1  # s
TRIES = 3  # of what finds it so again and again: the disk is still full, say


class Run:
    """One call of ``reprise repro``."""

    def __init__(self, root: Path, scratch: Path, jobs: int, signals: Signals, shown: Plain | Watched) -> None:
        self.root, self.scratch, self.signals, self.view = root, scratch, signals, shown
        self.locks = root / ".dvc" / "tmp"
        devices = gpus()
        self.slots = [Slot(number, devices) for number in range(jobs)]
        self.options = ["-j", str(jobs)] if jobs > 1 else []  # what this was called with
        self.planner: StageProcess | None = None
        self.warm = Warm((), scratch)
        self.plan = Plan([], [], root)
        self.started = time.monotonic()
        self.waiting: list[str] = []  # in the files' order
        self.blocked: set[str] = set()  # by what failed
        self.failed: list[str] = []
        self.ran = 0
        self.tries: Counter[str] = Counter()
        self.verdicts: dict[str, str] = {}  # of each claim, which several studies may answer
        self.told: set[str] = set()  # what is said once
        self.broken = False  # DVC's rwlock: nothing starts until it is mended
        self._left = (-1.0, 0.0)  # (when, seconds)

    @property
    def processes(self) -> list[StageProcess]:
        """All that run."""
        return [process for process in (self.planner, *(slot.process for slot in self.slots)) if process is not None]

    @property
    def places(self) -> int:
        """How many stages run at a time."""
        return len(self.slots)

    @property
    def total(self) -> int:
        """Stages that have to be looked at."""
        return len(self.plan.graph)

    @property
    def done(self) -> int:
        """Those of them that ended well."""
        running = sum(slot.process is not None for slot in self.slots)
        return self.total - len(self.waiting) - len(self.failed) - running

    def prepare(self, targets: list[str]) -> bool:
        """Finds out what there is to do, and says it; False where that is nothing."""
        self.mend()
        out = self.scratch / "plan.json"
        for _ in range(TRIES):
            process = self.serve("plan", str(out))
            if process.poll() != locks.BROKEN:
                break
            self.mend()
        if process.poll() != 0:
            reason = " ".join(process.last_lines(1)).removeprefix("ERROR: ") or "DVC ended without a word"
            lock = re.search(r"'([^']*\bdvc\.lock)'", reason)
            advice = f"; `git checkout -- {lock[1]}` puts back the one in git" if lock else ""
            raise ValueError(f"the pipeline cannot be read: {reason}{advice}")
        self.plan = Plan(read_stages(out), targets, self.root)
        self.waiting = list(self.plan.graph)
        for stage in self.plan.wanted.values():
            if not stage.changed:
                self._count_verdicts(stage)
        wanted = len(self.plan.wanted)
        if not self.total:
            which = f"all {wanted} stages are" if wanted > 1 else "the stage is"
            self.view.say(f"{which} up to date{self._verdict_words()}")
            return False
        same = f", {wanted - self.total} up to date" if wanted > self.total else ""
        noun = "stages" if self.total > 1 else "stage"
        about = f"{self.places} at a time, about {duration(self.seconds_left())}"
        self.view.say(f"{self.total} {noun} to do{same}, {about}")
        self.warm = Warm((stage.command for stage in self.here()), self.scratch)
        return True

    def here(self) -> list[Stage]:
        """What may have to run on this machine."""
        return [self.plan.wanted[address] for address in self.plan.graph]

    def mend(self) -> None:
        """Clears DVC's rwlock of what belongs to no living process; waits where a living one may need it."""
        for line in self.patiently(lambda: locks.mend(self.locks, self.root)):
            self.say_once(line)

    def patiently(self, work: Callable[[], Any]) -> Any:
        """Does something once no living process stands in the way, and says which one does."""
        while True:
            try:
                return work()
            except locks.BusyError as busy:
                self.say_once(str(busy))
                self.step(1.0)

    def say_once(self, text: str) -> None:
        """Says what is waited for, or was mended; the same not again."""
        if text not in self.told:
            self.told.add(text)
            self.view.say(text, "waits")

    def all_stages(self) -> None:
        """Runs them."""
        while True:
            if self.broken and not self.processes:
                self.mend()
                self.broken = False
            self.start()
            if all(slot.process is None for slot in self.slots) and not self.ready():
                return
            self.step()
            for slot in self.slots:
                ended = slot.process is not None and slot.process.poll() is not None
                slot.listen(self._say)  # its last words too
                if ended:
                    self.ended(slot)
            self.view.show(self.overview)

    def ready(self) -> list[str]:
        """What waits and reads from nothing that is still to come."""
        open_ = {each.stage.address for each in self.slots if each.stage} | {*self.waiting, *self.failed}
        return [stage for stage in self.waiting if open_.isdisjoint(self.plan.graph[stage])]

    def arrange(self) -> None:
        """Puts the entries of DVC's locks into the order of their dvc.yaml: it told which stage ended first."""
        if found := unordered(self.plan):
            self.serve("order", found)

    def serve(self, *arguments: str) -> StageProcess:
        """Has a worker do something that belongs to no stage, and waits for it."""
        self.planner = process = StageProcess([*arguments], self.scratch)
        while process.poll() is None:
            self.step()
            for report in process.reports.new():
                if report.get("wait"):
                    self.say_once(f"waits for DVC's lock: {report['wait']} has it")
            self.view.show(self.overview)
        process.close()
        self.planner = None
        return process

    def start(self) -> None:
        """Fills the free slots."""
        for slot in self.slots:
            if slot.process is not None or self.broken:
                continue
            ready = self.ready()
            if not ready:
                return
            chosen = graph.choose(ready, self.plan.paths, self.plan.quick if slot.number == 0 else ())
            self.waiting.remove(chosen)
            slot.stage = self.plan.wanted[chosen]
            log = self.root / LOGS / log_name(slot.stage.label)
            slot.process = StageProcess(["repro", chosen], self.scratch, log, {**slot.more, **self.warm.more})

    def step(self, seconds: float = POLL) -> None:
        """Waits a little, taking what the processes print.

        Raises:
            EndedError: a signal came.
        """
        if self.signals.received:
            raise EndedError
        if self.signals.pause:
            self.signals.pause = False
            self.view.close()
            pause(self.processes)
            self.view.open()
        self.take(seconds)

    def take(self, seconds: float) -> None:
        """Waits until something is printed, so long at most, and takes it."""
        listening = [process for process in self.processes if not process.silent]
        for process in select.select(listening, [], [], seconds)[0]:
            process.read()

    def ended(self, slot: Slot) -> None:
        """Notes what became of a stage, and says it."""
        stage, process, state = slot.stage, slot.process, slot.state
        assert stage is not None
        assert process is not None
        process.close()
        slot.clear()
        self.tries[stage.address] += 1
        if process.poll() == locks.BROKEN and self.tries[stage.address] < TRIES:
            self.broken = True
            open_ = {*self.waiting, stage.address}
            self.waiting = [address for address in self.plan.graph if address in open_]
        elif process.poll() != 0:
            self.failed.append(stage.address)
            self.blocked |= self.plan.readers(stage.address)
            self.view.say(why(stage.label, process), "failed")
        else:
            self.finished(stage, process, state)

    def finished(self, stage: Stage, process: StageProcess, state: str) -> None:
        """Notes that a stage ended well, and says it."""
        found = self._count_verdicts(stage)
        self.ran += state == "running"
        if state == "running":
            self.plan.took(stage.address, process.seconds)
        if state != "unchanged":
            self._tell_done(stage, process, state, found)

    def _tell_done(self, stage: Stage, process: StageProcess, state: str, found: Counter[str]) -> None:
        how = "from DVC's run cache" if state == "cached" else duration(process.seconds)
        what, left = f", {counted(found)}" if found else "", self.seconds_left()
        rest = f", about {duration(left)} left" if left else ""
        self.view.show(self.overview, now=True)
        self.view.say(f"done: {stage.label}, {how}{what} ({self.done} of {self.total}{rest})", "done")

    def _say(self, text: str, style: str) -> None:
        if style != "start" or not self.view.live:  # the table shows it
            self.view.say(text, style)

    def seconds_left(self) -> float:
        """About how long all of it still takes (s)."""
        reachable = [stage for stage in self.waiting if stage not in self.blocked]
        running = {
            slot.stage.address: slot.left(self.plan.expected(slot.stage.address))
            for slot in self.slots
            if slot.stage is not None
        }
        return self.plan.seconds_left(reachable, running, self.places)

    def overview(self) -> Overview:
        """What the live table shows."""
        if time.monotonic() - self._left[0] >= 1:
            self._left = (time.monotonic(), self.seconds_left())
        return Overview(
            done=self.done,
            total=self.total,
            failed=len(self.failed),
            seconds=time.monotonic() - self.started,
            left=self._left[1],
            running=[slot.row(slot.left(self.plan.expected(slot.stage.address))) for slot in self.slots if slot.stage],
            verdicts=Counter(self.verdicts.values()),
        )

    def _count_verdicts(self, stage: Stage) -> Counter[str]:
        for out in stage.outs:
            if f"{out}/".startswith(graph.EVIDENCE):
                found = verdicts(self.root / out / "evidence.json")
                self.verdicts |= found
                return Counter(found.values())
        return Counter()

    def _verdict_words(self) -> str:
        total = Counter(self.verdicts.values())
        return f"; verdicts: {counted(total)}" if total else ""

    def summary(self) -> int:
        """Says how it ended; returns the exit code."""
        self.view.close()
        if self.total:
            labels = ", ".join(self.plan.wanted[stage].label for stage in self.failed)
            failed = f", {len(self.failed)} failed: {labels}" if self.failed else ""
            ran = f" ({self.ran} ran)" if self.ran < self.done else ""
            took = f"{ran}, {duration(time.monotonic() - self.started)}{failed}"
            self.view.say(f"{self.done} of {self.total} stages done{took}{self._verdict_words()}")
        if self.waiting:
            labels = sorted(self.plan.wanted[stage].label for stage in self.waiting)
            self.view.say(f"not run, for they read from what failed: {', '.join(labels)}", "failed")
        return 1 if self.failed else 0

    def end_elsewhere(self) -> None:
        """Ends what does not run here: nothing does."""

    def close(self) -> None:
        """Whatever went wrong: nobody is left behind."""
        signal_all(self.processes, signal.SIGKILL)
        self.warm.close()
        self.view.close()

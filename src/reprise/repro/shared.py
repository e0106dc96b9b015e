"""One call of ``reprise repro --scheduler``: the same run, whose stages go to nodes where they have to run.

A stage is first looked at here (`sharing.check`): nothing may have to run. Else a node computes it, and what it made is
taken over here (`sharing.adopt`). What DVC does not cache, what reads files that git does not know (official data), and
what says so (``meta: {here: true}``) runs here.
"""

from __future__ import annotations

import os
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from reprise.repro import bundle, graph, locks
from reprise.repro.cluster import Cluster, Node
from reprise.repro.costs import kept_timings
from reprise.repro.display import Plain, Watched
from reprise.repro.graph import Stage
from reprise.repro.locks import ELSEWHERE
from reprise.repro.node import Checkout
from reprise.repro.processes import StageProcess, log_name
from reprise.repro.resources import amounts, fits, needs, offered, stays
from reprise.repro.scheduler import LOGS, Run
from reprise.repro.sent import SentStage
from reprise.repro.signals import Signals
from reprise.repro.slots import Slot
from reprise.timings import TIMINGS, last_timings

CHECK, COMPUTE, ADOPT, HERE, LARGE = "check", "compute", "adopt", "here", "large"
ORDER = (ADOPT, HERE, LARGE, CHECK)  # what a slot here takes first
HEAVY = (COMPUTE, LARGE)  # on a node, or here because none is large enough: their memory is counted
MOVE = 5.0  # s that a stage waits for a busy node while another is free
END = 4.5  # s that nodes have to end what they run
PATIENCE = 10.0  # s that nodes have to take the checkout, before it is said who does not


class NodeSlot(Slot):
    """A place on a node."""

    def __init__(self, number: int, node: Node) -> None:
        super().__init__(number, [])
        self.node = node


class SharedRun(Run):
    """`Run`, with slots on nodes beside its own.

    Args:
        jobs: how many stages run here at a time, of those that do not go to nodes.
        where: as ``--scheduler`` has it.
    """

    def __init__(
        self, root: Path, scratch: Path, jobs: int, signals: Signals, shown: Plain | Watched, where: str
    ) -> None:
        super().__init__(root, scratch, jobs, signals, shown)
        self.options = ["--scheduler", where, *self.options]
        self.desk = Slot(len(self.slots), [])  # looks at stages and takes them over
        self.slots.append(self.desk)
        self.where = where
        self.names: list[str] = []
        self.phases: dict[str, str] = {}
        self.sent: dict[str, SentStage] = {}  # what ran on a node and is to be taken over
        self.needs: dict[str, dict[str, float]] = {}
        self.cluster: Cluster | None = None
        self.held = ExitStack()  # until the end

    @property
    def processes(self) -> list[StageProcess]:
        return [process for process in super().processes if isinstance(process, StageProcess)]

    @property
    def places(self) -> int:
        return max(sum(isinstance(slot, NodeSlot) for slot in self.slots), 1)

    def prepare(self, targets: list[str]) -> bool:
        command = " ".join(["reprise repro", *self.options, *targets])
        self.held.enter_context(self.patiently(lambda: locks.alone(self.locks, command)))
        self.names, config = bundle.names_of(self.root), bundle.remote_config(self.root)
        self.cluster = Cluster(self.where, self.scratch, self.locks)
        self.held.callback(self.cluster.close)
        self.view.say(f"dashboard: {self.cluster.dashboard}")
        self.refresh()
        if not super().prepare(targets):
            return False
        stages = super().here()
        timings = kept_timings(self.root) | last_timings(self.root / TIMINGS)
        self.needs = {stage.address: needs(stage, timings) for stage in stages}
        content = bundle.pack(self.root, self.names)
        commands = [stage.command for stage in stages if self.phases[stage.address] == CHECK]
        self._equip(Checkout(bundle.identity(self.root), content, config, commands))
        read = {source for stage in stages for source in stage.sources} - set(self.plan.graph)
        self._send_all(sorted(source for source in read if self.plan.wanted[source].cached))
        return True

    def _equip(self, checkout: Checkout) -> None:
        equipped, start = self.cluster.equip(checkout), time.monotonic()
        while not equipped.done():
            if time.monotonic() > start + PATIENCE:
                self._tell_silent("is waited for")
            self.step()
        equipped.result()

    def _tell_silent(self, what: str) -> None:
        for address in [address for address, count in self.cluster.running().items() if count is None]:
            self.say_once(f"node {address} does not answer and {what}")

    def here(self) -> list[Stage]:
        known = set(self.names)
        stages = super().here()
        self.phases = {stage.address: HERE if self._stays(stage, known) else CHECK for stage in stages}
        return [stage for stage in stages if self.phases[stage.address] == HERE]

    def _stays(self, stage: Stage, names: set[str]) -> bool:
        if stays(stage) or not stage.cached or not stage.command:
            return True
        if any(not self.plan.wanted[source].cached for source in stage.sources):
            return True
        return any(not bundle.known(self.root, path, names) for path in stage.foreign)

    def _send_all(self, addresses: list[str]) -> None:
        """What is up to date and read by what is not has to be in the remote."""
        if not addresses:
            return
        process = self.serve("send", *addresses)
        if process.poll() != 0:
            raise ValueError(" ".join(process.last_lines(1)).removeprefix("ERROR: "))

    def refresh(self) -> None:
        """Slots for the nodes there are: more for those that came, none for those that are gone."""
        nodes = self.cluster.nodes()
        have = [slot for slot in self.slots if isinstance(slot, NodeSlot)]
        for node in nodes:
            for _ in range(node.threads - sum(slot.node.address == node.address for slot in have)):
                self.slots.append(NodeSlot(len(self.slots), node))
        here = {node.address for node in nodes}
        gone = [slot for slot in have if slot.node.address not in here and slot.process is None]
        self.slots = [slot for slot in self.slots if slot not in gone]

    def start(self) -> None:
        self.refresh()
        offers = [slot.node.resources for slot in self.slots if isinstance(slot, NodeSlot)]
        for slot in self.slots:
            if slot.process is not None or self.broken:
                continue
            ready = [stage for stage in self.ready() if self._has_room(stage)]
            if isinstance(slot, NodeSlot):
                ready = [
                    stage
                    for stage in ready
                    if self.phases[stage] == COMPUTE and fits(offered(self.needs[stage], offers), slot.node.resources)
                ]
                if not ready:
                    self._move_to(slot)
                    continue
                chosen = graph.choose(ready, self.plan.paths)
            else:
                takes = ORDER if slot is not self.desk else (ADOPT, CHECK)
                phase = next((phase for phase in takes if any(self.phases[each] == phase for each in ready)), None)
                if phase is None:
                    continue
                chosen = graph.choose([stage for stage in ready if self.phases[stage] == phase], self.plan.paths)
            self.waiting.remove(chosen)
            slot.stage = self.plan.wanted[chosen]
            slot.process = self._begin(slot, slot.stage)
        self._tell_unfit(offers)

    def _begin(self, slot: Slot, stage: Stage) -> Any:
        phase = self.phases[stage.address]
        log = self.root / LOGS / log_name(stage.label)
        if phase in (HERE, LARGE):
            kind = "share" if stage.cached else "repro"
            return StageProcess([kind, stage.address], self.scratch, log, {**slot.more, **self.warm.more})
        if phase == CHECK:
            return StageProcess(["check", stage.address], self.scratch, None)
        if phase == ADOPT:
            entry = self.scratch / log_name(stage.label)
            entry.write_text(self.sent[stage.address].result["entry"], encoding="utf-8")
            return StageProcess(["adopt", stage.address, str(entry)], self.scratch, None)
        files = {self.plan.wanted[each].file for each in (*stage.sources, stage.address)}
        locks = {Path(file).with_name("dvc.lock") for file in files if not file.endswith(".dvc")}
        order = {
            "address": stage.address,
            "sources": list(stage.sources),
            "folder": os.path.relpath(Path.cwd(), self.root),
            "locks": {
                os.path.relpath(lock, self.root): lock.read_text(encoding="utf-8") for lock in locks if lock.exists()
            },
        }
        sent = SentStage(self.cluster, order, self.needs[stage.address], self.plan.paths[stage.address])
        sent.log = log
        sent.send(slot.node)
        return sent

    def _move_to(self, slot: NodeSlot) -> None:
        """A node that came late, or was free first, takes what waits for another, which is busy or gone."""
        for other in self.slots:
            sent = other.process
            if not isinstance(sent, SentStage) or self._lives(sent.peer):
                continue
            waited = time.monotonic() - sent.started > MOVE
            if waited and fits(self._asked(other.stage), slot.node.resources):
                slot.stage, slot.process = other.stage, sent
                other.clear()
                sent.send(slot.node)
                return

    def _asked(self, stage: Stage) -> dict[str, float]:
        offers = [slot.node.resources for slot in self.slots if isinstance(slot, NodeSlot)]
        return offered(self.needs[stage.address], offers)

    def _lives(self, address: str) -> bool:
        return any(node.address == address for node in self.cluster.nodes())

    def _tell_unfit(self, offers: list[dict[str, float]]) -> None:
        """Says once which stages no node is large enough for, and that none is there."""
        if not offers:
            self.say_once("waits for a node: none is there")
        for address in self.ready() if offers else ():
            asked = offered(self.needs[address], offers)
            if self.phases[address] == COMPUTE and not any(fits(asked, each) for each in offers):
                self.say_once(f"{self.plan.wanted[address].label} waits for a node with {amounts(asked)}")

    def ended(self, slot: Slot) -> None:
        assert slot.stage is not None
        address = slot.stage.address
        phase, process = self.phases[address], slot.process
        code = process.poll()
        if phase == CHECK and code == ELSEWHERE:
            self._place(slot)
        elif phase == COMPUTE and code == 0:
            self.sent[address] = process
            self._next(slot, ADOPT)
        else:
            super().ended(slot)

    def _place(self, slot: Slot) -> None:
        """To the nodes with what has to run; where none can come that is large enough, here, or nowhere."""
        stage, offers = slot.stage, self.cluster.offers
        asked = offered(self.needs[stage.address], offers)
        if not offers or any(fits(asked, each) for each in offers):
            self._next(slot, COMPUTE)
            return
        words = f"{stage.label} asks for {amounts(asked)}, and the largest node has {amounts(offers[0])}"
        if fits(asked, self.cluster.here):
            self.view.say(f"{words}: it runs on this machine, outside of the nodes")
            self._next(slot, LARGE)
            return
        slot.process.close()
        slot.clear()
        self.failed.append(stage.address)
        self.blocked |= self.plan.readers(stage.address)
        larger = "run it on a larger machine"
        if self.cluster.here:
            words += f", this machine {amounts(self.cluster.here)}"
        else:
            larger = "ask for larger jobs in Dask's configuration (jobqueue.slurm.memory and job-extra-directives)"
        self.view.say(f"FAILED: {words}: state less under its meta.resources, or {larger}", "failed")

    def _has_room(self, address: str) -> bool:
        """Whether this machine has the memory beside what runs, where all nodes are on it."""
        running = [slot.stage.address for slot in self.slots if slot.stage]
        asked = [self.needs[each].get("memory", 0) for each in (address, *running) if self.phases[each] in HEAVY]
        return not self.cluster.local or self.phases[address] not in HEAVY or sum(asked) <= self.cluster.here["memory"]

    def _next(self, slot: Slot, phase: str) -> None:
        address = slot.stage.address
        slot.process.close()
        slot.clear()
        self.phases[address] = phase
        open_ = {*self.waiting, address}
        self.waiting = [each for each in self.plan.graph if each in open_]

    def finished(self, stage: Stage, process: Any, state: str) -> None:
        sent = self.sent.pop(stage.address, None)
        super().finished(stage, sent or process, "running" if sent else state)

    def end_elsewhere(self) -> None:
        """Ends what runs on nodes, and waits until it has; a node that does not answer is named and left."""
        keys = [slot.process.key for slot in self.slots if isinstance(slot.process, SentStage)]
        if not keys:
            return
        self.cluster.cancel(keys)
        until = time.monotonic() + END
        while len(self.signals.received) < 2 and time.monotonic() < until:
            running = self.cluster.running()
            if not any(count is None or count for count in running.values()):
                return
            time.sleep(0.1)
        self._tell_silent("is left")

    def close(self) -> None:
        super().close()
        self.held.close()

"""What there is to do, as `worker` found it: the stages that have changed, what they cost, what goes first."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path

from reprise.repro import graph
from reprise.repro.costs import costs
from reprise.repro.graph import Stage
from reprise.timings import TIMINGS

START = 2.0  # s that a stage takes beside what it notes as its own time: Python, DVC
PRIOR = 60.0  # s of stages after which this run's pace counts as much as the expected one


def read_stages(path: Path) -> list[Stage]:
    """What ``worker plan`` wrote, in the order of DVC's files."""
    rows = json.loads(path.read_text(encoding="utf-8"))
    return [Stage(**row | {name: tuple(row[name]) for name in ("sources", "outs", "foreign")}) for row in rows]


class Plan:
    """The stages that targets mean and what they read from, with what is known of them.

    Attributes:
        known: every stage of the repository.
        wanted: all of them.
        graph: address -> addresses that it reads from, of those that may have to run, in the files' order.
        costs, paths: address -> seconds, alone and with the longest chain that reads from it.
        quick: what one slot begins with.

    Raises:
        ValueError: a target means nothing, or a stated cost is none.
    """

    def __init__(self, known: list[Stage], targets: list[str], root: Path) -> None:
        everything = {stage.address: stage.sources for stage in known}
        meant = [stage.address for target in targets for stage in graph.matching(known, target)]
        addresses = graph.with_ancestors(everything, meant)
        self.known = known
        self.wanted = {stage.address: stage for stage in known if stage.address in addresses}
        seconds = costs(list(self.wanted.values()), root, TIMINGS)
        changed = [stage for stage in self.wanted.values() if stage.changed]
        self.graph = {stage.address: stage.sources for stage in changed}
        self.costs = {stage.address: seconds[stage.address] for stage in changed}
        self.paths = graph.longest_paths(self.graph, self.costs)
        self.quick = graph.quick_first(changed, self.costs)
        self._readers = graph.turned(self.graph)
        self._expected = self._taken = 0.0

    def readers(self, address: str) -> set[str]:
        """A stage and all that reads from it, directly or not."""
        return graph.with_ancestors(self._readers, [address])

    def took(self, address: str, seconds: float) -> None:
        """Notes what a stage took: this machine's pace is learned from it."""
        self._expected += self.costs[address] + START
        self._taken += seconds

    def expected(self, address: str) -> float:
        """Seconds that a stage takes at this run's pace."""
        return (self.costs[address] + START) * (PRIOR + self._taken) / (PRIOR + self._expected)

    def seconds_left(self, waiting: Collection[str], running: dict[str, float], jobs: int) -> float:
        """About how long it takes until all that waits and runs (address -> seconds left) has ended."""
        expected = {stage: self.expected(stage) for stage in waiting}
        return graph.seconds_left(self.graph, waiting, running, expected, self.paths, jobs)


def find_root() -> Path:
    """The repository's folder: this one or the nearest above it that holds .dvc.

    Raises:
        ValueError: there is none.
    """
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / ".dvc").is_dir():
            return folder
    raise ValueError(f"{here}: not in a DVC repository; run this in the checkout")

"""The stages of a pipeline as plain data: what reads from what, what a target means, what is to go first."""

from __future__ import annotations

import heapq
import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

PROJECT_FILE = "dvc.yaml"
FAMILIES = "pipelines"  # folder of folders with a dvc.yaml each
EVIDENCE = "data/evidence/"
QUICK = 15.0  # s: what "seconds each" means
FIRST_MINUTE = 60.0  # s of quick stages that may come first


@dataclass(frozen=True)
class Stage:
    """One stage, a matrix's cells each for themselves.

    Attributes:
        address: what DVC calls it from the current folder.
        file: its dvc.yaml or .dvc file, relative to the current folder.
        name: with ``@cell`` where it has one; empty for a .dvc file.
        command: what it runs, for all lines one string.
        sources: addresses of the stages that it reads from.
        outs: its outputs, relative to the repository.
        meta: what its dvc.yaml says of it; DVC does not look at it.
        changed: whether it may have to run. False: it and all that it reads from are as the lock says.
        foreign: what it reads and no stage makes, relative to the repository.
        cached: whether DVC keeps all that it makes, so that another machine can hand it over.
    """

    address: str
    file: str = PROJECT_FILE
    name: str = ""
    command: str = ""
    sources: tuple[str, ...] = ()
    outs: tuple[str, ...] = ()
    meta: Any = None
    changed: bool = True
    foreign: tuple[str, ...] = ()
    cached: bool = True

    @property
    def family(self) -> str:
        """``rotation`` for a stage of pipelines/rotation/dvc.yaml, else empty."""
        folder = PurePosixPath(self.file).parent
        parts = folder.parts
        return "/".join(parts[parts.index(FAMILIES) + 1 :]) if FAMILIES in parts else ""

    @property
    def label(self) -> str:
        """Short, and a target that means this stage: ``rotation:train@baseline``, ``ledger``."""
        return f"{self.family}:{self.name}" if self.family and self.name else self.address

    @property
    def group(self) -> str:
        """The name without ``@cell``."""
        return self.name.partition("@")[0]


def matching(stages: Iterable[Stage], target: str) -> list[Stage]:
    """The stages that a target means.

    What DVC takes comes first: a dvc.yaml or .dvc file, ``path/dvc.yaml:stage`` with or without ``@cell``, a stage of
    ./dvc.yaml. Then a stage's name in any file, and NAME, NAME:stage or NAME:stage@cell of pipelines/NAME/dvc.yaml.

    Raises:
        ValueError: there is none; the message names the nearest.
    """
    stages = list(stages)
    plain = _relative(target)
    meanings = (
        lambda stage: target == stage.address or plain == stage.file,
        lambda stage: plain in (f"{stage.file}:{stage.name}", f"{stage.file}:{stage.group}"),
        lambda stage: stage.file == PROJECT_FILE and target in (stage.name, stage.group),
        lambda stage: target in (stage.name, stage.group),
        lambda stage: stage.family and target in _of_family(stage),
        lambda stage: stage.name and plain == PurePosixPath(stage.file).parent.as_posix() != ".",
    )
    for means in meanings:
        found = [stage for stage in stages if target and means(stage)]
        if found:
            return found
    from reprise.registry import nearest

    valid = dict.fromkeys(name for stage in stages for name in (stage.name, *_of_family(stage), stage.file) if name)
    hint, families = nearest(target, list(valid)), sorted({stage.family for stage in stages if stage.family})
    raise ValueError(f"no stage {target!r}{hint if 'did you mean' in hint or not families else nearest('', families)}")


def _of_family(stage: Stage) -> tuple[str, ...]:
    if not stage.family:
        return ()
    return (stage.family, f"{stage.family}:{stage.group}", f"{stage.family}:{stage.name}")


def _relative(target: str) -> str:
    """``./dvc.yaml:a`` and ``/whole/path/dvc.yaml:a`` as stages' files are written; a cell may hold slashes."""
    group, at, cell = target.partition("@")
    path, colon, name = group.rpartition(":") if PROJECT_FILE in group and ":" in group else (group, "", "")
    path = os.path.relpath(path) if os.path.isabs(path) else os.path.normpath(path)
    return f"{PurePosixPath(path)}{colon}{name}{at}{cell}"


def with_ancestors(graph: Mapping[str, Iterable[str]], stages: Iterable[str]) -> set[str]:
    """The stages and everything that they read from, directly or not."""
    found: set[str] = set()
    waiting = list(stages)
    while waiting:
        stage = waiting.pop()
        if stage not in found:
            found.add(stage)
            waiting += graph[stage]
    return found


def turned(graph: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    """Address -> addresses of those that read from it, as far as the graph has them."""
    readers: dict[str, list[str]] = {stage: [] for stage in graph}
    for stage, sources in graph.items():
        for source in sources:
            if source in readers:
                readers[source].append(stage)
    return readers


def longest_paths(graph: Mapping[str, Iterable[str]], costs: Mapping[str, float]) -> dict[str, float]:
    """For every stage, the seconds of the longest chain of stages that begins with it.

    Args:
        graph: address -> addresses that it reads from; without circles.
        costs: address -> seconds, for every address of the graph.
    """
    readers = turned(graph)
    paths: dict[str, float] = {}
    for start in graph:
        waiting = [start]
        while waiting:
            stage = waiting[-1]
            unknown = [reader for reader in readers[stage] if reader not in paths]
            if unknown:
                waiting += unknown
                continue
            paths[waiting.pop()] = costs[stage] + max((paths[reader] for reader in readers[stage]), default=0.0)
    return paths


def quick_first(stages: Iterable[Stage], costs: Mapping[str, float]) -> list[str]:
    """Stages that read from nothing, end in evidence and take seconds each: a minute of them, the quickest first."""
    quick = [
        stage.address
        for stage in stages
        if not stage.sources
        and any(f"{out}/".startswith(EVIDENCE) for out in stage.outs)
        and costs[stage.address] <= QUICK
    ]
    quick.sort(key=costs.__getitem__)
    chosen, total = [], 0.0
    for stage in quick:
        total += costs[stage]
        if total > FIRST_MINUTE:
            break
        chosen.append(stage)
    return chosen


def choose(ready: Collection[str], paths: Mapping[str, float], quick: Iterable[str] = ()) -> str:
    """Which of the stages that could start does: the first quick one, else that with the longest path.

    Args:
        ready: in the files' order, which decides between equals.
        paths: address -> seconds, as ``longest_paths`` gives it.
        quick: for the one slot that begins with them.
    """
    return next((stage for stage in quick if stage in ready), None) or max(ready, key=paths.__getitem__)


def seconds_left(
    graph: Mapping[str, Iterable[str]],
    waiting: Collection[str],
    running: Mapping[str, float],
    costs: Mapping[str, float],
    paths: Mapping[str, float],
    jobs: int,
) -> float:
    """About how long the rest takes: the same choices made in advance.

    Args:
        waiting: stages that have not started, in the files' order.
        running: address -> seconds that it still takes.
        costs: address -> seconds, for all that waits.
    """
    readers = turned({stage: graph[stage] for stage in waiting} | dict.fromkeys(running, ()))
    open_sources = {stage: sum(source in readers for source in graph[stage]) for stage in waiting}
    ready = [(-paths[stage], place, stage) for place, stage in enumerate(waiting) if not open_sources[stage]]
    heapq.heapify(ready)
    ends = [(max(left, 0.0), stage) for stage, left in running.items()]
    heapq.heapify(ends)
    now = 0.0
    while ready or ends:
        while ready and len(ends) < jobs:
            stage = heapq.heappop(ready)[-1]
            heapq.heappush(ends, (now + costs[stage], stage))
        now, ended = heapq.heappop(ends)
        for reader in readers[ended]:
            open_sources[reader] -= 1
            if not open_sources[reader]:
                heapq.heappush(ready, (-paths[reader], 0, reader))
    return now

"""How the training benchmarks time alternatives: they take turns, so that what disturbs the machine disturbs all."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import torch

clock = time.perf_counter  # or time.process_time, on a machine that does other work and without a GPU


def seconds_of(work: Callable[[], object]) -> float:
    """Seconds of one call by ``clock``, what it left running on a GPU included."""
    start = clock()
    work()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return clock() - start


def in_turns(ways: dict[str, Callable[[], float]], repetitions: int) -> dict[str, float]:
    """Median of the seconds that each way returns; the first round is warm-up and left out."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(repetitions + 1):
        for name, way in ways.items():
            taken[name].append(way())
    return {name: statistics.median(seconds[1:]) for name, seconds in taken.items()}

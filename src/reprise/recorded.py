"""Times that were recorded once, on one machine, and are kept as the numbers of papers are: read, never made by a run.

A duration in a stage's output would make every run another; so a study's ``times.csv`` stands beside its code, is
written by ``python -m reprise.stages.timing STUDY`` alone, and says where and how it was measured. Everything in one
round was measured right after each other, so that ratios within rounds hardly know how busy the machine was.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path

import numpy as np

from reprise.files import read_table, write_text
from reprise.statistics import Effect, mean_effect

COLUMNS = ("name", "round", "seconds", "scale", "source", "machine")


@dataclass(frozen=True)
class Times:
    """What took how long.

    Attributes:
        seconds: by name, (rounds,) of one unit of work.
        scale, source: of the parameters with which it was measured.
        machine: in words.
    """

    seconds: dict[str, np.ndarray]
    scale: str
    source: str
    machine: str

    @property
    def words(self) -> str:
        """How it was recorded."""
        rounds = len(next(iter(self.seconds.values())))
        return f"recorded once in {rounds} rounds at scale {self.scale} on {self.source} data: {self.machine}"

    def ratio(self, one: str, other: str) -> Effect:
        """How many times as long one took as the other: the geometric mean over rounds, with Student's interval."""
        logs = np.log(self.seconds[one] / self.seconds[other])
        effect = mean_effect(logs, "times")
        ends = ("value", "low", "high", "strict_low", "strict_high")
        return replace(effect, **{name: float(np.exp(getattr(effect, name))) for name in ends})


def read_times(path: Path) -> Times | None:
    """Reads a ``times.csv``; None where nothing was recorded.

    Raises:
        ValueError: it is not such a table; the message names the file.
    """
    if not path.is_file():
        return None
    rows = read_table(path, *COLUMNS)
    seconds: dict[str, list[float]] = {}
    try:
        for row in rows:
            seconds.setdefault(row["name"], []).append(float(row["seconds"]))
    except ValueError:
        raise ValueError(f"{path}: seconds: found {row['seconds']!r}, expected a number; record it again") from None
    lengths = {len(values) for values in seconds.values()}
    if len(lengths) != 1 or min(map(min, seconds.values())) <= 0:
        raise ValueError(f"{path}: expected as many rounds of everything and positive times; record it again")
    said = {(row["scale"], row["source"], row["machine"]) for row in rows}
    if len(said) != 1:
        raise ValueError(f"{path}: times of several machines or scales are not compared; record it again")
    return Times({name: np.array(values) for name, values in seconds.items()}, *said.pop())


def write_times(path: Path, times: Times) -> None:
    """Writes a ``times.csv``, times with four significant digits."""
    stream = StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    for name, values in times.seconds.items():
        for turn, value in enumerate(values):
            writer.writerow([name, turn, f"{value:.4g}", times.scale, times.source, times.machine])
    write_text(path, stream.getvalue())

"""What a run looks like: a live table in a terminal, plain lines elsewhere. Both on standard error."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

VERDICTS = {
    "reproduced": "green", "contradicted": "red", "inconclusive": "yellow", "stand-in": "blue", "built": "cyan",
    "untested": "bright_black",
}  # fmt: skip
STYLES = {"failed": "bold red", "waits": "yellow", "done": ""}
WIDE = 100  # columns from which there is room for a bar
BAR = 12  # columns
REFRESH = 0.25  # s
LONGEST_TEXT = 100  # characters of what a stage says about itself


@dataclass
class Running:
    """A stage that runs: its label, how far it says it is, since when it runs and about how long it still does (s)."""

    label: str
    seconds: float
    left: float | None = None
    text: str = ""
    share: float | None = None


@dataclass
class Overview:
    """A run at one moment.

    Attributes:
        done, total: of the stages that had to be looked at; ``done`` counts those that ended well.
        failed: how many failed.
        seconds: since the run began.
        left: about how many it still takes; None where that is not known.
        verdicts: counted over the claims of all studies whose evidence is up to date.
    """

    done: int
    total: int
    failed: int = 0
    seconds: float = 0.0
    left: float | None = None
    running: list[Running] = field(default_factory=list)
    verdicts: Counter[str] = field(default_factory=Counter)


class Plain:
    """Lines: one when a stage starts, one when it ends, nothing that is only progress."""

    live = False

    def __init__(self, stream: Any = None) -> None:
        self.stream = stream or sys.stderr

    def say(self, text: str, style: str = "") -> None:
        """Prints lines for good."""
        print(printable(text), file=self.stream, flush=True)

    def show(self, overview: Callable[[], Overview], now: bool = False) -> None:
        """Nothing: an overview is for those who watch."""

    def close(self) -> None:
        """Nothing."""

    def open(self) -> None:
        """Nothing."""


class Watched:
    """A table that is drawn again and again, below lines that stay."""

    live = True

    def __init__(self, console: Console) -> None:
        self.console = console
        self._shown = 0.0
        self.open()

    def open(self) -> None:
        """Makes room for the table."""
        self._live = Live(
            console=self.console, auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False
        )
        self._live.start()

    def say(self, text: str, style: str = "") -> None:
        """Prints lines above the table, for good."""
        self.console.print(Text(printable(text), style=STYLES.get(style, style)), soft_wrap=True)

    def show(self, overview: Callable[[], Overview], now: bool = False) -> None:
        """Draws the table, four times a second at most."""
        if now or time.monotonic() - self._shown >= REFRESH:
            self._live.update(table(overview(), self.console.width), refresh=True)
            self._shown = time.monotonic()

    def close(self) -> None:
        """Removes the table."""
        self._live.stop()


def view(console: Console | None = None) -> Plain | Watched:
    """The one that fits standard error."""
    console = console or Console(stderr=True)
    watched = console.file.isatty() and console.is_terminal and not console.is_dumb_terminal  # FORCE_COLOR is no reader
    return Watched(console) if watched else Plain()


def table(overview: Overview, width: int) -> Group:
    """The live table, for a terminal of so many columns."""
    rows = Table(box=None, expand=True, pad_edge=False, show_header=bool(overview.running), header_style="bright_black")
    rows.add_column("stage", no_wrap=True, overflow="ellipsis", ratio=1)
    rows.add_column("how far", no_wrap=True, overflow="ellipsis", ratio=1)
    if width >= WIDE:
        rows.add_column("", width=BAR)
    rows.add_column("for", justify="right", no_wrap=True, min_width=10)
    rows.add_column("left", justify="right", no_wrap=True, min_width=10)
    for each in overview.running:
        bar = [ProgressBar(1.0, each.share, width=BAR) if each.share is not None else ""] if width >= WIDE else []
        left = "" if each.left is None else duration(each.left)
        rows.add_row(Text(printable(each.label)), Text(printable(each.text)), *bar, duration(each.seconds), left)
    parts = [Text(""), rows, Text(headline(overview), style="bold", no_wrap=True, overflow="ellipsis")]
    if overview.verdicts:
        words = [(f"{count} {verdict}   ", VERDICTS[verdict]) for verdict, count in _ordered(overview.verdicts)]
        parts.append(Text.assemble("verdicts: ", *words))
    return Group(*parts)


def headline(overview: Overview) -> str:
    """``12 of 28 stages done, 2 running, 1 failed, for 4 min 10 s, about 9 min left``."""
    if not overview.total:
        return f"reading the pipeline, for {duration(overview.seconds)}"
    words = [f"{overview.done} of {overview.total} stages done", f"{len(overview.running)} running"]
    words += [f"{overview.failed} failed"] if overview.failed else []
    words += [f"for {duration(overview.seconds)}"]
    words += [f"about {duration(overview.left)} left"] if overview.left is not None else []
    return ", ".join(words)


def duration(seconds: float) -> str:
    """``8 s``, ``4 min 10 s``, ``2 h 05 min``."""
    whole = max(round(seconds), 0)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def printable(text: str) -> str:
    """Text whose control characters, but for line ends, are written out: it may come from files and processes."""
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text)


def how_far(report: dict[str, Any]) -> tuple[str, float | None]:
    """A report of `reprise.progress` in words, and as a share of the whole where it says.

    Returns:
        Words (empty where there is nothing to show) and a share in [0, 1] or None.
    """
    if isinstance(report.get("text"), str):
        return report["text"][:LONGEST_TEXT], None
    numbers = {}
    for one, all_ in (("seed", "seeds"), ("epoch", "epochs")):
        if all(type(report.get(key)) is int for key in (one, all_)) and 1 <= report[one] <= report[all_]:
            numbers[one] = (report[one], report[all_])
    if not numbers:
        return "", None
    words = ", ".join(f"{name} {done} of {of}" for name, (done, of) in numbers.items())
    epoch, epochs = numbers.get("epoch", (1, 1))
    seed, seeds = numbers.get("seed", (1, 1))
    return words, (seed - 1 + epoch / epochs) / seeds


def verdicts(path: Path) -> dict[str, str]:
    """Claim -> what an evidence.json finds it, reproduced, contradicted...; empty where it cannot be read.

    A stand-in and what is only built have no verdict, and count as such.
    """
    try:
        declared = json.loads(path.read_text(encoding="utf-8"))["declared"].items()
        return {claim: each["kind"] if each["kind"] in VERDICTS else each["verdict"] for claim, each in declared}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def counted(found: Counter[str]) -> str:
    """``4 reproduced, 1 contradicted``."""
    return ", ".join(f"{count} {verdict}" for verdict, count in _ordered(found))


def _ordered(found: Counter[str]) -> Iterable[tuple[str, int]]:
    return [(verdict, found[verdict]) for verdict in VERDICTS if found[verdict]]

"""Drawing only: accuracy on letters by the number of examples."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from reprise.claims.evidence import Figure
from reprise.plotting import COLOURS, figure
from reprise.runs import Run
from reprise.studies.transfer.settings import KINDS, SHOTS

WORDS = {"scratch": "from scratch", "frozen": "layers of digits, frozen", "tuned": "layers of digits, tuned"}


def paying(folder: Path, runs: Mapping[str, Run]) -> Figure:
    """One curve a kind, a dot a seed."""
    with figure(folder / "paying.svg", 7, 3.2) as (_, axes):
        for kind, colour in zip(KINDS, (COLOURS[8], COLOURS[1], COLOURS[0]), strict=True):
            each = [runs[f"{kind}_{shots}"] for shots in SHOTS]
            numbers = [run.settings["per_class"] for run in each]
            seeds = [run.correct.mean(axis=1) for run in each]
            axes.plot(numbers, [np.mean(values) for values in seeds], color=colour, label=WORDS[kind])
            for number, values in zip(numbers, seeds, strict=True):
                axes.plot([number] * len(values), values, "o", color=colour, ms=4, alpha=0.7)
        axes.set_xscale("log")
        axes.set_xticks(numbers, [str(number) for number in numbers])
        axes.minorticks_off()
        axes.set(xlabel="training images of each letter", ylabel="test accuracy on letters")
        axes.legend(fontsize=9)
    caption = "Curves: means over seeds; dots: seeds. All three are trained alike, with the same images of letters."
    return Figure("paying", "Where reused layers pay", "Accuracy rises with examples for all three kinds.", caption)

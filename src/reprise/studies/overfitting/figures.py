"""Drawing only: gaps with and without transformations, and what wrong labels do to the course of training."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from reprise.claims.evidence import Figure
from reprise.plotting import COLOURS, figure
from reprise.runs import Run
from reprise.studies.overfitting.gaps import PAIRS, Known
from reprise.studies.overfitting.settings import PLANTED


def gaps(folder: Path, runs: Mapping[str, Run], known: Known) -> Figure:
    """Training and test accuracy of every seed, joined."""
    names = [name for pair in PAIRS for name in reversed(pair)]
    with figure(folder / "gaps.svg", 7, 2.6) as (_, axes):
        for row, name in enumerate(names):
            trained, tested = known[name].mean(axis=1), runs[name].correct.mean(axis=1)
            for k, (high, low) in enumerate(zip(trained, tested, strict=False)):
                place = row + 0.5 * ((k + 1) / (len(trained) + 1) - 0.5)
                axes.plot([low, high], [place, place], color=COLOURS[8], lw=1.2)
                axes.plot(high, place, "o", color=COLOURS[1], ms=5, label="training images" if row + k == 0 else None)
                axes.plot(low, place, "o", color=COLOURS[0], ms=5, label="test images" if row + k == 0 else None)
        axes.set_yticks(range(len(names)), names)
        axes.invert_yaxis()
        axes.set(xlabel="accuracy")
        axes.grid(axis="y", visible=False)
        axes.legend(loc="lower left", fontsize=8)
    caption = "A line a seed. Training images are shown untransformed, also to networks trained on transformed ones."
    return Figure("gaps", "What is known by heart", f"Training and test accuracy of {', '.join(names)}.", caption)


def stopping(folder: Path, runs: Mapping[str, Run]) -> Figure:
    """Training loss and development accuracy by epoch, a panel a share of wrong labels."""
    with figure(folder / "stopping.svg", 7.4, 4.2, nrows=2, ncols=len(PLANTED), sharex=True, sharey="row") as (_, axes):
        for column, (rate, name) in enumerate(PLANTED.items()):
            run, stopped = runs[name], runs[f"stopped_{rate}"]
            for row, measure in enumerate(("train_loss", "val_accuracy")):
                for rows in run.history:
                    axes[row, column].plot(rows["epoch"] + 1, rows[measure], color=COLOURS[0], lw=1, alpha=0.6)
                ends = [(rows["epoch"][-1] + 1, rows[measure][-1]) for rows in stopped.history]
                axes[row, column].plot(*np.transpose(ends), "o", color=COLOURS[1], ms=4)
            axes[0, column].set_title(f"{rate} % wrong labels")
            axes[1, column].set_xlabel("epoch")
        axes[0, 0].set_ylabel("training loss")
        axes[1, 0].set_ylabel("development accuracy")
    return Figure(
        "stopping",
        "Training goes on, development does not",
        "Training loss falls in all panels; with wrong labels development accuracy rises and then falls.",
        "A line a seed. Dots: where the source's rule stops. With wrong labels among the development data as well, "
        "accuracy on them cannot reach 1.",
    )

"""Charts of trained classifiers: convergence and accuracy of every variant."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from reprise.claims.evidence import Figure
from reprise.plotting import COLOURS, figure
from reprise.runs import Run
from reprise.statistics import SHARE, paired_effect


def curves(folder: Path, runs: Sequence[Run], name: str = "curves", title: str = "Convergence") -> Figure:
    """Validation accuracy by epoch: one panel a variant, its seeds in colour, the mean of every other in grey."""
    columns = 3 if len(runs) <= 9 else 4
    rows = -(-len(runs) // columns)
    means = {run.name: run.mean_curve("val_accuracy") for run in runs}
    options = {"nrows": rows, "ncols": columns, "sharex": True, "sharey": True, "squeeze": False}
    with figure(folder / f"{name}.svg", 7.6, 1.75 * rows + 0.4, **options) as (drawn, axes):
        for axis, run in zip(axes.flat, runs, strict=False):
            for mean in means.values():
                axis.plot(np.arange(1, len(mean) + 1), mean, color="#8888885c", lw=0.7)
            for history in run.history:
                axis.plot(history["epoch"] + 1, history["val_accuracy"], color=COLOURS[0], lw=0.8, alpha=0.6)
            mean = means[run.name]
            axis.plot(np.arange(1, len(mean) + 1), mean, color=COLOURS[0], lw=2)
            axis.set_title(run.name, fontsize=9)
        for axis in axes.flat[len(runs) :]:
            axis.set_visible(False)
        drawn.supxlabel("epoch", fontsize=10)
        drawn.supylabel("validation accuracy", fontsize=10)
    caption = "Thin: seeds; thick: their mean, as far as all seeds went; grey: the means of the other variants."
    alt = f"Validation accuracy by epoch for {', '.join(run.name for run in runs)}"
    return Figure(name, title, alt, caption)


def accuracy_dots(folder: Path, runs: Sequence[Run], reference: str, name: str = "accuracies") -> Figure:
    """Test accuracy of every seed, and the mean with its interval."""
    with figure(folder / f"{name}.svg", 7, 0.3 * len(runs) + 1.0) as (_, axes):
        for row, run in enumerate(runs):
            effect = paired_effect(run.correct, unit="accuracy", possible=SHARE)
            colour = COLOURS[1] if run.name == reference else COLOURS[0]
            axes.plot([effect.low, effect.high], [row, row], color=colour, lw=5, alpha=0.25, solid_capstyle="butt")
            axes.plot(effect.value, row, "|", color=colour, ms=14, mew=2.5)
            axes.plot(
                run.correct.mean(axis=1), [row] * len(run.correct), "o", color=colour, ms=5, mec="none", alpha=0.8
            )
            if run.name == reference:
                axes.axvline(effect.value, color="#888888", lw=1, ls="--")
        axes.set_yticks(range(len(runs)), [run.name for run in runs])
        axes.set(ylim=(len(runs) - 0.4, -0.6), xlabel="test accuracy", xlim=np.clip(axes.get_xlim(), 0, 1))
        axes.grid(axis="y", visible=False)
    caption = f"Dots: seeds; stroke and band: mean and 95 % interval over images and seeds; dashed: {reference}."
    return Figure(name, "Test accuracy", f"Test accuracy of {', '.join(run.name for run in runs)}", caption)

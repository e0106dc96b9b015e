"""The figures of the study of one hidden layer."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from reprise.claims.evidence import Figure
from reprise.plotting import COLOURS, figure
from reprise.studies.shallow.classification import Classified
from reprise.studies.shallow.settings import Config


def maps(folder: Path, config: Config, found: Mapping[str, Classified]) -> Figure:
    """Which side of each set a line and a network put every place on."""
    axis = np.linspace(-2.6, 2.6, 90)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    with figure(folder / "shallow-maps.svg", 7, 3.9, nrows=2, ncols=4, sharex=True, sharey=True) as (_, axes):
        for column, (name, each) in zip(axes.T, found.items(), strict=True):
            for ax, classifier in zip(column, (each.line, each.network), strict=True):
                side = classifier(grid).reshape(90, 90)
                ax.contourf(axis, axis, side, levels=[-1e9, 0, 1e9], colors=(COLOURS[0], COLOURS[1]), alpha=0.22)
                for label, colour in ((0, COLOURS[0]), (1, COLOURS[1])):
                    ax.plot(*each.x[each.labels == label].T, ".", ms=2.5, color=colour)
                ax.set(xlim=(-2.6, 2.6), ylim=(-2.6, 2.6), xticks=(), yticks=(), aspect="equal")
            column[0].set_title(name)
        axes[0, 0].set_ylabel("a line")
        axes[1, 0].set_ylabel(f"{config.hidden} hidden units")
    return Figure(
        "shallow-maps",
        "What a hidden layer adds",
        "Top row: a line divides each set, well only for the two clouds. Bottom row: the hidden layer bends around "
        "the disc, the quarters and the spiral's arms.",
        "Training points of the first seed; the shaded sides are the classifier's answer everywhere.",
    )


def widths(folder: Path, config: Config, found: Mapping[str, Classified]) -> Figure:
    """Mean accuracy against the number of hidden units."""
    with figure(folder / "shallow-widths.svg", 7, 3.2) as (_, ax):
        for name, each in found.items():
            ax.plot(range(each.scores.shape[1]), each.scores.mean(axis=0), "o-", ms=4, label=name)
        ax.set_xticks(range(1 + len(config.widths)), ["line", *map(str, config.widths)])
        ax.set(xlabel="hidden units", ylabel="test accuracy", ylim=(0.4, 1.02))
        ax.legend(fontsize=8, loc="lower right")
    return Figure(
        "shallow-widths",
        "How many units a shape needs",
        "Accuracy rises with hidden units: two clouds need none, the other sets a few.",
        f"Mean test accuracy over {config.seeds} seeds. A disc needs three lines around it.",
    )

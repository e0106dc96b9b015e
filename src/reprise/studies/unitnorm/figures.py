"""The pictures of the unit-norm study."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from reprise.claims.evidence import Figure
from reprise.plotting import COLOURS, figure
from reprise.runs import Run


def similarity(folder: Path, runs: Sequence[Run]) -> Figure:
    """Mean squared cosine between the filters of a layer, by epoch."""
    with figure(folder / "similarity.svg", 7, 3.4) as (_, axes):
        for colour, run in zip(COLOURS, runs, strict=False):
            for history in run.history:
                axes.plot(history["epoch"] + 1, history["filter_similarity"], color=colour, lw=0.7, alpha=0.5)
            mean = run.mean_curve("filter_similarity")
            axes.plot(np.arange(1, len(mean) + 1), mean, color=colour, label=run.name)
        axes.set(xlabel="epoch", ylabel="squared cosine between filters", ylim=(0, None))
        axes.legend(fontsize=9, loc="upper left", bbox_to_anchor=(1, 1))
    caption = "Mean over the pairs of filters of each convolution and over the four convolutions. Thin: seeds."
    alt = f"Similarity of filters by epoch for {', '.join(run.name for run in runs)}"
    return Figure("similarity", "How much filters resemble each other", alt, caption)


def cosine(folder: Path) -> Figure:
    """A neuron's response as the input turns away from the weights, for three lengths of the weights."""
    angles = np.linspace(-180, 180, 361)
    with figure(folder / "cosine.svg", 7, 2.6) as (_, axes):
        for colour, length in zip(COLOURS, (0.5, 1.0, 2.0), strict=False):
            axes.plot(angles, length * np.cos(np.radians(angles)), color=colour, label=f"|w| = {length:g}")
        axes.set(
            xlabel="angle between weights and input, degrees", ylabel="w · x, with |x| = 1", xticks=range(-180, 181, 45)
        )
        axes.legend(fontsize=9, loc="upper left", bbox_to_anchor=(1, 1))
    caption = "The length of the weights scales the response and does not move its maximum."
    return Figure("cosine", "A neuron compares directions", "Three cosines of different height", caption)

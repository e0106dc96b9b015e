"""The pictures of the activation maximisation study."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from reprise.claims.evidence import Figure
from reprise.plotting import COLOURS, figure
from reprise.studies.maximisation.asked import RANDOM, Asked, nines
from reprise.studies.maximisation.settings import STARTS

NAMES = ("ones", "one half", "zeros", "random")


def results(folder: Path, asked: Asked) -> Figure:
    """What one network prefers: a row a start, a column a class."""
    with figure(folder / "results.png", 8, 3.6, nrows=len(STARTS), ncols=10) as (_, axes):
        for row, name in enumerate(NAMES):
            for label in range(10):
                axis = axes[row, label]
                axis.imshow(asked.images[0, label, row], cmap="gray", vmin=-0.5, vmax=1.5)
                _bare(axis)
                if label == 0:
                    axis.set_ylabel(name, fontsize=8)
                if row == 0:
                    axis.set_title(str(label), fontsize=9, loc="center")
    steps = asked.settings["steps"]
    caption = f"First network, {steps} iterations of the source's recipe; black is -0.5 and less, white 1.5 and more."
    alt = "Pictures that the network takes for each digit, from four starts: they look like the starts"
    return Figure("results", "What the network takes for each digit", alt, caption, "png")


def regularised(folder: Path, asked: Asked) -> Figure:
    """The same network, asked as the field does today."""
    with figure(folder / "regularised.png", 8, 1.2, ncols=10) as (_, axes):
        for label, axis in enumerate(axes):
            axis.imshow(asked.regularised[0, label, 0], cmap="gray", vmin=0, vmax=1)
            _bare(axis)
            axis.set_title(str(label), fontsize=9, loc="center")
    caption = "First network; frequencies in place of pixels, moved about at random, blurred now and then."
    return Figure("regularised", "The same, regularised", "One picture a digit, within bounds", caption, "png")


def where(folder: Path, asked: Asked) -> Figure:
    """Where pixels change, mean over networks and random starts, class by class."""
    size = np.sqrt((asked.change[:, :, RANDOM] ** 2).mean(axis=(0, 2)))
    with figure(folder / "where.png", 8, 1.5, ncols=10) as (drawn, axes):
        for label, axis in enumerate(axes):
            shown = axis.imshow(size[label], cmap="magma", vmin=0, vmax=size.max())
            axis.add_patch(_square())
            _bare(axis)
            axis.set_title(str(label), fontsize=9, loc="center")
        drawn.colorbar(shown, ax=axes, shrink=0.8, aspect=8)
    caption = "Root mean square change of each pixel from random starts; the square is the central quarter."
    return Figure("where", "Where pixels change", "Ten maps of change, largest in the middle", caption, "png")


def _square() -> Rectangle:
    """The outline of the central quarter."""
    return Rectangle((6.5, 6.5), 14, 14, fill=False, edgecolor="white", lw=0.8)


def confidence(folder: Path, asked: Asked) -> Figure:
    """Nines of the confidence by class: random starts, and with a border of 0."""
    kinds = (("as it came out", asked.logits, COLOURS[0]), ("with a border of 0", asked.bordered, COLOURS[1]))
    with figure(folder / "confidence.svg", 7, 3) as (_, axes):
        for place, (name, logits, colour) in enumerate(kinds):
            sure = nines(logits)[:, :, RANDOM]
            middle = np.median(sure, axis=(0, 2))
            ends = np.quantile(sure, [0.1, 0.9], axis=(0, 2))
            x = np.arange(10) + 0.24 * (place - 0.5)
            axes.vlines(x, *ends, color=colour, lw=4, alpha=0.35)
            axes.plot(x, middle, "o", color=colour, ms=6, label=name)
        for wanted, style in ((4, "--"), (5, ":")):
            axes.axhline(wanted, color="#888888", lw=1, ls=style)
        axes.set(xlabel="class", ylabel="nines of the confidence", xticks=range(10), ylim=(0, None))
        axes.legend(fontsize=8)
    caption = (
        "Dots: medians over networks and random starts; bars: a tenth to nine tenths. Dashed: 0.9999, as claim 10 has it; "
        "dotted: 0.99999, as claim 8 has it."
    )
    return Figure("confidence", "How sure the network is", "Nines of the confidence for ten classes", caption)


def iterations(folder: Path, asked: Asked) -> Figure:
    """Loss by iteration from the source's four starts."""
    with figure(folder / "iterations.svg", 7, 3) as (_, axes):
        for colour, name, values in zip(COLOURS, NAMES, asked.long.mean(axis=(0, 1)), strict=False):
            axes.plot(np.maximum(values, 1e-12), color=colour, label=name)
        axes.axvline(10, color="#888888", lw=1, ls="--")
        axes.set(xlabel="iteration", ylabel="cross-entropy, nats", yscale="log", xlim=(0, None))
        axes.legend(fontsize=8)
    caption = "Mean over networks and all ten classes; dashed: the source's ten iterations."
    return Figure("iterations", "Loss by iteration", "Four falling lines, one a start", caption)


def variability(folder: Path, values: np.ndarray, ends: np.ndarray) -> Figure:
    """Sum of the pixels' standard deviations within each class."""
    order = np.argsort(-values)
    with figure(folder / "variability.svg", 7, 2.8) as (_, axes):
        colours = [COLOURS[1] if label == 2 else COLOURS[0] for label in order]
        axes.vlines(range(len(order)), *ends[:, order], color=colours, lw=5, alpha=0.4)
        axes.scatter(range(len(order)), values[order], color=colours, s=28, zorder=3)
        axes.set_xticks(range(len(order)), [str(label) for label in order])
        axes.set(xlabel="class, the most varied first", ylabel="sum over pixels")
    caption = "Standard deviation within the class, summed over pixels; bars: 95 %, bootstrap over images."
    return Figure("variability", "Which digit varies most", "Ten classes in order of their spread", caption)


def _bare(axis: Axes) -> None:
    """A picture needs no axes."""
    axis.set(xticks=[], yticks=[])
    axis.spines[:].set_visible(False)

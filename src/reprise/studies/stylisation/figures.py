"""The pictures of the style transfer study."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from reprise.claims.evidence import Figure
from reprise.plotting import COLOURS, figure
from reprise.studies.stylisation.settings import PAIRS, WEIGHTS


def paintings(folder: Path, pictures: np.ndarray, painted: np.ndarray) -> Figure:
    """A row a pair: photograph, painting, then the results by rising weight of the style."""
    options = {"nrows": len(PAIRS), "ncols": len(WEIGHTS) + 2}
    with figure(folder / "paintings.png", 8, 3.8, **options) as (_, axes):
        for row in range(len(PAIRS)):
            shown = [*pictures[row], *painted[row]]
            titles = ["photograph", "painting", *(f"style {weight:g}" for weight in WEIGHTS)]
            for axis, image, title in zip(axes[row], shown, titles, strict=True):
                _show(axis, image, title if row == 0 else "")
    caption = "First network, from noise; the paintings are generated."
    return Figure("paintings", "One picture in the style of another", "Three rows of seven pictures", caption, "png")


def trade(folder: Path, relative: np.ndarray) -> Figure:
    """Content against style loss, a line a pair, from the smallest weight of the style to the largest."""
    with figure(folder / "trade.svg", 6, 3.4) as (_, axes):
        for colour, (photo, kind), line in zip(COLOURS, PAIRS, relative.mean(axis=0), strict=False):
            axes.plot(line[:, 0], line[:, 1], "o-", color=colour, label=f"{photo} as {kind}")
        axes.axvline(1, color="#888888", lw=1, ls="--")
        axes.axhline(1, color="#888888", lw=1, ls="--")
        axes.set(xlabel="content loss, 1: the painting's", ylabel="style loss, 1: the photograph's", yscale="log")
        axes.legend(fontsize=8)
    caption = "Mean over networks; five weights of the style, rising from left to right."
    return Figure("trade", "Content or style", "Three falling lines of five points", caption)


def _show(axis: Axes, image: np.ndarray, title: str) -> None:
    axis.imshow(np.clip(image, 0, 1))
    axis.set(xticks=[], yticks=[])
    axis.spines[:].set_visible(False)
    axis.set_title(title, fontsize=7, loc="center")

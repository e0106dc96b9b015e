"""The pictures of the study of two networks against each other."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from reprise.claims.evidence import Figure
from reprise.plotting import COLOURS, MARKER, figure
from reprise.studies.rivals.drawn import Generator, Judged
from reprise.studies.rivals.settings import CONV_LABELLED, LABELLED

STAGES = 6  # epochs that are shown


def epochs(folder: Path, generators: dict[str, Generator]) -> Figure:
    """What each variant's first seed draws from the same codes, from the first epoch to the last."""
    names = list(generators)
    shape = {"nrows": len(names), "ncols": 1, "squeeze": False}
    with figure(folder / "epochs.png", 7.0, 2.0 * len(names), **shape) as (_, axes):
        for axis, name in zip(axes[:, 0], names, strict=True):
            sheets = generators[name].epochs[0]
            chosen = np.unique(np.linspace(0, len(sheets) - 1, min(STAGES, len(sheets))).round().astype(int))
            _tiles(axis, sheets[chosen])
            axis.set_title(f"{name}, epochs {', '.join(str(each + 1) for each in chosen)}", fontsize=9)
    caption = "A row an epoch, a column a code, the same throughout. The first seed; none is chosen."
    return Figure("epochs", "As training goes on", "Sheets of small digits that grow clearer by row.", caption, "png")


def sheet(folder: Path, generators: dict[str, Generator]) -> Figure:
    """A label a column, a code a row."""
    with figure(folder / "sheet.png", 7.0, 3.8, ncols=2) as (_, axes):
        for axis, name, words in zip(axes, (LABELLED, CONV_LABELLED), ("dense", "convolutional"), strict=True):
            _tiles(axis, generators[name].sheet[0])
            axis.set_title(f"{words}, labels 0 to 9", fontsize=9)
    caption = (
        "The generator is told the digit: a column a label, a row a code. Where a row is one drawing the label is "
    )
    caption += "ignored; the table's agreement with the label says how far it is heeded, 0.1 being chance."
    return Figure("sheet", "Drawn as asked", "Two panels of ten columns of digits, ten drawings each.", caption, "png")


def walks(folder: Path, generators: dict[str, Generator]) -> Figure:
    """From one code to another."""
    names = list(generators)
    with figure(folder / "walks.png", 7.0, 1.9 * -(-len(names) // 2), nrows=-(-len(names) // 2), ncols=2) as (_, axes):
        for axis in axes.flat[len(names) :]:
            axis.set_visible(False)
        for axis, name in zip(axes.flat, names, strict=False):
            _tiles(axis, generators[name].walk[0])
            axis.set_title(name, fontsize=9)
    caption = "Each row goes straight from one code to another."
    return Figure("walks", "Between two codes", "Rows of digits that change gradually.", caption, "png")


def distances(folder: Path, judged: Judged) -> Figure:
    """Fréchet distance of every seed."""
    names = list(judged.generators)
    with figure(folder / "distances.svg", 7.0, 0.35 * len(names) + 1.0) as (_, axes):
        for row, name in enumerate(names):
            values = judged.generators[name].distance
            axes.plot(values, [row] * len(values), "o", color=COLOURS[0], ms=5, mec="none", alpha=0.8)
            axes.plot(np.exp(np.log(values).mean()), row, "|", color=MARKER, ms=14, mew=2)
        for place, words in ((judged.floor, "training images"), (judged.halved, "half of the classes")):
            axes.axvline(place, color="#888888", ls="--", lw=1)
            axes.text(place, -0.75, words, ha="center", va="bottom", fontsize=8, color="#666666")
        axes.set(xscale="log", xlabel="Fréchet distance to test digits", ylim=(len(names) - 0.4, -0.6))
        axes.set_yticks(range(len(names)), names)
        axes.grid(axis="y", visible=False)
    alt = f"Fréchet distance of {', '.join(names)}, a dot a seed."
    caption = "Dots: seeds; strokes: geometric means; dashed: training images, of all classes and of half of them."
    return Figure("distances", "How far from real digits", alt, caption)


def _tiles(axis: object, images: np.ndarray) -> None:
    """(rows, columns, h, w) as one picture."""
    rows, columns, height, width = images.shape
    axis.imshow(images.transpose(0, 2, 1, 3).reshape(rows * height, columns * width), vmin=0, vmax=255)
    axis.set_xticks([])
    axis.set_yticks([])
    axis.grid(False)

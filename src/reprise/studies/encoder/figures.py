"""Drawing only: what codes leave, what labels cost, and what moved codes look like."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from reprise.claims.evidence import Figure
from reprise.plotting import COLOURS, figure
from reprise.runs import Run
from reprise.studies.encoder.constrained import FREE
from reprise.studies.encoder.perturbed import Moved
from reprise.studies.encoder.reconstruction import Linear, error
from reprise.studies.encoder.settings import SIZES, WEIGHTS


def reconstruction(folder: Path, runs: Mapping[str, Run], found: Mapping[str, Linear]) -> Figure:
    """Share of the variance left by the size of the code."""
    names = [f"code_{size}" for size in SIZES]
    with figure(folder / "reconstruction.svg", 7, 3) as (_, axes):
        left = [error(runs[name]).mean(axis=1) / found[name].variance for name in names]
        axes.plot(SIZES, [each.mean() for each in left], color=COLOURS[0], label="encoder and decoder")
        for size, each in zip(SIZES, left, strict=True):
            axes.plot([size] * len(each), each, "o", color=COLOURS[0], ms=4, alpha=0.7)
        components = [found[name].error.mean() / found[name].variance for name in names]
        axes.plot(SIZES, components, "s--", color=COLOURS[1], label="principal components")
        axes.set_xscale("log", base=2)
        axes.set_xticks(SIZES, [str(size) for size in SIZES])
        axes.set(xlabel="numbers of a code, of 784 pixels", ylabel="share of variance left", ylim=(0, None))
        axes.legend(fontsize=9)
    alt = "Error falls with the size of the code, for encoder and decoder and for principal components."
    return Figure("reconstruction", "What a small code leaves", alt, "Test digits; dots: seeds.")


def constrained(
    folder: Path, runs: Mapping[str, Run], found: Mapping[str, Linear], told: Mapping[str, np.ndarray]
) -> Figure:
    """Error against classes told, one point a weight of the labels."""
    with figure(folder / "constrained.svg", 7, 3) as (_, axes):
        for name, colour in zip((FREE, *WEIGHTS), COLOURS, strict=False):
            left = error(runs[name]).mean(axis=1) / found[FREE].variance
            accuracy = told[name].mean(axis=1)
            axes.plot(accuracy, left, "o", color=colour, label=f"{runs[name].settings['label_weight']:g}")
        axes.set(xlabel="accuracy of a linear classifier on the codes", ylabel="share of variance left")
        axes.legend(title="weight of labels", fontsize=9)
    alt = "Points for weights of the second loss: more classes told, and how much more error."
    return Figure("constrained", "Two uses of one code", alt, "A dot a seed; codes of eight numbers, test digits.")


def moved(folder: Path, found: Moved) -> Figure:
    """The first seed's pictures: test image, reconstruction, and moved codes."""
    pictures = found.pictures[0]
    titles = ["image", *("decoded" if not strength else f"moved {strength:g}" for strength in found.strengths)]
    rows, columns = pictures.shape[:2]
    with figure(folder / "moved.png", 1.1 * columns, 1.0 * rows, nrows=rows, ncols=columns) as (_, axes):
        for row, column in np.ndindex(rows, columns):
            axes[row, column].imshow(pictures[row, column], vmin=0, vmax=255)
            axes[row, column].axis("off")
            if not row:
                axes[row, column].set_title(titles[column], fontsize=8)
    alt = f"{rows} digits, what is decoded from their codes, and from codes moved further and further."
    return Figure("moved", "Moved codes", alt, "Moves in standard deviations of the codes; the first seed.", "png")


def kept(folder: Path, every: Mapping[str, Moved]) -> Figure:
    """Share of moved codes that keep their class."""
    with figure(folder / "kept.svg", 7, 2.8) as (_, axes):
        for (name, each), colour in zip(every.items(), COLOURS, strict=False):
            shares = each.kept.mean(axis=2)
            axes.plot(each.strengths, shares.mean(axis=0), "o-", color=colour, ms=4, label=name)
        axes.axhline(0.5, color=COLOURS[8], ls="--", lw=1)
        axes.set(xlabel="moved by, standard deviations of the codes", ylabel="class kept", ylim=(0, 1.02))
        axes.legend(fontsize=9)
    alt = "The share of decoded pictures whose nearest training image is of the same class falls with the move."
    return Figure("kept", "How far a code can be moved", alt, "Test digits, means over seeds.")

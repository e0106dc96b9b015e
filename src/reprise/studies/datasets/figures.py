"""Drawing only: contact sheets of near-duplicates, distances, and ImageNet by year."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from reprise.claims.evidence import Figure
from reprise.plotting import COLOURS, figure
from reprise.studies.datasets import years
from reprise.studies.datasets.near import Near
from reprise.studies.datasets.published import PUBLISHED

ACROSS = 4  # pairs in a row


def sheet(folder: Path, near: Near, shown: int) -> Figure:
    """Pairs of a training and a test image, spread evenly from the nearest to the threshold."""
    name = f"near_{near.card.name}"
    chosen = np.unique(np.linspace(0, len(near.pairs) - 1, min(shown, len(near.pairs))).round().astype(int))
    rows = max(1, -(-len(chosen) // ACROSS))
    with figure(folder / f"{name}.png", 7.6, 1.25 * rows + 0.3, nrows=rows, ncols=ACROSS, squeeze=False) as (_, axes):
        for axis in axes.flat:
            axis.axis("off")
        for axis, k in zip(axes.flat, chosen, strict=False):
            i, j = near.pairs[k]
            pair = near.card.images.train_images[i], near.card.images.test_images[j]
            gap = np.full((pair[0].shape[0], 2, pair[0].shape[2]), 255, np.uint8)
            axis.imshow(np.concatenate([pair[0], gap, pair[1]], axis=1).squeeze(), vmin=0, vmax=255)
            axis.set_title(f"{i} | {j}: {near.distances[k]:.4f}", fontsize=7)
        if not len(chosen):
            axes[0, 0].set_title("no pair")
    return Figure(
        name,
        f"Near-duplicates across the parts of {near.card.name}",
        f"{len(chosen)} pairs of a training image (left) and a test image (right), with their distance.",
        f"{len(chosen)} of {len(near.pairs):,} pairs, evenly spread from the nearest to the threshold {near.used:g}.",
        "png",
    )


def imagenet(folder: Path) -> Figure:
    """The source's figure, redrawn from published numbers."""
    best, outside = years.best(), years.without_outside_data()
    human = PUBLISHED.rows("human")["top-5 error"][""]
    with figure(folder / "imagenet.svg", 7, 3.2) as (_, axes):
        deep = [COLOURS[0] if year >= years.FIRST_DEEP else COLOURS[8] for year in best]
        axes.bar(list(best), list(best.values()), color=deep, width=0.65)
        axes.plot(list(outside), list(outside.values()), "_", color=COLOURS[1], ms=26, mew=2)
        axes.axhline(human, color=COLOURS[2], ls="--", lw=1.2)
        axes.text(2017.45, human + 0.5, "one trained person", color=COLOURS[2], fontsize=9, ha="right")
        for year, error in best.items():
            axes.text(year, max(error, outside.get(year, 0)) + 0.5, f"{error:.1f}", ha="center", fontsize=9)
        axes.set(xticks=list(best), xlabel="year of the challenge", ylabel="top-5 error, %", ylim=(0, 31))
        axes.grid(axis="x", visible=False)
    return Figure(
        "imagenet",
        "The best error on ImageNet by year",
        "Bars of the best top-5 error of each year from 28 % in 2010 to 2.3 % in 2017, with a step down in 2012.",
        "Grey: before deep networks; blue: deep networks; orange: the best without outside data, where they differ.",
    )

"""The pictures of the study of the published U-Net."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from reprise.claims.evidence import Figure
from reprise.data.borders import border_weights, carved
from reprise.plotting import COLOURS, figure
from reprise.runs import Run
from reprise.studies.unet.scores import Scored
from reprise.studies.unet.settings import CHANGES

SIDE = 128  # pixels of the part that is shown
ROWS = 3


def touching(folder: Path, scored: dict[str, Scored], w0: float, sigma: float) -> Figure:
    """Cells that touch: the picture, its cells, the weights, and the regions of three networks."""
    questions = scored["base"].questions
    shown = [name for name in ("semantic", "no_weights", "base") if name in scored]
    most = np.argsort([-len(pairs) for pairs in questions.pairs], kind="stable")[:ROWS]
    columns = ("picture", "cells", "border weights", *shown)
    with figure(
        folder / "touching.png", 7.4, 1.28 * len(most) + 0.3, nrows=len(most), ncols=len(columns), squeeze=False
    ) as (
        _,
        axes,
    ):
        for row, place in zip(axes, most, strict=True):
            cells = questions.cells[questions.plain][place][:SIDE, :SIDE]
            inside = carved(cells)
            maps = [
                questions.images[questions.plain][place][:SIDE, :SIDE],
                coloured(cells),
                border_weights(np.where(inside, cells, 0), w0 or 1.0, sigma),
                *(coloured(scored[name].regions[0][place][:SIDE, :SIDE]) for name in shown),
            ]
            for axis, picture in zip(row, maps, strict=True):
                axis.imshow(picture, interpolation="nearest", cmap="gray" if picture is maps[0] else "magma")
                axis.set(xticks=[], yticks=[])
                axis.grid(False)
                for side in axis.spines.values():
                    side.set_visible(False)
        for axis, words in zip(axes[0], columns, strict=True):
            axis.set_title(words, fontsize=8, fontweight="normal", loc="center")
    caption = (
        "A colour is a region. `semantic` was trained on classes alone, `no_weights` with a line of background between "
    )
    caption += (
        "touching cells, `base` with that line weighted. First seed's networks. Holes and broken rings are cells half "
    )
    caption += f"found: `base` keeps {scored['base'].apart.mean():.0%} of neighbours apart."
    return Figure("touching", "Cells that touch", "Regions of cells, merged and apart", caption, "png")


def coloured(regions: np.ndarray) -> np.ndarray:
    """(h, w) numbers -> (h, w, 3) uint8: one colour a region, background black; neighbours in number differ much."""
    colours = np.random.default_rng(3).integers(70, 256, (int(regions.max()) + 1, 3), dtype=np.uint8)
    colours[0] = 0
    return colours[regions]


def apart(folder: Path, scored: dict[str, Scored]) -> Figure:
    """Share of neighbours kept apart, and instance IoU, of every network."""
    with figure(folder / "apart.svg", 7, 0.34 * len(scored) + 1.2, ncols=2, sharey=True) as (_, axes):
        asked = (("neighbours kept apart", "apart"), ("instance IoU", "instance_iou"))
        for axis, (words, measure) in zip(axes, asked, strict=True):
            for row, each in enumerate(scored.values()):
                values = np.asarray(getattr(each, measure))
                values = values.mean(axis=1) if values.ndim > 1 else values
                axis.plot(values, [row] * len(values), "o", color=COLOURS[0], ms=5, mec="none", alpha=0.8)
                axis.plot(values.mean(), row, "|", color=COLOURS[0], ms=14, mew=2.5)
            axis.set(xlabel=words, xlim=(-0.03, 1.03))
            axis.grid(axis="y", visible=False)
        axes[0].set_yticks(range(len(scored)), list(scored))
        axes[0].set_ylim(len(scored) - 0.4, -0.6)
    alt = f"Share of neighbours kept apart and instance IoU of {', '.join(scored)}"
    caption = "Test pictures as they are. Dots: seeds; stroke: their mean."
    if "base" in scored and scored["base"].apart.mean() < 0.1:
        caption += " Even `base`, which was trained to separate, keeps less than a tenth of neighbours apart."
    return Figure("apart", "One region or two", alt, caption)


def changes(folder: Path, scored: dict[str, Scored]) -> Figure:
    """Mean IU under each change of the test pictures."""
    with figure(folder / "changes.svg", 7, 3.2) as (_, axes):
        for colour, (name, each) in zip(COLOURS, scored.items(), strict=False):
            count = int(each.questions.plain.sum())
            means = each.mean_iu.mean(axis=0).reshape(-1, count).mean(axis=1)
            axes.plot(range(len(means)), means, "o", color=colour, label=name, ms=6, alpha=0.8)
        axes.set_xticks(range(len(means)), ["as it is", *CHANGES][: len(means)])
        axes.set(ylabel="mean IU, test pictures")
        axes.legend(fontsize=9, loc="upper left", bbox_to_anchor=(1, 1))
    caption = (
        "Means over seeds and pictures. Each change is judged by itself: what is gained under one may be lost under "
    )
    caption += "another."
    return Figure("changes", "Under changes", f"Mean IU of {', '.join(scored)} on changed pictures", caption)


def momentum(folder: Path, found: dict[float, np.ndarray]) -> Figure:
    """How much of an update comes from the last n samples."""
    with figure(folder / "momentum.svg", 7, 2.8) as (_, axes):
        for colour, (value, each) in zip(COLOURS, found.items(), strict=False):
            axes.plot(np.arange(1, 401), np.cumsum(each)[:400], color=colour, label=f"momentum {value:g}")
        axes.axhline(0.5, color="#888888", lw=1, ls="--")
        axes.set(xlabel="last samples, one a step", ylabel="share of an update", ylim=(0, 1.02))
        axes.legend(fontsize=9, loc="lower right")
    alt = "Share of an update that the last samples make up, rising slowly at 0.99 and at once at 0.9"
    return Figure("momentum", "Whose gradient it is", alt, "Asked of PyTorch's optimiser with a single gradient of 1.")


def curves(folder: Path, runs: dict[str, Run]) -> Figure:
    """Training loss by epoch."""
    with figure(folder / "curves.svg", 7, 3.2) as (_, axes):
        for colour, (name, run) in zip(COLOURS, runs.items(), strict=False):
            mean = run.mean_curve("train_loss")
            axes.plot(np.arange(1, len(mean) + 1), mean, color=colour, label=name)
        axes.set(xlabel="epoch", ylabel="training loss", yscale="log")
        axes.legend(fontsize=9, loc="upper left", bbox_to_anchor=(1, 1))
    caption = "Means over seeds. Losses of networks with other weights or without augmentation are other losses."
    return Figure("curves", "Training", f"Training loss by epoch for {', '.join(runs)}", caption)

"""The pictures of the study of images pixel by pixel."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from reprise.claims.evidence import Figure
from reprise.plotting import COLOURS, figure
from reprise.runs import Probed, Run


def curves(folder: Path, runs: dict[str, Run], names: dict[str, str]) -> Figure:
    """Validation nats by epoch."""
    with figure(folder / "nats.svg", 7.0, 3.2) as (_, axes):
        for colour, (name, run) in zip(COLOURS, runs.items(), strict=False):
            for history in run.history:
                axes.plot(history["epoch"] + 1, history["val_loss"], color=colour, lw=0.8, alpha=0.5)
            mean = run.mean_curve("val_loss")
            axes.plot(np.arange(1, len(mean) + 1), mean, "-o", ms=3, color=colour, label=names.get(name, name))
        axes.set(xlabel="epoch", ylabel="nats of a validation image")
        axes.legend()
    alt = f"Nats of a validation image by epoch fall for {', '.join(names.values())}."
    return Figure("nats", "At equal epochs", alt, "Thin: seeds; thick: their mean.")


def samples(folder: Path, probed: dict[str, Probed], names: dict[str, str]) -> Figure:
    """Drawn images beside test images."""
    truth = next(iter(probed.values())).arrays("truth")[0][0]
    rows = {"test images": truth} | {
        names.get(name, name): each.arrays("samples")[0][0] for name, each in probed.items()
    }
    count = min(12, max(len(each) for each in rows.values()))
    with figure(folder / "samples.png", 7.6, 0.75 * len(rows) + 0.2, nrows=len(rows), ncols=count, squeeze=False) as (
        _,
        axes,
    ):
        for row, (name, images) in zip(axes, rows.items(), strict=True):
            _show(row, images)
            row[0].set_ylabel(name, fontsize=7)
    alt = "Rows of small binary digits: test images, then images that the three networks drew."
    caption = "The first seed's networks; all draw from the same random numbers. None is chosen."
    return Figure("samples", "Drawn images", alt, caption, "png")


def completions(folder: Path, probed: dict[str, Probed], names: dict[str, str]) -> Figure:
    """Lower halves drawn anew, beside the truth and the nearest training image."""
    first = next(iter(probed.values()))
    truth, near = (first.arrays(name)[0][0] for name in ("truth", "nearest"))
    columns = {"truth": truth[:, None], "nearest": near[:, None]}
    columns |= {names.get(name, name): each.arrays("completed")[0][0] for name, each in probed.items()}
    widths = [images.shape[1] for images in columns.values()]
    shape = {"nrows": len(truth), "ncols": sum(widths), "squeeze": False}
    with figure(folder / "completions.png", 7.6, 0.6 * len(truth) + 0.4, **shape) as (_, axes):
        start = 0
        for (name, images), width in zip(columns.items(), widths, strict=True):
            for row, of_image in zip(axes[:, start : start + width], images, strict=True):
                _show(row, of_image)
            axes[0, start].set_title(name, fontsize=7, loc="left")
            start += width
    alt = "Digits whose lower half was drawn anew by three networks, beside the whole digit."
    caption = "The upper half is given. Nearest: the training image whose upper half differs in the fewest pixels."
    return Figure("completions", "Completed images", alt, caption, "png")


def _show(axes: np.ndarray, images: np.ndarray) -> None:
    for place, axis in enumerate(axes):
        axis.set_xticks([])
        axis.set_yticks([])
        axis.grid(False)
        axis.set_visible(place < len(images))
        if place < len(images):
            axis.imshow(images[place, ..., 0], vmin=0, vmax=1)

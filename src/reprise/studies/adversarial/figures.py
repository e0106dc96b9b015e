"""The pictures of the adversarial study."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from reprise.claims.evidence import Figure
from reprise.plotting import COLOURS, MARKER, figure
from reprise.studies.adversarial.answers import Answers
from reprise.studies.adversarial.published import ONE_STEP
from reprise.studies.adversarial.settings import KINDS, STICKERS

WORDS = {
    "clean": "as it is",
    "step": "one step",
    "iterated": "ten steps",
    "targeted": "to the next class",
    "noise": "random signs",
    "transfer": "ten, against seed 0",
    "trained": "trained",
    "random": "random pixels",
    "grey": "grey",
    "crop": "crop of the class",
}


def changes(folder: Path, every: dict[str, Answers]) -> Figure:
    """Error against the size of the change, one panel a network, with what is published."""
    columns = 3
    rows = -(-len(every) // columns)
    options = {"nrows": rows, "ncols": columns, "sharey": True, "squeeze": False}
    with figure(folder / "changes.svg", 7.6, 2.3 * rows + 0.4, **options) as (drawn, axes):
        for axis, (name, answers) in zip(axes.flat, every.items(), strict=False):
            sizes = (0.0, *answers.sizes)
            for colour, kind in zip(COLOURS, answers.changed, strict=False):
                errors = np.concatenate([[1 - answers.right.mean()], answers.error(kind).mean(axis=0)])
                axis.plot(sizes, errors, "-o", color=colour, ms=2.5, lw=1.4, label=WORDS[kind])
            if name in ONE_STEP:
                row = ONE_STEP[name]
                axis.plot(row["size"], row["error"], "*", color=MARKER, ms=9, mec="none", label="paper, one step")
            axis.set(title=name, ylim=(-0.02, 1.04))
        for axis in axes.flat[len(every) :]:
            axis.set_visible(False)
        handles, labels = axes.flat[0].get_legend_handles_labels()
        drawn.legend(handles, labels, loc="lower right", fontsize=8, bbox_to_anchor=(0.98, 0.06))
        drawn.supxlabel("largest change of a pixel, share of its range", fontsize=10)
        drawn.supylabel("test error", fontsize=10)
    alt = "Test error rises with the size of the change along the gradient's sign, and hardly with random signs."
    caption = "Means over seeds; stars: Goodfellow, Shlens and Szegedy (2015), whole sets."
    return Figure("changes", "How small a change deceives", alt, caption)


def changed_images(folder: Path, every: dict[str, Answers]) -> Figure:
    """The same images, unchanged and changed in each way, with what the first seed's network calls them."""
    shown = {name: every[name] for name in ("digitnet", "minivgg")}
    kinds = ("clean", *KINDS)
    with figure(folder / "changed_images.png", 7.6, 4.4, nrows=len(kinds), ncols=12) as (_, axes):
        for row, kind in zip(axes, kinds, strict=True):
            for half, answers in enumerate(shown.values()):
                pictures = answers.shown[f"shown/{kind}"]
                logits = answers.clean[0] if kind == "clean" else answers.changed[kind][0, len(answers.sizes) // 2]
                _row(row[6 * half : 6 * half + 6], pictures, logits, answers.label)
            row[0].set_ylabel(WORDS[kind], fontsize=8)
    caption = "What the network calls them stands above, in brackets where that is right. Left: digits, changed by "
    caption += "0.2 of the range at most; right: CIFAR's classes by number, 8/255."
    alt = "Six digits and six small pictures, unchanged and changed in four ways, with the classes that are named."
    return Figure("changed_images", "What deceives, looked at", alt, caption, "png")


def sticker_images(folder: Path, every: dict[str, Answers]) -> Figure:
    """The same images with each kind of sticker, a tenth of the area."""
    shown = [every[name] for name in ("digitnet", "minivgg")]
    with figure(folder / "sticker_images.png", 7.6, 3.6, nrows=len(STICKERS), ncols=12) as (_, axes):
        for row, kind in zip(axes, STICKERS, strict=True):
            for half, answers in enumerate(shown):
                logits = answers.stickers[kind][0, answers.judged_area, 0]
                _row(row[6 * half : 6 * half + 6], answers.shown[f"sheet/{kind}"], logits, answers.label)
            row[0].set_ylabel(WORDS[kind], fontsize=8)
    target = shown[0].asked["targets"][0]
    caption = f"The stickers' class is {target}; what the first seed's network names stands above, in brackets where "
    caption += "that is right."
    alt = "Six digits and six small pictures with four kinds of stickers and the classes that are named."
    return Figure("sticker_images", "Stickers, looked at", alt, caption, "png")


def _row(axes: np.ndarray, pictures: np.ndarray, logits: np.ndarray, labels: np.ndarray) -> None:
    for axis, picture, named, label in zip(axes, pictures, logits.argmax(axis=1), labels, strict=False):
        axis.imshow(picture.squeeze(), vmin=0, vmax=255)
        axis.set_title(f"({named})" if named == label else f"{named}", fontsize=8, pad=2, loc="center")
        axis.set_xticks([])
        axis.set_yticks([])
        axis.grid(False)


def stickers(folder: Path, every: dict[str, Answers]) -> Figure:
    """How often the sticker's class is named, by its area."""
    columns = 3
    rows = -(-len(every) // columns)
    options = {"nrows": rows, "ncols": columns, "sharex": True, "sharey": True, "squeeze": False}
    with figure(folder / "stickers.svg", 7.6, 2.2 * rows + 0.4, **options) as (drawn, axes):
        for axis, (name, answers) in zip(axes.flat, every.items(), strict=False):
            areas = answers.asked["areas"]
            for colour, kind in zip(COLOURS, STICKERS, strict=False):
                shares = np.nanmean(answers.named(kind), axis=(2, 3))
                axis.plot(areas, shares.T, ".", color=colour, ms=4)
                axis.plot(areas, shares.mean(axis=0), color=colour, label=WORDS[kind])
            axis.set(title=name, ylim=(-0.02, 1.04))
        for axis in axes.flat[len(every) :]:
            axis.set_visible(False)
        handles, labels = axes.flat[0].get_legend_handles_labels()
        drawn.legend(handles, labels, loc="lower right", fontsize=8, bbox_to_anchor=(0.98, 0.1))
        drawn.supxlabel("area of the sticker, share of the image", fontsize=10)
        drawn.supylabel("called the sticker's class", fontsize=10)
    alt = "Share of images called the sticker's class by area: trained stickers above the three others."
    return Figure("stickers", "How large a sticker must be", alt, "Dots: seeds; lines: their means.")

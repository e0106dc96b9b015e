"""The figures of the dropout study."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib import colormaps
from PIL import Image, ImageDraw

from reprise.claims.evidence import Figure
from reprise.files import replacing
from reprise.plotting import COLOURS, figure
from reprise.studies.thinned import overfitting, updates
from reprise.sweeps import Sweep

FRAMES, CELL, MARGIN = 24, 4, 18  # steps shown, pixels a weight, pixels of text
CHANGED, LEFT = np.array((0.0, 0.45, 0.7)), np.array((0.9, 0.9, 0.9))  # colours of weights that changed, and did not
NAMES = {
    "many": "many",
    "many_dropped": "many, dropout",
    "few": "few",
    "few_dropped": "few, dropout",
    "noisy_small": "noise, small",
    "noisy_large": "noise, large",
    "noisy_dropped": "noise, dropout",
}


def draw_gaps(folder: Path, sweep: Sweep, images: str) -> Figure:
    """Training and test accuracy of every kind of network, and what half of the units lose."""
    with figure(folder / "thinned-overfitting.svg", 7, 3.4, ncols=2, width_ratios=(3, 1)) as (_, (left, right)):
        places = np.arange(len(NAMES))
        for column, marker in (("train", "o"), ("test", "s")):
            values = [overfitting.of(sweep, cell, column) for cell in NAMES]
            spread = [value.std(ddof=1) for value in values]
            label = "training" if column == "train" else "test"
            left.errorbar(places, [value.mean() for value in values], spread, fmt=marker, label=label)
        left.set_xticks(places, NAMES.values(), rotation=40, ha="right")
        left.set(title="Accuracy", ylabel="share")
        left.legend(fontsize=8)
        lost = [overfitting.of(sweep, cell, "lost_half") for cell in ("many", "many_dropped")]
        for place, values in enumerate(lost):
            right.plot(np.full(len(values), place), values, "o", ms=4, color=COLOURS[place])
        right.set_xticks((0, 1), ("none", "dropout"))
        right.set(title="Lost without half", xlim=(-0.5, 1.5))
    return Figure(
        "thinned-overfitting",
        "Overfitting and co-adaptation, with dropout and without",
        "Left: training and test accuracy of seven kinds of networks, with few images or many, and with labels drawn "
        "anew. Right: accuracy lost when half of the hidden units are removed.",
        f"{images}; means and standard deviations over seeds on the left, seeds on the right. "
        "Training accuracy is on the labels that were taught, of which a fifth is drawn anew where it says noise.",
    )


def draw_ensemble(folder: Path, sweep: Sweep) -> Figure:
    """Accuracy with scaled weights against that of the average over all thinned networks, a point a seed."""
    scaled, average = (overfitting.of(sweep, "ensemble", column) for column in ("scaled", "average"))
    with figure(folder / "thinned-ensemble.svg", 3.6, 3.4) as (_, ax):
        ends = (min(scaled.min(), average.min()) - 0.02, max(scaled.max(), average.max()) + 0.02)
        ax.plot(ends, ends, color=COLOURS[8], lw=1)
        ax.plot(average, scaled, "o")
        ax.set(title="Test accuracy", xlabel="average of all thinned networks", ylabel="scaled weights", aspect="equal")
    return Figure(
        "thinned-ensemble",
        "One network in place of all thinned ones",
        "Points lie along the diagonal: the network with scaled weights is about as right as the average.",
        "A point a seed; every mask of two hidden layers was tried.",
    )


def draw_updates(folder: Path) -> Figure:
    """The source's animation, for gradient descent above and Adam below: update, which, and how often so far."""
    frames = []
    nets = {name: updates.Net(0, name) for name in updates.RATES}
    counts = {name: np.zeros((updates.CLASSES, updates.UNITS)) for name in nets}
    for step in range(FRAMES):
        bands = []
        for name, net in nets.items():
            change, _ = net.step()
            counts[name] += change != 0
            bands.append(_band(name, change, counts[name], step + 1))
        frames.append(Image.fromarray(np.concatenate(bands)))
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(folder / f"{updates.FIGURE}.png") as path:
        # the last step first: a reader that shows no animation shows that
        frames[-1].save(path, format="PNG", save_all=True, append_images=frames[:-1], duration=350, loop=0)
    return Figure(
        updates.FIGURE,
        "Which weights a step changes",
        "Three panels for gradient descent and three for Adam. Under gradient descent half of the columns, those of "
        "dropped units, stay as they are in each step; under Adam all columns change from the second step on.",
        f"Weights from 100 dropped units (columns) to 10 classes (rows), {FRAMES} steps, a new mask each: the update, "
        "which weights changed (blue, the others grey), how often each has changed so far.",
        kind="png",
    )


def _band(name: str, change: np.ndarray, count: np.ndarray, step: int) -> np.ndarray:
    """(height, width, 3) bytes: three panels side by side with their titles."""
    largest = np.abs(change).max() or 1.0
    panels = (
        ("update", colormaps["RdBu_r"](0.5 + change / (2 * largest))),
        ("which changed (blue)", np.where((change != 0)[..., None], CHANGED, LEFT)),
        (f"how often in {step}", colormaps["viridis"](count / FRAMES)),
    )
    shown = []
    for title, colours in panels:
        pixels = (colours[..., :3] * 255).astype(np.uint8).repeat(2 * CELL, axis=0).repeat(CELL // 2, axis=1)
        pixels = np.pad(pixels, ((1, 1), (1, 1), (0, 0)))  # a black frame
        text = Image.new("RGB", (pixels.shape[1], MARGIN), "white")
        ImageDraw.Draw(text).text((2, 3), f"{name}: {title}", fill="black")
        panel = np.concatenate([np.asarray(text), pixels])
        shown += [panel, np.full((len(panel), 6, 3), 255, np.uint8)]
    return np.concatenate(shown, axis=1)

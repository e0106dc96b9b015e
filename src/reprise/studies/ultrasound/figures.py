"""The pictures of the ultrasound study."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.colors import LogNorm
from skimage.measure import find_contours

from reprise.calibration.diagrams import draw_reliability
from reprise.claims.evidence import Figure
from reprise.data.ultrasound import Prepared
from reprise.metrics.calibration import ReliabilityCurve
from reprise.plotting import COLOURS, figure
from reprise.runs import Run
from reprise.studies.ultrasound.answers import SHOWN, Answers
from reprise.studies.ultrasound.duplicates import Curve
from reprise.studies.ultrasound.scores import Scores


def subjects(folder: Path, scores: dict[str, Scores]) -> Figure:
    """Mean dice of every test subject, one dot a subject and variant."""
    names = list(scores)
    with figure(folder / "subjects.svg", 7, 0.55 * len(names) + 1.4) as (_, axes):
        rng = np.random.default_rng(0)
        for row, name in enumerate(names):
            s = scores[name]
            means = [s.dice[s.subject == who].mean() for who in np.unique(s.subject)]
            axes.scatter(means, row + rng.uniform(-0.14, 0.14, len(means)), s=22, color=COLOURS[row], alpha=0.65, lw=0)
            axes.plot([s.dice.mean()] * 2, [row - 0.3, row + 0.3], color=COLOURS[row], lw=3)
        nothing = (~scores["raw"].present).mean()
        axes.axvline(nothing, color="#888888", ls="--", lw=1.2)
        axes.text(nothing, -0.75, " predict nothing", va="center", fontsize=9, color="#888888")
        axes.set_yticks(range(len(names)), names)
        axes.set(xlim=(0, 1), ylim=(len(names) - 0.4, -1.05), xlabel="mean dice of a test subject (bar: all frames)")
        axes.grid(axis="y", visible=False)
    return Figure(
        "subjects", "Dice by test subject", f"Dots of mean dice for each test subject, for {', '.join(names)}"
    )


def curves(folder: Path, runs: Sequence[Run]) -> Figure:
    """Validation loss by epoch: thin lines are seeds, thick ones their mean."""
    with figure(folder / "curves.svg", 7, 3.6) as (_, axes):
        for colour, run in zip(COLOURS, runs, strict=False):
            for history in run.history:
                axes.plot(history["epoch"] + 1, history["val_loss"], color=colour, lw=0.7, alpha=0.45)
            mean = run.mean_curve("val_loss")
            axes.plot(range(1, len(mean) + 1), mean, color=colour, label=run.name)
        axes.set(xlabel="epoch", ylabel="validation loss")
        axes.legend(ncols=2, fontsize=9)
    caption = "With the head the loss holds half a cross-entropy more, so its height is not comparable."
    return Figure("curves", "Training", "Validation loss by epoch for each variant", caption)


def predictions(folder: Path, prepared: Prepared, scores: Scores) -> Figure:
    """The best, the median and the worst frames of one network, true and predicted outline over the frame."""
    first = scores.seed == 0
    values, frames = scores.dice[first], scores.index[first]
    shown = (scores.present | scores.predicted_present)[first]
    order = np.flatnonzero(shown)[np.argsort(values[shown], kind="stable")]
    if len(order) < 3:
        order = np.argsort(values, kind="stable")
    each = 2 if len(order) >= 6 else 1
    middle = (len(order) - each) // 2
    picks = {"best": order[-each:][::-1], "median": order[middle : middle + each], "worst": order[:each]}
    with figure(folder / "predictions.png", 8, 8.6, nrows=3, ncols=2, squeeze=False) as (_, axes):
        for row, (label, chosen) in zip(axes, picks.items(), strict=True):
            for axis in row:
                axis.axis("off")
            for axis, i in zip(row, chosen, strict=False):
                frame = frames[i]
                axis.imshow(prepared.frames[frame], vmin=0, vmax=255)
                outline(axis, prepared.masks[frame], "#ffd34d")
                outline(axis, scores.best[i], "#4dc3ff")
                axis.set_title(f"{label}: {prepared.names[frame]}, dice {values[i]:.2f}", fontsize=9)
    caption = "Yellow: label; blue: prediction (cleaned_has_mask, seed 0). Frames where both are empty are left out."
    return Figure(
        "predictions", "Predictions", "Six frames with the labelled and predicted nerve outlined", caption, "png"
    )


def distances(folder: Path, subject: int, matrix: np.ndarray, threshold: float) -> Figure:
    """(frames, frames) cosine distances of the source's hash between all frames of one subject, in their order."""
    with figure(folder / "distances.png", 6, 5) as (drawn, axes):
        image = axes.imshow(np.clip(matrix, 1e-5, None), cmap="magma", norm=LogNorm(1e-4, 0.36))
        axes.contour(matrix < threshold, [0.5], colors="#4dc3ff", linewidths=0.6)
        axes.set(title=f"Subject {subject}: {len(matrix)} frames in order", xlabel="frame", ylabel="frame")
        axes.grid(visible=False)
        drawn.colorbar(image, label="cosine distance")
    caption = f"Blue outlines: below {threshold:g}. Dark blocks off the diagonal are places the probe came back to."
    return Figure(
        "distances", "Distances between the frames of one subject", "A square matrix of distances", caption, "png"
    )


def contradictions(folder: Path, prepared: Prepared, pairs: np.ndarray, distances: np.ndarray) -> Figure:
    """The nearest pairs with opposite labels, side by side."""
    order = np.argsort(distances, kind="stable")[:3]
    with figure(folder / "contradictions.png", 8, 2.9 * len(order), nrows=len(order), ncols=2, squeeze=False) as (
        _,
        axes,
    ):
        for row, k in zip(axes, order, strict=True):
            for axis, frame in zip(row, pairs[k], strict=True):
                axis.imshow(prepared.frames[frame], vmin=0, vmax=255)
                outline(axis, prepared.masks[frame], "#ffd34d")
                label = "nerve" if prepared.nonempty[frame] else "no nerve"
                axis.set_title(f"{prepared.names[frame]}: {label} (distance {distances[k]:.4f})", fontsize=9)
                axis.axis("off")
    caption = f"The {len(order)} nearest of {len(pairs)} contradictory pairs; yellow: the labelled nerve."
    return Figure("contradictions", "Opposite labels on nearly identical frames", "Pairs of frames", caption, "png")


def finders(folder: Path, curves: dict[str, Curve]) -> Figure:
    """Precision against recall of every hash as its threshold moves; a dot where it stands."""
    with figure(folder / "finders.svg", 6, 3.8) as (_, axes):
        for colour, (name, (thresholds, precision, recall, own)) in zip(COLOURS, curves.items(), strict=False):
            axes.plot(recall, precision, color=colour, label=name)
            at = np.searchsorted(thresholds, own) - 1
            if at >= 0:
                axes.plot(recall[at], precision[at], "o", color=colour, ms=8)
        axes.set(xlabel="recall of planted near-duplicates", ylabel="precision", xlim=(0, 1.02), ylim=(0, 1.03))
        axes.legend(loc="lower left")
    caption = "Each line ends at four times the hash's own threshold, which the dot marks."
    return Figure(
        "finders", "Near-duplicate finders", "Precision against recall for strips, blocks and robust", caption
    )


def reliability(
    folder: Path,
    source: str,
    shown: dict[str, Answers],
    before: dict[str, ReliabilityCurve],
    after: dict[str, ReliabilityCurve],
) -> Figure:
    """Reliability diagrams of seed 0: as trained above, after temperature scaling below."""
    draw_reliability(before | after, folder / "reliability.svg", columns=2)
    sizes = {target: (f"{len(test.labels):,}", len(np.unique(test.subject))) for target, test in shown.items()}
    (pixels, pixel_subjects), (frames, frame_subjects) = sizes["pixels"], sizes["head"]
    caption = (
        f"Seed 0, {source} test frames: {pixels} pixels for {SHOWN['pixels']} ({pixel_subjects} subjects), {frames} "
        f"frames for the head of {SHOWN['head']} ({frame_subjects} subjects), 15 bins; without T: as trained. "
        "Whiskers: 95 % bootstrap over pixels or frames as if independent. Pixels of a frame and frames of a subject "
        "are not, so they are too narrow."
    )
    if len(after) < len(before):
        caption += " Panels are missing where the table has no temperature."
    alt = f"Accuracy by confidence in bars against the diagonal, {len(before | after)} panels: "
    return Figure("reliability", "Reliability of pixels and head", alt + "; ".join(before | after), caption)


def outline(axis, mask: np.ndarray, colour: str) -> None:
    """Draws a mask's border."""
    for contour in find_contours(np.pad(mask, 1).astype(float), 0.5):
        axis.plot(contour[:, 1] - 1, contour[:, 0] - 1, color=colour, lw=1.2)

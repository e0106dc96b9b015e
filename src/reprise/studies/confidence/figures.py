"""Figures of the calibration study."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.ticker import MaxNLocator

from reprise.calibration.diagrams import draw_reliability
from reprise.claims.evidence import Figure
from reprise.metrics.calibration import ReliabilityCurve
from reprise.plotting import COLOURS, figure
from reprise.runs import Run, same_seeds
from reprise.studies.confidence.comparisons import floor_remark
from reprise.studies.confidence.densities import Densities
from reprise.studies.confidence.published import METHODS
from reprise.studies.confidence.scores import Scores
from reprise.studies.confidence.settings import STRENGTHS
from reprise.studies.confidence.variants import CONTRASTS
from reprise.sweeps import Sweep

SHORT = {"uncalibrated": "none", "temperature": "temp."}
FAMILIES = {"resnet": "residual", "minivgg": "mini-VGG", "lenet5": "LeNet-5"}
TITLES = {"blur": "blur", "jpeg": "JPEG", "noise": "noise", "fgsm": "gradient sign"}
UNITS = {"blur": "sd, pixels", "jpeg": "quality", "noise": "sd of 255", "fgsm": "step of 255"}


def reliability(folder: Path, name: str, scores: Scores, curves: dict[str, ReliabilityCurve]) -> Figure:
    """Reliability diagrams and confidence histograms of seed 0, before and after temperature scaling."""
    draw_reliability(curves, folder / "reliability.svg")
    caption = (
        f"{name}, seed 0, {len(scores.labels):,} test images, 15 bins; whiskers: 95 % bootstrap over images, "
        "Wilson's where all of a bin or none are right. "
        f"Below, the share of images at each confidence. {floor_remark([scores], ('uncalibrated', 'temperature'))}"
    )
    alt = "Accuracy by confidence in bars against the diagonal, before and after temperature scaling"
    return Figure("reliability", "Reliability before and after temperature scaling", alt, caption)


def epochs(folder: Path, runs: Sequence[Run]) -> Figure:
    """Validation NLL and error by epoch, mean over seeds."""
    with figure(folder / "epochs.svg", 7, 3.4, ncols=2) as (drawn, axes):
        for colour, run in zip(COLOURS, runs, strict=False):
            loss, accuracy, train = (run.mean_curve(key) for key in ("val_loss", "val_accuracy", "train_loss"))
            x = np.arange(1, len(loss) + 1)
            axes[0].plot(x, loss, color=colour, label=run.name)
            axes[0].plot(x, train, color=colour, lw=1, ls=":")
            axes[0].plot(x[loss.argmin()], loss.min(), "o", color=colour, ms=5)
            axes[1].plot(x, 100 * (1 - accuracy), color=colour)
        for axis in axes:
            axis.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes[0].set(xlabel="epoch", title="NLL (nats)", ylim=(0, None))
        axes[1].set(xlabel="epoch", title="validation error (%)", ylim=(0, None))
        drawn.legend(loc="outside lower center", ncols=3, fontsize=9)
    caption = "Mean over seeds. Left: validation (solid) and training (dotted); a dot marks the least validation NLL."
    return Figure("epochs", "Loss and error by epoch", "Two panels of curves over epochs", caption)


def scatter(folder: Path, every: dict[str, Scores], family: Sweep) -> Figure:
    """ECE against accuracy, a point a network."""
    with figure(folder / "scatter.svg", 6, 4) as (_, axes):
        accuracy, ece = 100 * (1 - family.columns["error"]), 100 * family.columns["ece"]
        axes.plot(accuracy, ece, ".", color=COLOURS[8], label="drawn at random")
        for colour, (kind, label) in zip(COLOURS, FAMILIES.items(), strict=False):
            group = {name: s for name, s in every.items() if s.settings["network"] == kind}
            if not group:
                continue
            x = [100 * (1 - s.error.mean()) for s in group.values()]
            y = [100 * s.ece.mean() for s in group.values()]
            spread = [100 * np.std(s.ece, ddof=1) if len(s.ece) > 1 else 0 for s in group.values()]
            axes.errorbar(x, y, yerr=spread, fmt="o", color=colour, ms=6, elinewidth=1, label=label)
        axes.set(xlabel="test accuracy (%)", ylabel="ECE (%)", ylim=(0, None))
        axes.legend()
    caption = (
        "One point a network, as trained: the variants, mean and standard deviation over seeds, names are in the "
        f"table; and {len(family)} small networks of settings drawn at random, one seed each. "
        f"{floor_remark(every.values())}"
    )
    return Figure("scatter", "Calibration against accuracy", "Scatter of ECE over accuracy by family", caption)


def capacity(folder: Path, every: dict[str, Scores]) -> Figure:
    """ECE of each contrast's two networks, seed by seed."""
    with figure(folder / "capacity.svg", 7, 3.2, ncols=len(CONTRASTS), sharey=True) as (_, axes):
        for axis, (what, (more, less)) in zip(axes, CONTRASTS.items(), strict=True):
            pair = 100 * np.stack(same_seeds(every[less].ece, every[more].ece))
            axis.plot([0, 1], pair, color=COLOURS[8], lw=1, marker="o", ms=3)
            axis.plot([0, 1], pair.mean(axis=1), color=COLOURS[3], marker="o", ms=7)
            axis.set(title=what, xlim=(-0.4, 1.4))
            axis.title.set_size(9)
            axis.set_xticks([0, 1], [_short(less), _short(more)], fontsize=8, rotation=25, ha="right")
        highest = max(every[name].ece.max() for pair in CONTRASTS.values() for name in pair)
        axes[0].set(ylabel="ECE (%)", ylim=(0, max(105 * highest, 1)))  # all panels share it
    shown = {name for pair in CONTRASTS.values() for name in pair}
    caption = (
        "Grey: seeds; red: their mean. Left in each panel the network that should be better calibrated. "
        f"{floor_remark(every[name] for name in shown)}"
    )
    return Figure("capacity", "Calibration by capacity and regularisation", "Four panels of paired points", caption)


def _short(name: str) -> str:
    return name.removeprefix("resnet_").replace("_", " ").replace("resnet", "base")


def methods(folder: Path, every: dict[str, Scores]) -> Figure:
    """ECE of all networks by method."""
    values = 100 * np.array([[s.measures[m]["ece"].mean() for m in METHODS] for s in every.values()])
    with figure(folder / "methods.svg", 7, 3.4) as (_, axes):
        place = np.arange(len(METHODS))
        axes.plot(place, values.T, color=COLOURS[8], lw=0, marker="o", ms=4, alpha=0.6)
        axes.plot(place, values.mean(axis=0), color=COLOURS[3], lw=0, marker="_", ms=28, mew=2.5)
        axes.set_xticks(place, [SHORT.get(m, m) for m in METHODS])
        axes.set(ylabel="ECE (%)", ylim=(0, None))
    caption = (
        f"Grey: {len(every)} networks, mean over seeds; red: their mean. Fitted on validation images, test images. "
        f"{floor_remark(every.values(), METHODS)}"
    )
    alt = "ECE of every network as it is, and after each method"
    return Figure("methods", f"{len(METHODS) - 1} methods, and none", alt, caption)


def distortions(folder: Path, densities: Densities) -> Figure:
    """Mean confidence by strength, density against softmax."""
    with figure(folder / "distortions.svg", 7.4, 3.4, ncols=len(STRENGTHS), sharey=True) as (drawn, axes):
        for axis, (kind, strengths) in zip(axes, STRENGTHS.items(), strict=True):
            for colour, measure in ((COLOURS[0], "softmax"), (COLOURS[3], "density")):
                views = densities.distorted[measure][kind]
                clean = densities.clean[measure][:, : views.shape[2]].mean()
                line = [clean, *views.mean(axis=(0, 2))]
                axis.plot(line, color=colour, marker="o", ms=4, label=measure if kind == "blur" else None)
            axis.set_xticks(range(len(strengths) + 1), ["clean", *map(str, strengths)], rotation=60, fontsize=8)
            axis.set(title=TITLES[kind], xlabel=UNITS[kind], ylim=(0, 1.02))
            axis.title.set_size(9)
        axes[0].set_ylabel("mean confidence")
        drawn.legend(loc="outside lower center", ncols=2)
    count = densities.distorted["softmax"]["blur"].shape[2]
    caption = f"Residual network; {count} test images, mean over seeds; distortion grows to the right."
    return Figure("distortions", "Confidence under distortion", "Confidence falling with strength, four kinds", caption)

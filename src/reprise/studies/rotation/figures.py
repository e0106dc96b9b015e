"""The pictures of the rotation study."""

from __future__ import annotations

from itertools import cycle
from pathlib import Path

import numpy as np

from reprise.claims.evidence import Figure
from reprise.plotting import COLOURS, figure
from reprise.studies.rotation import lesson as form


def mosaic(folder: Path) -> Figure:
    """The L in its eight ring shifts (the source's figure 6)."""
    with figure(folder / "mosaic.svg", 7, 1.5, ncols=8) as (_, axes):
        for shift, axis in enumerate(axes):
            axis.pcolormesh(
                form.ring_shift(form.L, shift)[::-1], cmap="Blues", vmin=0, vmax=1.25, edgecolors="#888888", lw=0.6
            )
            axis.set_aspect("equal")
            axis.set(xticks=[], yticks=[], xlabel=f"skew {form.skew(form.L, shift):.2f}")
            axis.set_title(f"{45 * shift}°", fontsize=10)
            axis.grid(visible=False)
            axis.spines[:].set_visible(False)
    caption = (
        "Skew: 1 - correlation with the L drawn large and truly turned. Quarter turns are exact; "
        "the eighth shift is the first picture."
    )
    return Figure(
        "mosaic", "Eight ring shifts of an L", "Eight 3 x 3 patterns, an L turning clockwise in 45° steps", caption
    )


def calculus(folder: Path) -> Figure:
    """The match of one pair over the angle, the eight shifts and the angle that calculus finds."""
    template, patch = np.random.default_rng(3).standard_normal((2, 3, 3))
    angles = np.linspace(0, 2 * np.pi, 400)
    shifts = np.arange(8) * np.pi / 4
    best = form.best_angle(template, patch)
    with figure(folder / "calculus.svg", 7, 2.8) as (_, axes):
        axes.plot(np.degrees(angles), form.match(template, patch, angles), label="match at any angle")
        axes.plot(
            np.degrees(shifts),
            form.match(template, patch, shifts),
            "o",
            color=COLOURS[0],
            label="the eight ring shifts",
        )
        top = form.match(template, patch, np.array([best]))[0]
        axes.plot(np.degrees(best), top, "D", color=COLOURS[1], ms=8, label="derivative = 0, largest")
        axes.set(xlabel="angle, degrees clockwise", ylabel="filter · patch", xticks=range(0, 361, 45))
        axes.legend(fontsize=9, loc="upper left", bbox_to_anchor=(1, 1))
    return Figure(
        "calculus", "The best angle by calculus", "A wavy line with its maximum marked", "One random filter and patch."
    )


def single_image(folder: Path, single: dict[str, np.ndarray], angles: np.ndarray) -> Figure:
    """Probability of the right class over the angle for the source's image (figure 9)."""
    rows = -(-len(single) // 3)
    options = {"nrows": rows, "ncols": 3, "sharex": True, "sharey": True, "squeeze": False}
    with figure(folder / "single_image.svg", 7.6, 1.5 * rows + 0.5, **options) as (drawn, axes):
        for axis in axes.flat[len(single) :]:
            axis.set_visible(False)
        for axis, (name, values) in zip(axes.flat, single.items(), strict=False):
            for row in values:
                axis.plot(angles, row, color=COLOURS[0], lw=0.8, alpha=0.6)
            axis.plot(angles, values.mean(axis=0), color=COLOURS[0], lw=2)
            axis.set_title(name, fontsize=9)
            axis.set(ylim=(0, 1), xticks=(0, 90, 180, 270, 360))
        drawn.supxlabel("angle, degrees", fontsize=10)
        drawn.supylabel("probability of the right class", fontsize=10)
    alt = f"{len(single)} panels: probability of the right class as one image turns"
    return Figure("single_image", "One image turned", alt, "Thin: seeds; thick: their mean.")


def boxes(folder: Path, name: str, shares: dict[str, np.ndarray], title: str) -> Figure:
    """Box plots over images (means over seeds), by their mean, as in the source's figures 10 and 12."""
    means = {model: values.mean(axis=0) for model, values in shares.items()}
    order = sorted(means, key=lambda model: means[model].mean())
    with figure(folder / f"{name}.svg", 7, 3.6) as (_, axes):
        drawn = axes.boxplot([means[model] for model in order], showmeans=True, patch_artist=True, widths=0.6)
        for model, box in zip(order, drawn["boxes"], strict=True):
            colour = COLOURS[1] if model == "baseline" else COLOURS[0]
            box.set(facecolor=f"{colour}55", edgecolor=colour)
        for part in ("whiskers", "caps"):
            for line in drawn[part]:
                line.set(color="#888888", lw=1)
        for line in drawn["medians"]:
            line.set(color="#888888", lw=2)
        for part, filled in (("means", COLOURS[2]), ("fliers", "none")):
            for line in drawn[part]:
                line.set(
                    marker="D" if part == "means" else ".",
                    mfc=filled,
                    mec=COLOURS[2] if filled != "none" else "#88888888",
                    ms=5,
                )
        axes.set_xticks(range(1, len(order) + 1), order, rotation=20)
        axes.set(ylabel="share of angles right", ylim=(-0.03, 1.03))
        axes.grid(axis="x", visible=False)
    caption = f"{len(means[order[0]]):,} images, mean over seeds of each; ordered by mean (diamonds); boxes: quartiles."
    return Figure(name, title, f"Box plots for {', '.join(order)}, lowest mean first", caption)


def season(folder: Path, right: dict[str, np.ndarray], angles: np.ndarray, damage: np.ndarray) -> Figure:
    """Share right by angle of every model, and what interpolation loses."""
    options = {"nrows": 2, "sharex": True, "height_ratios": (3, 1)}
    with figure(folder / "season.svg", 7, 5, **options) as (_, (top, bottom)):
        for colour, (name, values) in zip(cycle(COLOURS), right.items(), strict=False):
            width = 2.6 if name == "baseline" else 1.3
            top.plot(angles, values.mean(axis=(0, 1)), color=colour, lw=width, label=name)
        top.axvspan(90, 110, color="#88888822", lw=0)
        top.set(ylabel="share right", ylim=(0, None))
        top.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1, 1))
        bottom.plot(angles, damage, color="#888888")
        bottom.set(xlabel="angle, degrees", ylabel="loss, grey\nlevels", xticks=range(0, 361, 45))
    images = next(iter(right.values())).shape[1]
    caption = f"Mean over {images:,} images and all seeds; grey: 90° to 110°. Below: RMS error, there and back."
    return Figure(
        "season",
        "Accuracy by angle",
        f"{len(right)} lines of accuracy over 360°, and the interpolation error below",
        caption,
    )

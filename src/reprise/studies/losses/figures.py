"""The figures of the study of activations and losses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from reprise.claims.evidence import Figure
from reprise.plotting import COLOURS, MARKER, figure
from reprise.studies.losses import lesson

Line = Callable[[np.ndarray, np.ndarray], tuple[float, float]]


def activations(folder: Path) -> Figure:
    """Six curves with their slopes."""
    with figure(folder / "losses-activations.svg", 7, 4.2, nrows=2, ncols=3, sharex=True) as (_, axes):
        for ax, activation in zip(axes.ravel(), lesson.ACTIVATIONS, strict=True):
            ax.plot(lesson.GRID, activation.curve(lesson.GRID), label="curve")
            ax.plot(lesson.GRID, activation.slope(lesson.GRID), lw=1.3, label="slope")
            ax.set(title=activation.name, ylim=(-1.2, 2), xlim=(-6, 6))
        axes[0, 0].legend(fontsize=8, loc="lower right")
    return Figure(
        "losses-activations",
        "Six activations and their slopes",
        "Sigmoid and tanh flatten on both sides; ReLU is flat on the left; leaky ReLU, PReLU and ELU keep a slope.",
        "Blue: the activation. Orange: its slope, which multiplies every gradient that passes.",
    )


def paths(folder: Path, runs: Mapping[str, np.ndarray]) -> Figure:
    """Kind of input -> (steps + 1, 2) weights."""
    with figure(folder / "losses-zigzag.svg", 7, 3.4, ncols=2, sharex=True, sharey=True) as (_, axes):
        for ax, (name, path), colour in zip(axes, runs.items(), (COLOURS[1], COLOURS[0]), strict=True):
            ax.plot(*path.T, "-", lw=1.2, color=colour)
            ax.plot(*path.T, "o", ms=2.5, color=colour)
            ax.plot(1, -1, "*", ms=11, color=MARKER)
            ax.set(title=f"{name}: {lesson.detour(path):.1f} × straight", xlabel="first weight")
        axes[0].set_ylabel("second weight")
    return Figure(
        "losses-zigzag",
        "Why zero-centred inputs help",
        "With positive inputs the path of the weights zig-zags along one diagonal; with centred ones it is direct.",
        "A linear unit learns (1, -1) (star) from (0, 0), one example a step, learning rate 0.8. With "
        "positive inputs both weights rise or both fall in every step, though one should rise and one fall.",
    )


def deaths(folder: Path, losses: Mapping[str, np.ndarray]) -> Figure:
    """Slopes on the negative side; kind of unit -> (steps + 1, units) losses."""
    with figure(folder / "losses-saturation.svg", 7, 3.2, ncols=2) as (_, (left, right)):
        x = np.linspace(0, 12, 200)
        for activation in (lesson.ACTIVATIONS[i] for i in (0, 1, 5, 3)):
            left.semilogy(-x, activation.slope(-x - 1e-12), label=activation.name)
        left.set(title="Slope on the negative side", xlabel="x", ylabel="slope", ylim=(1e-11, 3))
        left.legend(fontsize=8, loc="lower right")
        for (name, rows), style in zip(losses.items(), ("-", "-", "--"), strict=True):
            right.plot((rows / rows[0]).mean(axis=1), style, label=name)
        right.set(title="Waking dead units", xlabel="step", ylabel="loss, share of the first")
        right.legend(fontsize=8, loc="center right")
    return Figure(
        "losses-saturation",
        "Saturation and death",
        "The slopes of sigmoid, tanh and ELU fall exponentially, leaky ReLU's stays at 0.01. Dead ReLU units never "
        "lose loss; leaky ones and half-dead ones do.",
        "Right: mean over all units; a dead unit is negative for every example.",
    )


def regression(folder: Path, points: tuple[np.ndarray, np.ndarray], fits: Mapping[str, Line]) -> Figure:
    """Three losses, and what each makes of the same points with outliers.

    Args:
        folder: the study's figures.
        points: x and y.
        fits: name of the loss -> function (x, y) -> (slope, intercept).
    """
    curves = {
        "L2": lesson.squared,
        "L1": lesson.absolute,
        "ε-hinge": lambda a, b: lesson.epsilon_hinge(a, b, lesson.MARGIN),
    }
    residuals, ends = np.linspace(-3, 3, 200), np.array([-2, 2])
    with figure(folder / "losses-regression.svg", 7, 3.2, ncols=2, width_ratios=(1, 1.3)) as (_, (left, right)):
        right.plot(*points, "o", ms=3, color=COLOURS[8])
        for (name, loss), colour in zip(curves.items(), (COLOURS[3], COLOURS[0], COLOURS[2]), strict=True):
            left.plot(residuals, loss(residuals, 0), color=colour, label=name)
            slope, intercept = fits[name](*points)
            right.plot(ends, slope * ends + intercept, color=colour, label=f"{name}: slope {slope:.2f}")
        right.plot(ends, 2 * ends + 1, ":", color=MARKER, label="truth: slope 2")
        left.set(title="Loss", xlabel="residual y − ŷ", ylim=(0, 5))
        left.legend(fontsize=8, loc="upper center")
        right.set(title="Fits", xlabel="x", ylabel="y")
        right.legend(fontsize=8, loc="upper left")
    return Figure(
        "losses-regression",
        "Three losses for a line",
        "Squared loss grows without bound in its slope; the fitted squared-loss line is pulled up by outliers, the "
        "other two follow the points.",
        "One data set of those measured. Dotted: the truth.",
    )

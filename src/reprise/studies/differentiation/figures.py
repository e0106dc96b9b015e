"""The figures of the study of differentiation."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from reprise.claims.evidence import Figure
from reprise.plotting import COLOURS, MARKER, figure
from reprise.studies.differentiation.lesson.automatic import Node
from reprise.studies.differentiation.lesson.numerical import CENTRAL_STEP, FORWARD_STEP
from reprise.studies.differentiation.settings import Config


def steps(folder: Path, config: Config, sizes: np.ndarray, errors: Mapping[str, np.ndarray], least: float) -> Figure:
    """Error of difference quotients against their step.

    Args:
        folder: the study's figures.
        config: the study's settings.
        sizes: (steps,).
        errors: ``forward`` and ``central`` -> (steps,).
        least: the largest error of automatic differentiation.
    """
    with figure(folder / "differentiation-steps.svg", 7, 3.8) as (_, ax):
        for key, label, colour, best in (
            ("forward", "forward difference, truncation ~ h", COLOURS[0], FORWARD_STEP),
            ("central", "central difference, truncation ~ h²", COLOURS[1], CENTRAL_STEP),
        ):
            ax.loglog(sizes, errors[key], "o-", ms=3, color=colour, label=label)
            ax.axvline(best, color=colour, lw=1, ls=":")
        ax.axhline(max(least, 1e-17), color=COLOURS[2], label="automatic, worst of all points (no step)")
        ax.set(xlabel="step h", ylabel="relative error", ylim=(1e-17, 30))
        ax.annotate("rounding: error ~ ε / h", (1e-13, 2e-2), rotation=0, fontsize=9)
        ax.legend(loc="lower left", bbox_to_anchor=(0, 0.12), fontsize=9)
    return Figure(
        "differentiation-steps",
        "The step of a difference quotient",
        "Error against step: forward differences are best near 1e-8, central ones near 1e-5; both are far above "
        "the flat line of automatic differentiation.",
        f"Median over {config.points} points. Too large a step truncates, too small a step cancels. Dotted: √ε and "
        "ε^(1/3), the steps that theory balances. Automatic differentiation has no step.",
    )


def costs(
    folder: Path, config: Config, curves: Mapping[str, Mapping[str, np.ndarray]], formula: list[int], tape: list[int]
) -> Figure:
    """What Jacobians cost as inputs and outputs grow, and how formula and tape swell.

    Args:
        folder: the study's figures.
        config: the study's settings.
        curves: ``inputs`` and ``outputs`` -> method -> (sizes,), in evaluations of the function.
        formula: operations by iterations.
        tape: likewise.
    """
    with figure(folder / "differentiation-costs.svg", 7, 3.2, ncols=3) as (_, axes):
        for ax, (many, methods) in zip(axes, curves.items(), strict=False):
            for (name, row), colour in zip(methods.items(), (COLOURS[8], *COLOURS), strict=False):
                ax.loglog(config.sizes, row, "o-", ms=3, color=colour, label=name)
            ax.set(title=f"Many {many}", xlabel=many, ylim=(1, 600))
        axes[0].set_ylabel("cost, in evaluations")
        axes[1].legend(fontsize=8, loc="upper left")
        iterations = range(1, config.iterations + 1)
        axes[2].semilogy(iterations, formula, "o-", ms=3, color=COLOURS[3], label="formula")
        axes[2].semilogy(iterations, tape, "o-", ms=3, color=COLOURS[1], label="reverse mode")
        axes[2].set(title="Expression swell", xlabel="iterations", ylabel="operations")
        axes[2].legend(fontsize=8)
    return Figure(
        "differentiation-costs",
        "What a derivative costs",
        "With many inputs forward mode and differences grow while reverse mode stays flat; with many outputs "
        "reverse mode grows. The symbolic formula grows exponentially, the tape linearly.",
        f"Left and middle: a recurrence of {config.chain} steps, counted operations. Right: the derivative of the "
        "logistic map iterated 1, 2, 3, ... times.",
    )


def graph(folder: Path, config: Config, recorded: tuple[list[Node], list[Node]], path: np.ndarray) -> Figure:
    """(x - 1)² as a graph, from its recorded inputs and outputs, and the (steps + 1,) path down to its minimum."""
    with figure(folder / "differentiation-graph.svg", 7, 3.0, ncols=2, width_ratios=(1.25, 1)) as (_, (left, right)):
        _draw_graph(left, recorded)
        grid = np.linspace(0.4, 2.1, 100)
        right.plot(grid, (grid - 1) ** 2, color=COLOURS[8])
        right.plot(path, (path - 1) ** 2, "o", ms=4, color=COLOURS[1])
        right.set(title="Descent to x = 1", xlabel="x", ylabel="f")
    return Figure(
        "differentiation-graph",
        "(x - 1)² as a graph",
        "Values flow from x = 2 through y = z = 1 to f = 1; derivatives flow back: 1, 1, and 2 at x.",
        "Blue: values, forward. Orange: derivatives of f, backward; the two paths into x add up. Right: the steps "
        f"of gradient descent, {config.steps} of them, learning rate 0.1.",
    )


def _draw_graph(ax: Any, recorded: tuple[list[Node], list[Node]]) -> None:
    """The graph of S3 with what the tape computed on it."""
    inputs, (output,) = recorded
    tape, adjoints = inputs[0].tape, output.sweep()
    places = {0: (0, 0), 1: (1.3, 0.8), 2: (1.3, -0.8), 3: (2.6, 0)}
    labels = ("x", "y = x - 1", "z = x - 1", "f = y z")
    for a, b in ((0, 1), (0, 2), (1, 3), (2, 3)):
        ax.annotate(
            "", places[b], places[a], arrowprops={"arrowstyle": "->", "color": MARKER, "shrinkA": 17, "shrinkB": 17}
        )
    for node, label in zip(tape, labels, strict=True):
        x, y = places[node.index]
        ax.plot(x, y, "o", ms=26, color=COLOURS[0], alpha=0.25, mew=0)
        ax.text(x, y, f"{node.value:g}", ha="center", va="center", color=COLOURS[0], weight="bold")
        ax.text(x, y + 0.42, label, ha="center", va="center", fontsize=9)
        ax.text(x, y - 0.45, f"∂f: {adjoints[node.index]:g}", ha="center", va="center", color=COLOURS[1], fontsize=9)
    ax.set(xlim=(-0.6, 3.2), ylim=(-1.5, 1.5), title="Forward, then backward")
    ax.axis("off")

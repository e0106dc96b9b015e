"""The figures of the study of first weights and random minima."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from reprise.claims.evidence import Figure
from reprise.plotting import COLOURS, MARKER, figure
from reprise.studies.initialisation import lesson
from reprise.studies.initialisation.minima import Descents, share_of_minima, share_stuck


def draw(
    folder: Path, config: Any, signals: dict[Any, Any], eigenvalues: dict[int, np.ndarray], descents: Descents
) -> list[Figure]:
    """Draws all figures into ``folder`` and returns their captions.

    Args:
        folder: the study's figures.
        config: the study's settings.
        signals: (activation, scheme) -> name -> (seeds, depth).
        eigenvalues: dimension -> smallest eigenvalue of each random Hessian.
        descents: what is learned -> descents in networks from small to large.
    """
    layers = np.arange(1, config.depth + 1)
    colours = {"N(0, 1)": COLOURS[3], "N(0, 0.01²)": COLOURS[4], "Xavier": COLOURS[1], "He": COLOURS[2]}
    with figure(folder / "initialisation-signals.svg", 7, 5.4, nrows=2, ncols=2, sharex=True) as (_, axes):
        for row, activation in zip(axes, ("tanh", "ReLU"), strict=True):
            for scheme, colour in colours.items():
                found = signals[activation, scheme]
                row[0].semilogy(layers, np.sqrt(found["moments"]).mean(axis=0), color=colour, label=scheme)
                row[1].semilogy(layers, found["gradients"].mean(axis=0), color=colour)
            row[0].set(title=f"{activation}: size of the signal", ylabel="root mean square of z")
            row[1].set(title=f"{activation}: size of the gradient", ylabel="root mean square of ∂/∂z")
            theory = lesson.expected_moments(activation, 1.0, config.depth)
            row[0].semilogy(layers[::2], np.sqrt(theory)[::2], ".", ms=5, color=MARKER, label="Xavier, theory")
        axes[0, 0].legend(fontsize=8, loc="lower left")
        for ax in axes[1]:
            ax.set_xlabel("layer")
    _draw_minima(folder / "initialisation-minima.svg", eigenvalues, descents)
    return [
        Figure(
            "initialisation-signals",
            "Twenty layers multiply",
            "N(0, 1) weights make ReLU signals and gradients explode; N(0, 0.01²) makes them vanish; Xavier decays "
            "slowly with tanh and steadily with ReLU; He stays level with ReLU.",
            f"Mean over {config.seeds} networks of width {config.width}. Signals run from left to right, gradients "
            "from right to left. Dots: the infinite-width theory.",
        ),
        Figure(
            "initialisation-minima",
            "Minima among random critical points, and where descents end",
            "Left: the share of minima falls from one half faster than exponentially with the dimension. Right: with "
            "more weights fewer descents get stuck that learn the exclusive or, and more of those that learn what as "
            "many units compute.",
            f"Left: {config.hessians} random Hessians of each dimension, with 95 % intervals; the line falls as "
            f"3^(-N²/4) from the exact value at 3. Right: {config.descents} descents in the largest networks that "
            "learn the exclusive or, a fifth of that in the others, a fifteenth in each of the second family.",
        ),
    ]


def _draw_minima(path: Path, eigenvalues: dict[int, np.ndarray], descents: Descents) -> None:
    with figure(path, 7, 3.2, ncols=2) as (_, (left, right)):
        shares = {n: share_of_minima(values) for n, values in eigenvalues.items()}
        seen = {n: e for n, e in shares.items() if e.value > 0}
        spread = np.array([[e.value - e.low, e.high - e.value] for e in seen.values()]).T
        left.errorbar(list(seen), [e.value for e in seen.values()], spread, fmt="o", ms=4, label="measured")
        unseen = [n for n in shares if n not in seen]
        left.plot(unseen, [shares[n].high for n in unseen], "v", ms=5, color=COLOURS[8], label="none seen: 95 % bound")
        n = np.linspace(1, max(shares), 50)
        left.plot(
            n, lesson.ALL_POSITIVE[3] * np.exp(-lesson.DECAY * (n**2 - 9)), lw=1, color=COLOURS[1], label="~ 3^(−N²/4)"
        )
        left.plot(*zip(*lesson.ALL_POSITIVE.items(), strict=True), "x", ms=8, color=MARKER, label="exact")
        left.set(title="Share of minima", xlabel="dimension N", yscale="log", ylim=(1e-6, 2))
        left.legend(fontsize=8, loc="upper right")
        for (name, rows), colour in zip(descents.items(), (COLOURS[0], COLOURS[3]), strict=True):
            found = [share_stuck(row.ends) for row in rows]
            ends = np.array([[e.value - e.low, e.high - e.value] for e in found]).T
            at = [row.dimension for row in rows]
            right.errorbar(at, [e.value for e in found], ends, fmt="o-", ms=4, capsize=2, color=colour, label=name)
        right.set(title="Descents that get stuck", xlabel="weights", ylabel="share", xscale="log", ylim=(-0.03, 1.03))
        right.set_xticks([10, 100, 1000], ["10", "100", "1,000"])
        right.minorticks_off()
        right.legend(fontsize=8)

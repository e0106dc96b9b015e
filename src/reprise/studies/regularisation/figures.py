"""The figures of the study of penalties and scales."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from reprise.claims.evidence import Figure
from reprise.plotting import COLOURS, MARKER, figure


def minimisers(
    folder: Path,
    config: Any,
    strengths: np.ndarray,
    curves: dict[float, np.ndarray],
    ridge_strengths: np.ndarray,
    ridge: dict[str, np.ndarray],
) -> Figure:
    """Where the minimum lies by exponent p, and training and test error, both over the penalty's strength."""
    with figure(folder / "regularisation-minimisers.svg", 7, 3.4, ncols=2) as (_, (left, right)):
        for p, row in curves.items():
            left.semilogx(strengths, row, label=f"p = {p:g}")
        left.set(title="argmin (θ − 1)² + λ|θ|ᵖ", xlabel="λ", ylabel="θ")
        left.legend(fontsize=8)
        for name, row in ridge.items():
            right.loglog(ridge_strengths, row, label=name)
        right.set(title="Over- and underfitting", xlabel="λ (L2)", ylabel="mean squared error")
        right.legend(fontsize=8)
    return Figure(
        "regularisation-minimisers",
        "What a penalty does to the minimum",
        "All minimisers fall from 1 to 0 as λ grows: L1 reaches 0 at λ = 2, L2 never, p = ½ jumps. Training error "
        "rises with λ, test error has a valley.",
        f"Right: median over {2 * config.repetitions} problems, a polynomial of degree {config.degree} through "
        f"{config.points} points.",
    )


def coefficients(folder: Path, strengths: np.ndarray, paths: dict[str, np.ndarray]) -> Figure:
    """(strengths, features) coefficients of each penalty."""
    with figure(folder / "regularisation-paths.svg", 7, 3.0, ncols=3, sharey=True) as (_, axes):
        for ax, (name, rows) in zip(axes, paths.items(), strict=True):
            for j, row in enumerate(rows.T):
                ax.semilogx(strengths, row, lw=1.3, color=COLOURS[j % 9], ls="-" if j < 9 else "--")
            ax.set(title=name, xlabel="α")
        axes[0].set_ylabel("coefficient")
    return Figure(
        "regularisation-paths",
        "Coefficient paths",
        "With L1 coefficients reach zero in turn; with L2 all shrink together; the elastic net lies between.",
        "scikit-learn's diabetes data, ten standardised features; α is the strength of the whole penalty.",
    )


def descents(folder: Path, scale: float, runs: list[tuple[np.ndarray, np.ndarray]]) -> Figure:
    """Path and Hessian of descent on features of scales 1 and ``scale``, and on the same z-scored."""
    with figure(folder / "regularisation-scaling.svg", 7, 3.6, ncols=2, sharex=True, sharey=True) as (_, axes):
        titles = (f"Scales 1 and {scale:g}", "Both z-scored")
        for ax, (path, hessian), title in zip(axes, runs, titles, strict=True):
            _contours(ax, path, hessian)
            ax.set(title=f"{title}: {len(path) - 1} steps", xlabel="distance in the first weight")
        axes[0].set_ylabel("distance in the second")
    return Figure(
        "regularisation-scaling",
        "The zig-zag of unscaled features",
        "In the narrow valley of unscaled features descent bounces between the walls; in the round bowl of scaled "
        "ones it goes straight to the middle.",
        "Contours of the squared loss around its minimum (star); steps from weights 0, each at the best fixed "
        f"learning rate. Drawn for scales 1 and {scale:g}; at those of the measurement the valley would be a line.",
    )


def _contours(ax: Any, path: np.ndarray, hessian: np.ndarray) -> None:
    u = np.linspace(-1.3, 1.3, 161)
    grid = np.stack(np.meshgrid(u, u), axis=-1)
    level = np.einsum("...i,ij,...j", grid, hessian, grid) / 2
    start = path[0] @ hessian @ path[0] / 2
    share = np.round(level / start, 9)  # a contour through points of the grid must go the same way round everywhere
    ax.contour(u, u, share, levels=np.arange(0.25, 2.1, 0.25) ** 2, colors=COLOURS[8], linewidths=0.7)
    ax.set_aspect("equal")
    ax.plot(*path.T, "o-", ms=2.5, lw=1.0, color=COLOURS[1])
    ax.plot(0, 0, "*", ms=10, color=MARKER)

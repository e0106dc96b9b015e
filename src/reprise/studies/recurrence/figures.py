"""The pictures of the recurrence study: the formula's terms, gains, the cliff, reach and recall."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from reprise.claims.evidence import Figure
from reprise.plotting import COLOURS, MARKER, figure
from reprise.studies.recurrence.clipping import THRESHOLD, UNFOLDED, WALL, descend
from reprise.studies.recurrence.formula import Terms
from reprise.studies.recurrence.lesson.clipping import single_unit
from reprise.studies.recurrence.lesson.jacobians import ACTIVATIONS, growth_rate
from reprise.studies.recurrence.recall import Held

FIGURES = [
    Figure(
        "recurrence_terms",
        "What each earlier step adds to the gradient",
        "Left: the norm of the formula's terms falls with the steps back. Right: the share of the gradient that is "
        "missing when the sum is cut off falls likewise.",
        "Random tanh networks of spectral radius 0.95; line and band: median and the middle half of the networks.",
    ),
    Figure(
        "recurrence_gains",
        "Vanishing and exploding",
        "Left: gain over time for four activations at spectral radius 1 and 2, logarithmic: sigmoid falls fastest, "
        "the linear network at radius 2 rises. Right: growth per step against the radius, with a line at zero.",
        "Gain: how much a random disturbance of the first state has grown. Left: geometric mean over networks, solid "
        "at radius 1, dashed at radius 2. Right: above zero gradients explode, below they vanish.",
    ),
    Figure(
        "recurrence_cliff",
        "What clipping does beside a wall in the loss",
        "A loss surface over the two weights of a one-unit network: flat ground and a steep wall. Without clipping one "
        "step throws the weights far away; with clipping they stay near the wall and descend.",
        "One unit, 50 steps, gradient descent from one start with the same learning rate; the unclipped path "
        "leaves the picture. From other starts the free path may end lower.",
    ),
    Figure(
        "recurrence_memory",
        "How far back does it remember?",
        "Left: gradient by steps back before training; the LSTM with open keep gate falls slowest. Right: variance "
        "explained of a number by lag after training; the GRU and the LSTM with open keep gate hold it over the "
        "longest lag, the plain network from some seeds, the LSTM as it is from none.",
        "Left: geometric mean over random networks. Right: each dot a seed, lines their mean. Open LSTM: "
        "keep-gate bias 3 at the start.",
    ),
]
PLAIN, CLOSED, OPENED, GATED = COLOURS[8], COLOURS[1], COLOURS[3], COLOURS[2]
NETWORK_COLOURS = {"RNN": PLAIN, "LSTM": CLOSED, "open LSTM": OPENED, "GRU": GATED}


def draw_terms(folder: Path, terms: Terms) -> None:
    """Norms of the formula's terms, and what truncation loses."""
    with figure(folder / "recurrence_terms.svg", 7.0, 3.0, ncols=2) as (_, (left, right)):
        for ax, values, label in (
            (left, terms.norms / terms.norms[:, :1], "norm of the term, first = 1"),
            (right, 100 * terms.missing, "gradient missing, %"),
        ):
            steps = np.arange(values.shape[1]) + (ax is right)
            low, middle, high = np.quantile(values, (0.25, 0.5, 0.75), axis=0)
            ax.fill_between(steps, low, high, color=COLOURS[0], alpha=0.25, lw=0)
            ax.plot(steps, middle, "-o", color=COLOURS[0], ms=3)
            ax.set(ylabel=label, ylim=(0, None))
        left.set(xlabel="steps back, t − k", title="Terms of the sum")
        right.set(xlabel="terms kept", title="Truncation")


def draw_gains(folder: Path, gains: dict[tuple[str, float], np.ndarray], radii: list[float]) -> None:
    """Gains over time, and growth per step against the spectral radius."""
    with figure(folder / "recurrence_gains.svg", 7.0, 3.5, ncols=2) as (_, (left, right)):
        for colour, activation in zip(COLOURS, ACTIVATIONS, strict=False):
            for radius, style in ((1.0, "-"), (2.0, "--")):
                logs = np.log10(np.maximum(gains[activation, radius], 1e-300)).mean(axis=1)
                left.plot(
                    np.arange(1, len(logs) + 1), logs, style, color=colour, label=activation if style == "-" else None
                )
            rates = np.array([growth_rate(gains[activation, radius]) for radius in radii])
            half = 1.96 * rates.std(axis=1, ddof=1) / np.sqrt(rates.shape[1])
            right.errorbar(radii, rates.mean(axis=1), half, color=colour, marker="o", ms=3, capsize=2, label=activation)
        left.set(xlabel="steps t", ylabel="log₁₀ gain of ∂sₜ/∂s₀", title="Over time")
        right.axhline(0, color=MARKER, lw=1)
        right.set(xscale="log", xlabel="spectral radius of U", ylabel="log gain per step", title="Vanish or explode")
        right.set_xticks(radii, [f"{radius:g}" for radius in radii])
        right.minorticks_off()
        right.legend(fontsize=8)


def draw_cliff(folder: Path) -> None:
    """The loss surface of one unit, and descent on it with and without clipping."""
    w, b = np.meshgrid(np.linspace(*WALL[0], 200), np.linspace(*WALL[1], 160))
    loss, _ = single_unit(w, b, UNFOLDED)
    start = np.array([[5.2], [-2.55]])
    free, clipped = (descend(start, threshold)[..., 0] for threshold in (None, THRESHOLD))
    with figure(folder / "recurrence_cliff.svg", 7.0, 3.6) as (drawn, ax):
        shading = ax.contourf(w, b, loss, levels=14, cmap="Greys", alpha=0.75)
        drawn.colorbar(shading, ax=ax, label="loss")
        ax.plot(*free.T, "-o", color=COLOURS[3], ms=4, lw=1.4, label="free")
        ax.plot(*clipped.T, "-o", color=COLOURS[0], ms=4, lw=1.4, label="clipped")
        ax.plot(*free[0], "o", color=COLOURS[6], ms=8, label="start")
        ax.set(xlabel="w", ylabel="b", xlim=(w.min(), w.max()), ylim=(b.min(), b.max()))
        ax.legend(loc="upper right")
        ax.grid(False)


def draw_memory(folder: Path, reach: dict[str, np.ndarray], held: Held, lags: list[int]) -> None:
    """Gradient by steps back before training, and what is held by lag after it."""
    with figure(folder / "recurrence_memory.svg", 7.0, 3.5, ncols=2) as (_, (left, right)):
        for place, (name, colour) in enumerate(NETWORK_COLOURS.items()):
            logs = np.log10(np.maximum(reach[name], 1e-300)).mean(axis=1)
            left.plot(np.arange(len(logs)), logs, color=colour, label=name)
            at = np.array(lags) * (1 + 0.03 * (place - 1.5))
            right.plot(at, [100 * scores.mean() for scores in held[name]], color=colour, label=name)
            for place_of_lag, scores in zip(at, held[name], strict=True):
                right.plot(np.full(len(scores), place_of_lag), 100 * scores, "o", color=colour, ms=4, alpha=0.5, mew=0)
        left.set(xlabel="steps back", ylabel="log₁₀ gradient by the input", title="Before training")
        left.legend(fontsize=8)
        right.set(xscale="log", xlabel="steps to hold a number", ylabel="variance explained, %", ylim=(-15, 106))
        right.set_title("After training")
        right.set_xticks(lags, [str(lag) for lag in lags])
        right.minorticks_off()

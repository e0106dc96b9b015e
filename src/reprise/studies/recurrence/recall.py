"""What the trained networks hold, read from the sweep: of the learning rates, the one with the lowest training loss."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reprise.claims.evidence import Table
from reprise.studies.recurrence.networks import LATCHING, NETWORKS
from reprise.studies.recurrence.settings import Memory
from reprise.sweeps import Sweep

COLUMNS = ("task", "network", "lag", "seed", "first_loss", "last_loss", "late_loss", "score")  # of the sweep


@dataclass(frozen=True)
class Echoed:
    """Plain networks that name the symbol before, at every step.

    Attributes:
        fall: (seeds,) summed loss of the last update minus that of the first, in nats.
        accuracy: (seeds,) after training.
    """

    fall: np.ndarray
    accuracy: np.ndarray


@dataclass(frozen=True)
class Recall:
    """Scores after training, 1 is perfect.

    Attributes:
        held: network -> (lags, seeds) variance explained of a number.
        latched: network -> (seeds,) accuracy on a symbol at the longest lag.
    """

    held: dict[str, np.ndarray]
    latched: dict[str, np.ndarray]


def echoed(sweep: Sweep) -> Echoed:
    """The many-to-many task."""
    rows = sweep.where(task="echo").columns
    return Echoed(rows["last_loss"] - rows["first_loss"], rows["score"])


def recall(sweep: Sweep, lags: list[int]) -> Recall:
    """Every network on every lag."""
    return Recall(
        {
            name: np.array([best(sweep.where(task="number", network=name, lag=lag)) for lag in lags])
            for name in NETWORKS
        },
        {name: best(sweep.where(task="symbol", network=name, lag=lags[-1])) for name in LATCHING},
    )


def best(rows: Sweep) -> np.ndarray:
    """(seeds,) score at the learning rate with the lowest late loss, for each seed by itself; NaN is never lowest."""
    chosen = []
    for seed in np.unique(rows.columns["seed"]):
        of_seed = rows.where(seed=seed).columns
        losses = np.where(np.isnan(of_seed["late_loss"]), np.inf, of_seed["late_loss"])
        chosen.append(of_seed["score"][losses.argmin()])
    return np.array(chosen)


def table(held: dict[str, np.ndarray], config: Memory) -> Table:
    """Mean and range over seeds by network and lag."""
    rows = [
        (name, *(f"{100 * row.mean():.0f} % ({100 * row.min():.0f} to {100 * row.max():.0f})" for row in scores))
        for name, scores in held.items()
    ]
    caption = (
        f"Share of the number's variance that is explained on 256 fresh sequences, mean and range over {config.seeds} "
        f"seeds; {config.hidden} units, {config.updates} updates of {config.batch} sequences."
    )
    return Table("Holding a number", ("network", *(f"{lag} steps" for lag in config.lags)), tuple(rows), caption)

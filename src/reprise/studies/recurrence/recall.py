"""What the trained networks hold, read from the sweep: of the learning rates, the one with the lowest training loss."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from reprise.claims.evidence import Table
from reprise.statistics import Effect, proportion
from reprise.studies.recurrence.networks import LATCHING, NETWORKS
from reprise.studies.recurrence.settings import Memory
from reprise.sweeps import Sweep

COLUMNS = (  # of the sweep
    "task", "network", "lag", "seed", "first_loss", "last_loss", "earlier_loss", "late_loss", "score",
)  # fmt: skip
HELD = 0.5  # variance explained by a network that holds the number; one that forgot it explains none
Held = dict[str, list[np.ndarray]]  # network -> for each lag (seeds,) variance explained of a number


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
        held: variance explained of a number.
        latched: network -> (seeds,) accuracy on a symbol at the longest lag.
        falling: network -> by what share its training loss, averaged over the seeds that count at the longest lag, fell
            from the last tenth but one of its updates to the last.
    """

    held: Held
    latched: dict[str, np.ndarray]
    falling: dict[str, float]

    def holds(self, name: str) -> np.ndarray:
        """(seeds,) bool: which networks of one kind hold a number over the longest lag."""
        return self.held[name][-1] >= HELD

    def share(self, name: str, level: float = 0.05) -> Effect:
        """Share of the seeds that hold it, with Wilson's interval."""
        holds = self.holds(name)
        return replace(proportion(int(holds.sum()), len(holds), "share of seeds", level), seeds=len(holds))


def echoed(sweep: Sweep) -> Echoed:
    """The many-to-many task."""
    rows = sweep.where(task="echo").columns
    return Echoed(rows["last_loss"] - rows["first_loss"], rows["score"])


def recall(sweep: Sweep, lags: list[int]) -> Recall:
    """Every network on every lag."""
    longest = {name: sweep.where(task="number", network=name, lag=lags[-1]) for name in NETWORKS}
    falling = {
        name: float(1 - best(rows, "late_loss").mean() / best(rows, "earlier_loss").mean())
        for name, rows in longest.items()
    }
    return Recall(
        {name: [best(sweep.where(task="number", network=name, lag=lag)) for lag in lags] for name in NETWORKS},
        {name: best(sweep.where(task="symbol", network=name, lag=lags[-1])) for name in LATCHING},
        falling,
    )


def best(rows: Sweep, column: str = "score") -> np.ndarray:
    """(seeds,) of a column at the learning rate with the lowest late loss, for each seed; NaN is never lowest."""
    chosen = []
    for seed in np.unique(rows.columns["seed"]):
        of_seed = rows.where(seed=seed).columns
        losses = np.where(np.isnan(of_seed["late_loss"]), np.inf, of_seed["late_loss"])
        chosen.append(of_seed[column][losses.argmin()])
    return np.array(chosen)


def table(held: Held, config: Memory) -> Table:
    """How many hold it, and the median over seeds, by network and lag."""
    rows = [
        (name, *(f"{(row >= HELD).sum()} of {len(row)} ({round(100 * np.median(row))} %)" for row in scores))
        for name, scores in held.items()
    ]
    caption = (
        f"Seeds that explain at least {100 * HELD:g} % of the number's variance on 256 fresh sequences, and the median "
        f"of that share; {config.hidden} units, {config.updates} updates of {config.batch} sequences."
    )
    return Table("Holding a number", ("network", *(f"{lag} steps" for lag in config.lags)), tuple(rows), caption)

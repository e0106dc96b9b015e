"""Accuracy against learning rate: where each optimizer is best, and over how many rates it is of use."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reprise.claims.evidence import Finding, Table
from reprise.statistics import SHARES_APART, exact, seeds_effect
from reprise.sweeps import Sweep

USEFUL = 0.9  # of an optimizer's own best accuracy, from which on a rate is of use
NAMES = {"adam": "Adam", "adadelta": "Adadelta", "adagrad": "Adagrad", "sgd": "gradient descent"}


@dataclass(frozen=True)
class Accuracies:
    """Test accuracies of one optimizer after the last step, with or without dropout.

    Attributes:
        rates: (rates,) rising.
        values: (rates, seeds); 0 where a network diverged, which answers nothing.
        diverged: (rates, seeds) bool.
    """

    rates: np.ndarray
    values: np.ndarray
    diverged: np.ndarray

    @property
    def best(self) -> int:
        """Place of the rate with the highest mean; of equal ones the lowest."""
        return int(self.values.mean(axis=1).argmax())

    @property
    def useful(self) -> tuple[float, float]:
        """Lowest and highest rate with at least USEFUL of the best mean."""
        mean = self.values.mean(axis=1)
        found = self.rates[mean >= USEFUL * mean.max()]
        return float(found[0]), float(found[-1])

    @property
    def edge(self) -> str:
        """Whether rates beyond the grid might be better still."""
        ends = {0: "the lowest", len(self.rates) - 1: "the highest"}
        return f"{ends[self.best]} rate tried" if self.best in ends else ""


Kinds = dict[tuple[str, float], Accuracies]


def read(sweep: Sweep) -> Kinds:
    """Every optimizer and dropout that the parameters have, in their order."""
    found = {}
    for part in sweep.settings["parts"].values():
        rows = sweep.where(optimizer=part["optimizer"], dropout=part["dropout"])
        last = rows.where(step=rows.columns["step"].max()).columns
        order = np.lexsort((last["seed"], last["learning_rate"]))
        shape = len(np.unique(last["learning_rate"])), len(np.unique(last["seed"]))
        values, gone = (last[name][order].reshape(shape) for name in ("test_accuracy", "diverged"))
        found[part["optimizer"], part["dropout"]] = Accuracies(
            np.unique(last["learning_rate"]), np.nan_to_num(values), gone > 0
        )
    return found


def findings(kinds: Kinds) -> list[Finding]:
    """What the source's curves would show; it draws no conclusion, and nothing here is held against one."""
    found = []
    for (optimizer, dropout), each in kinds.items():
        low, high = each.useful
        found.append(
            Finding(
                23,
                f"log10 of the best learning rate of {NAMES[optimizer]}, {words(dropout)}",
                exact(float(np.log10(each.rates[each.best])), each.values.size, "log10"),
                note=f"Accuracy {each.values[each.best].mean():.3f}, {each.edge or 'inside the grid'}; of use from "
                f"{low:.2g} to {high:.2g}.",
                figures=("optimizers-rates",),
            )
        )
    for optimizer in dict.fromkeys(optimizer for optimizer, _ in kinds):
        pair = [each for (name, _), each in sorted(kinds.items()) if name == optimizer]
        if len(pair) == 2 and pair[0].values.shape[1] > 1:
            none, dropped = (each.values[each.best] for each in pair)
            found.append(
                Finding(
                    23,
                    f"Test accuracy of {NAMES[optimizer]} after one epoch, with dropout minus without, each at its "
                    "best rate",
                    seeds_effect(dropped - none, "accuracy", SHARES_APART),
                    note="At its own best rate each, since the source calls equal rates unfair.",
                )
            )
    return found


def words(dropout: float) -> str:
    """A dropout in words."""
    return f"dropout {dropout:g}" if dropout else "no dropout"


def table(kinds: Kinds) -> Table:
    """Best and useful rates."""
    rows = []
    for (optimizer, dropout), each in kinds.items():
        low, high = each.useful
        seeds = each.values[each.best]
        rows.append(
            (
                NAMES[optimizer], f"{dropout:g}", f"{each.rates[each.best]:.2g}", f"{seeds.mean():.3f}",
                f"{seeds.min():.3f} to {seeds.max():.3f}", f"{low:.2g} to {high:.2g}", each.edge,
                f"{int(each.diverged.sum())} of {each.diverged.size}",
            )
        )  # fmt: skip
    return Table(
        "Best and useful learning rates",
        ("optimizer", "dropout", "best rate", "accuracy there", "its seeds", "useful rates", "best at", "diverged"),
        tuple(rows),
        f"Test accuracy after one epoch. Useful: at least {USEFUL:.0%} of the optimizer's own best mean "
        "accuracy. The best rate is chosen on the images that it is scored on, as on the source's curves.",
    )

"""Claims 179, 181 and 182: who converges better, whether dead units come back, and the derivative at 0."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reprise.claims.declarations import Declarations
from reprise.claims.evidence import Finding, Table, between, joined, primary
from reprise.statistics import SHARE, SHARES_APART, seeds_effect
from reprise.sweeps import Sweep

LEARNED = 0.5  # test accuracy without which a network has not learned ten kinds of digits


@dataclass(frozen=True)
class Best:
    """One activation at the rate with the lowest median loss.

    Attributes:
        rate: it.
        loss, accuracy: (seeds,) at that rate.
        rates: every rate, rising.
        losses: (rates, seeds), inf where a network diverged.
        silent: (seeds,) share of zero activations before the first step.
    """

    rate: float
    loss: np.ndarray
    accuracy: np.ndarray
    rates: np.ndarray
    losses: np.ndarray
    silent: np.ndarray

    @property
    def at_end(self) -> bool:
        """Whether a rate beyond those that were tried might be better still."""
        return self.rate in (self.rates[0], self.rates[-1])


def best(sweep: Sweep, activation: str) -> Best:
    """Chooses the rate."""
    rows = sweep.where(kind="learned", activation=activation).columns
    rates = np.unique(rows["learning_rate"])
    losses = np.stack([np.nan_to_num(rows["loss"][rows["learning_rate"] == rate], nan=np.inf) for rate in rates])
    chosen = rates[np.median(losses, axis=1).argmin()]
    at = rows["learning_rate"] == chosen
    accuracy = np.nan_to_num(rows["test_accuracy"][at])
    return Best(float(chosen), losses[rates == chosen][0], accuracy, rates, losses, rows["silent"][at])


def findings(declared: Declarations, sweep: Sweep, kinds: dict[str, Best]) -> list[Finding]:
    """All three claims."""
    relu, sigmoid = kinds["rectifier"], kinds["sigmoid"]
    apart = np.log10(relu.loss / sigmoid.loss)
    compared = {"rectifier": relu, "sigmoid": sigmoid}
    poor = [name for name, each in compared.items() if np.median(each.accuracy) < LEARNED]
    barred = [f"the {name} learned at no rate" for name in poor]
    barred += [
        f"the best rate of the {name} is an end of those tried" for name, each in compared.items() if each.at_end
    ]
    dead = {name: sweep.where(kind="buried", activation=name).columns["dead"] for name in ("rectifier", "leaky")}
    zeros = {name: kinds[name].accuracy - kinds["0"].accuracy for name in ("0.5", "1")}
    return [
        primary(
            declared[179],
            seeds_effect(apart, "log10", level=declared[179].level(len(apart))),
            undecided=joined(*barred),
            note=f"Loss {relu.loss.mean():.3g} at rate {relu.rate:g} against {sigmoid.loss.mean():.3g} at "
            f"{sigmoid.rate:g}.",
            figures=("activations-rates",),
        ),
        Finding(
            179,
            "Share of a new rectifier network's hidden activations that are zero",
            seeds_effect(relu.silent, possible=SHARE),
            between(0.25, 0.75),
            kind="secondary",
            note="Sparse: about half of the units are silent before anything is learned.",
        ),
        primary(
            declared[181],
            seeds_effect(
                dead["rectifier"] - dead["leaky"], possible=SHARES_APART, level=declared[181].level(len(apart))
            ),
            note=f"Still dead: {dead['rectifier'].mean():.2f} with the rectifier, {dead['leaky'].mean():.2f} with the "
            "leaky one.",
        ),
        *(
            primary(
                declared[182],
                seeds_effect(
                    values, "accuracy", SHARES_APART, level=declared[182].level(len(values)), together=len(zeros)
                ),
                of=name,
                note=f"Accuracy with 0: {kinds['0'].accuracy.mean():.3f}; an input is exactly 0 hardly ever.",
            )
            for name, values in zeros.items()
        ),
    ]


def table(kinds: dict[str, Best]) -> Table:
    """Every activation at its best rate."""
    rows = [
        (
            name,
            f"{each.rate:g}",
            f"{each.loss.mean():.4f}",
            f"{each.accuracy.mean():.3f}",
            f"{each.silent.mean():.2f}",
            f"{int(np.isinf(each.losses).any(axis=1).sum())} of {len(each.rates)}",
        )
        for name, each in kinds.items()
    ]
    return Table(
        "Activations, each at its best learning rate",
        ("activation", "rate", "training loss", "test accuracy", "zero at the start", "rates that diverged"),
        tuple(rows),
        "scikit-learn's digits; two hidden layers, plain gradient descent. 0, 0.5 and 1 are rectifiers with that "
        "derivative at 0.",
    )

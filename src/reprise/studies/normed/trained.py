"""Claims 162, 184, 188 and 189: regularising, drift of layer inputs, the place of the layer, usable learning rates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reprise.claims.declarations import Declarations
from reprise.claims.evidence import Finding, Table, above, between, joined, primary
from reprise.statistics import SHARES_APART, seeds_effect
from reprise.sweeps import Sweep

LEARNED = 0.8  # test accuracy that is called to learn
FITTED = 0.9  # training accuracy from which on wrong labels have been learned too
FIGURE = "normed-rates"


@dataclass(frozen=True)
class Kind:
    """One kind of network over all rates.

    Attributes:
        rates: (rates,) rising.
        losses, accuracies: (rates, seeds); inf and 0 where a network diverged.
    """

    rates: np.ndarray
    losses: np.ndarray
    accuracies: np.ndarray

    @property
    def chosen(self) -> int:
        """Place of the rate with the lowest median training loss."""
        return int(np.median(self.losses, axis=1).argmin())

    @property
    def accuracy(self) -> np.ndarray:
        """(seeds,) at that rate."""
        return self.accuracies[self.chosen]

    @property
    def usable(self) -> np.ndarray:
        """(seeds,) log10 of the largest rate at which each learned; of the smallest of all where it never did."""
        learned = self.accuracies >= LEARNED
        last = len(self.rates) - 1 - learned[::-1].argmax(axis=0)
        return np.log10(self.rates[np.where(learned.any(axis=0), last, 0)])


def kind(sweep: Sweep, activation: str, place: str) -> Kind:
    """Reads one kind."""
    rows = sweep.where(kind="learned", activation=activation, place=place).columns
    rates = np.unique(rows["learning_rate"])

    def by_rate(column: str, gone: float) -> np.ndarray:
        return np.stack([np.nan_to_num(rows[column][rows["learning_rate"] == rate], nan=gone) for rate in rates])

    return Kind(rates, by_rate("loss", np.inf), by_rate("test_accuracy", 0.0))


Kinds = dict[tuple[str, str], Kind]


def findings(declared: Declarations, sweep: Sweep, kinds: Kinds) -> list[Finding]:
    """All four claims."""
    return [
        *_regularising(declared, sweep),
        *_drift(declared, sweep),
        *_place(declared, kinds),
        *_rates(declared, kinds),
    ]


def _regularising(declared: Declarations, sweep: Sweep) -> list[Finding]:
    rows = {place: sweep.where(kind="overfitted", place=place).columns for place in ("none", "before")}
    gaps = {place: each["train_accuracy"] - each["test_accuracy"] for place, each in rows.items()}
    apart = gaps["none"] - gaps["before"]
    short = [place for place, each in rows.items() if np.median(each["train_accuracy"]) < FITTED]
    levels = "; ".join(
        f"{place}: {each['train_accuracy'].mean():.3f} / {each['test_accuracy'].mean():.3f}"
        for place, each in rows.items()
    )
    off = {
        "γ from the mini-batches' standard deviation, relative": rows["before"]["gamma_off"],
        "β from their mean, in standard deviations": rows["before"]["beta_off"],
    }
    return [
        primary(
            declared[162],
            seeds_effect(apart, "accuracy", (-2, 2), level=declared[162].level(len(apart))),
            undecided=f"{', '.join(short)}: cut off before the taught labels were fitted" if short else "",
            note=f"Training / test accuracy, {levels}; training accuracy is on the labels that were taught.",
        ),
        Finding(
            162,
            "Test accuracy after equal steps on wrong labels, with batch norm minus without",
            seeds_effect(rows["before"]["test_accuracy"] - rows["none"]["test_accuracy"], "accuracy", SHARES_APART),
            note="With batch norm the taught labels are fitted sooner, wrong ones too: a wider gap.",
        ),
        *(
            Finding(
                162,
                f"Median distance after training of {words}",
                seeds_effect(values),
                between(0, 0.1),
                kind="slip",
                defect=18,
                note="They are trained for the loss, and nothing pulls them there.",
            )
            for words, values in off.items()
        ),
    ]


def _drift(declared: Declarations, sweep: Sweep) -> list[Finding]:
    drift = {place: sweep.where(kind="watched", place=place).columns["drift"] for place in ("none", "before", "after")}
    apart = drift["none"] - drift["before"]
    means = ", ".join(f"{place} {values.mean():.3f}" for place, values in drift.items())
    return [
        primary(
            declared[184],
            seeds_effect(apart, "σ", level=declared[184].level(len(apart))),
            note=f"Change between readings: {means}. Batch norm stands before the activation, so that the layer's "
            "inputs are rectified after it.",
        ),
        Finding(
            184,
            "The same with batch norm right before the second layer, after the activation",
            seeds_effect(drift["none"] - drift["after"], "σ"),
            above(0),
            kind="secondary",
        ),
    ]


def _place(declared: Declarations, kinds: Kinds) -> list[Finding]:
    activations = list(dict.fromkeys(activation for activation, _ in kinds))
    found = []
    for activation in activations:
        bare = kinds[activation, "none"].accuracy
        poor = f"{activation} without batch norm has not learned" if np.median(bare) < LEARNED else ""
        for place in ("before", "after"):
            other = kinds[activation, place]
            effect = seeds_effect(
                other.accuracy - bare, "accuracy", SHARES_APART, level=declared[188].level(len(bare)), together=6
            )
            note = f"{other.accuracy.mean():.3f} against {bare.mean():.3f}, each at its best rate."
            words = f"batch norm {place} the {activation}"
            found.append(primary(declared[188], effect, of=words, undecided=poor, note=note))
    for activation in activations:
        apart = kinds[activation, "before"].accuracy - kinds[activation, "after"].accuracy
        words = f"Test accuracy, batch norm before the {activation} minus after it"
        found.append(Finding(188, words, seeds_effect(apart, "accuracy", SHARES_APART)))
    return found


def _rates(declared: Declarations, kinds: Kinds) -> list[Finding]:
    normed, bare = kinds["rectifier", "before"], kinds["rectifier", "none"]
    apart = normed.usable - bare.usable
    ends = np.log10(bare.rates[[0, -1]])
    # at the end of the grid what is usable is only known from below: that can but lessen the difference
    edge = "the largest usable rate without batch norm is the grid's end" if np.median(bare.usable) == ends[1] else ""
    never = (
        "a kind learned at no rate"
        if any((each.accuracies.max(axis=0) < LEARNED).any() for each in (normed, bare))
        else ""
    )
    sooner = np.log10(normed.losses[normed.chosen] / bare.losses[bare.chosen])
    return [
        primary(
            declared[189],
            seeds_effect(apart, "log10", level=declared[189].level(len(apart))),
            undecided=joined(edge, never),
            note=f"Largest usable rate: {10 ** np.median(normed.usable):.3g} with it, "
            f"{10 ** np.median(bare.usable):.3g} without (medians), of rates up to {bare.rates[-1]:g}.",
            figures=(FIGURE,),
        ),
        Finding(
            189,
            "log10 of the training loss after equal steps, with batch norm minus without, each at its best rate",
            seeds_effect(sooner, "log10"),
            between(-np.inf, 0),
            kind="secondary",
            note="Such normalisation speeds up the convergence.",
            figures=(FIGURE,),
        ),
    ]


def table(kinds: Kinds, images: str) -> Table:
    """Every kind at its best rate."""
    rows = [
        (
            activation,
            place,
            f"{each.rates[each.chosen]:g}",
            f"{each.losses[each.chosen].mean():.4f}",
            f"{each.accuracy.mean():.3f}",
            f"{10 ** np.median(each.usable):.3g}",
        )
        for (activation, place), each in kinds.items()
    ]
    return Table(
        "Batch norm before or after the activation",
        ("activation", "batch norm", "best rate", "training loss", "test accuracy", "largest usable rate"),
        tuple(rows),
        f"{images}; two hidden layers, plain gradient descent, each at the rate with the lowest loss.",
    )

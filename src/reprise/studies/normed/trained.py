"""Claims 162, 188, 189 and beside 184: regularising, drift of layer inputs, place of the layer, usable rates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from reprise.claims.declarations import Declarations
from reprise.claims.evidence import Finding, Table, above, between, joined, primary
from reprise.overlap import splits_effect
from reprise.statistics import SHARES_APART, Effect
from reprise.studies.normed.settings import Learning
from reprise.sweeps import Sweep

LEARNED = 0.8  # test accuracy that is called to learn
FITTED = 0.99  # training accuracy from which on wrong labels have been learned too
FIGURE = "normed-rates"
UNUSABLE = "a kind learned at no rate"


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
    def never(self) -> np.ndarray:
        """(seeds,) which learned at no rate."""
        return (self.accuracies < LEARNED).all(axis=0)

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


@dataclass(frozen=True)
class Over:
    """How effects over seeds are made, whose splits share images.

    Attributes:
        images: that are split.
        examples, tested: of each split.
    """

    images: int
    examples: int
    tested: int

    def test(self, values: np.ndarray, unit: str = "accuracy", **more: Any) -> Effect:
        """Of what is read on test images."""
        return splits_effect(values, self.tested, self.images, unit, **more)

    def training(self, values: np.ndarray, unit: str = "", **more: Any) -> Effect:
        """Of what is read on training images, of which two splits share more."""
        return splits_effect(values, self.examples, self.images, unit, **more)


def findings(declared: Declarations, sweep: Sweep, kinds: Kinds, config: Learning) -> list[Finding]:
    """All four claims."""
    over = Over(int(sweep.columns["images"][0]), config.examples, config.tested)
    return [
        *_regularising(declared, sweep, over),
        *_drift(sweep, over),
        *_place(declared, kinds, over),
        *_rates(declared, kinds, over),
    ]


def _regularising(declared: Declarations, sweep: Sweep, over: Over) -> list[Finding]:
    rows = {place: sweep.where(kind="overfitted", place=place).columns for place in ("none", "before")}
    gaps = {place: each["train_accuracy"] - each["test_accuracy"] for place, each in rows.items()}
    apart = gaps["none"] - gaps["before"]
    short = [place for place, each in rows.items() if each["train_accuracy"].mean() < FITTED]
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
            over.test(apart, possible=(-2, 2), level=declared[162].level(len(apart))),
            undecided=f"{', '.join(short)}: cut off before the taught labels were fitted" if short else "",
            note=f"Training / test accuracy, {levels}; training accuracy is on the labels that were taught.",
        ),
        Finding(
            162,
            "Test accuracy after equal steps on wrong labels, with batch norm minus without",
            over.test(rows["before"]["test_accuracy"] - rows["none"]["test_accuracy"], possible=SHARES_APART),
            note="What is left of the gap's difference where both have fitted the taught labels.",
        ),
        *(
            Finding(
                162,
                f"Median distance after training of {words}",
                over.training(values),
                between(0, 0.1),
                kind="slip",
                defect=18,
                note="They are trained for the loss, and nothing pulls them there.",
            )
            for words, values in off.items()
        ),
    ]


def _drift(sweep: Sweep, over: Over) -> list[Finding]:
    rows = {place: sweep.where(kind="watched", place=place).columns for place in ("none", "before", "after")}
    drift = {place: each["drift"] for place, each in rows.items()}
    moving = {place: each["drift_moving"] for place, each in rows.items()}
    apart = drift["none"] - drift["before"]
    means = ", ".join(f"{place} {values.mean():.3f}" for place, values in drift.items())
    moved = ", ".join(f"{place} {moving[place].mean():.3f}" for place in ("before", "after"))
    free = Finding(
        184,
        "The same by the networks' moving averages, which no image that is read normalises",
        over.training(drift["none"] - moving["before"], "σ"),
        note=f"Change between readings: {moved}; the averages begin at 0 and 1 and lag behind, which counts as change.",
    )
    return [
        Finding(
            184,
            "Change of the mean of the second layer's inputs between readings, in their standard deviations, over a "
            "training on handwritten digits, without batch norm minus with it, at one learning rate",
            over.training(apart, "σ"),
            note=f"Change between readings: {means}. Batch norm stands before the activation. As in training, the "
            "images that are read normalise themselves: what is left to change is γ, β, and the distribution's form, "
            "so that a smaller change is nearly built in.",
        ),
        free,
        Finding(
            184,
            "The same as in training, batch norm right before the second layer, after the activation",
            over.training(drift["none"] - drift["after"], "σ"),
            note="There the mean of an input is β, so that its drift is that of β over γ.",
        ),
    ]


def _place(declared: Declarations, kinds: Kinds, over: Over) -> list[Finding]:
    activations = list(dict.fromkeys(activation for activation, _ in kinds))
    found = []
    for activation in activations:
        bare = kinds[activation, "none"].accuracy
        poor = f"{activation} without batch norm has not learned" if np.median(bare) < LEARNED else ""
        for place in ("before", "after"):
            other = kinds[activation, place]
            more = {"possible": SHARES_APART, "level": declared[188].level(len(bare)), "together": 6}
            effect = over.test(other.accuracy - bare, **more)
            note = f"{other.accuracy.mean():.3f} against {bare.mean():.3f}, each at its best rate."
            words = f"batch norm {place} the {activation}"
            found.append(primary(declared[188], effect, of=words, undecided=poor, note=note))
    for activation in activations:
        apart = kinds[activation, "before"].accuracy - kinds[activation, "after"].accuracy
        words = f"Test accuracy, batch norm before the {activation} minus after it"
        found.append(Finding(188, words, over.test(apart, possible=SHARES_APART)))
    return found


def _rates(declared: Declarations, kinds: Kinds, over: Over) -> list[Finding]:
    normed, bare = kinds["rectifier", "before"], kinds["rectifier", "none"]
    apart = normed.usable - bare.usable
    ends = np.log10(bare.rates[[0, -1]])
    # at the end of the grid what is usable is only known from below: that can but lessen the difference
    edge = "the largest usable rate without batch norm is the grid's end" if np.median(bare.usable) == ends[1] else ""
    never = UNUSABLE if _never(normed, bare) else ""
    others = [key for key in kinds if key[1] != "none" and key != ("rectifier", "before")]
    sooner = np.log10(normed.losses[normed.chosen] / bare.losses[bare.chosen])
    return [
        primary(
            declared[189],
            over.test(apart, "log10", level=declared[189].level(len(apart))),
            undecided=joined(edge, never),
            note=f"Largest usable rate: {10 ** np.median(normed.usable):.3g} with it, "
            f"{10 ** np.median(bare.usable):.3g} without (medians), of rates up to {bare.rates[-1]:g}.",
            figures=(FIGURE,),
        ),
        *(
            Finding(
                189,
                f"log10 of the largest usable rate, batch norm {place} the {activation} minus without",
                over.test(kinds[activation, place].usable - kinds[activation, "none"].usable, "log10", together=5),
                above(0),
                kind="secondary",
                undecided=UNUSABLE if _never(kinds[activation, place], kinds[activation, "none"]) else "",
                figures=(FIGURE,),
            )
            for activation, place in others
        ),
        Finding(
            189,
            "log10 of the training loss after equal steps, with batch norm minus without, each at its best rate",
            over.training(sooner, "log10"),
            between(-np.inf, 0),
            kind="secondary",
            note="Such normalisation speeds up the convergence.",
            figures=(FIGURE,),
        ),
    ]


def _never(*kinds: Any) -> bool:
    return any(each.never.any() for each in kinds)


def table(kinds: Kinds, images: str) -> Table:
    """Every kind at its best rate."""
    rows = [
        (
            activation,
            place,
            f"{each.rates[each.chosen]:g}",
            f"{each.losses[each.chosen].mean():.4f}",
            f"{each.accuracy.mean():.3f}",
            "none" if each.never.mean() > 0.5 else f"{10 ** np.median(each.usable):.3g}",
        )
        for (activation, place), each in kinds.items()
    ]
    return Table(
        "Batch norm before or after the activation",
        ("activation", "batch norm", "best rate", "training loss", "test accuracy", "largest usable rate"),
        tuple(rows),
        f"{images}; two hidden layers, plain gradient descent, each at the rate with the lowest loss.",
    )

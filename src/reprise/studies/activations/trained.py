"""Claims 179, 181 and 182: who converges better, whether dead networks come back, and the derivative at 0."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reprise.claims.declarations import Declarations
from reprise.claims.evidence import Finding, Table, between, equals, joined, primary
from reprise.overlap import splits_effect
from reprise.statistics import SHARE, SHARES_APART, exact
from reprise.studies.activations.rectifiers import AT_ZERO, slope_at_zero
from reprise.studies.activations.settings import Learning
from reprise.sweeps import Sweep

LEARNED = 0.8  # test accuracy that is called to have learned
CHANCE = 0.2  # twice chance: what no dead network should reach


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


def findings(declared: Declarations, sweep: Sweep, kinds: dict[str, Best], config: Learning) -> list[Finding]:
    """All three claims."""
    return [
        *_convergence(declared, sweep, kinds, config),
        *_dying(declared, sweep, config),
        *_at_zero(sweep, config),
    ]


def _convergence(declared: Declarations, sweep: Sweep, kinds: dict[str, Best], config: Learning) -> list[Finding]:
    relu, sigmoid = kinds["rectifier"], kinds["sigmoid"]
    apart = np.log10(relu.loss / sigmoid.loss)
    compared = {"rectifier": relu, "sigmoid": sigmoid}
    poor = [name for name, each in compared.items() if np.median(each.accuracy) < LEARNED]
    barred = [f"the {name} learned at no rate" for name in poor]
    barred += [
        f"the best rate of the {name} is an end of those tried" for name, each in compared.items() if each.at_end
    ]
    images, level = int(sweep.columns["images"][0]), declared[179].level(len(apart))
    return [
        primary(
            declared[179],
            splits_effect(apart, config.examples, images, "log10", level=level),
            undecided=joined(*barred),
            note=f"Loss {relu.loss.mean():.3g} at rate {relu.rate:g} against {sigmoid.loss.mean():.3g} at "
            f"{sigmoid.rate:g}; test accuracy {relu.accuracy.mean():.3f} against {sigmoid.accuracy.mean():.3f}.",
            figures=("activations-rates",),
        ),
        Finding(
            179,
            "Share of a new rectifier network's hidden activations that are zero",
            splits_effect(relu.silent, config.examples, images, possible=SHARE),
            between(0.25, 0.75),
            kind="secondary",
            note="Sparse: about half of the units are silent before anything is learned.",
        ),
    ]


def _dying(declared: Declarations, sweep: Sweep, config: Learning) -> list[Finding]:
    images = int(sweep.columns["images"][0])

    def of(kind: str, name: str, column: str = "test_accuracy") -> np.ndarray:
        return sweep.where(kind=kind, activation=name).columns[column]

    leaky, rectified = of("buried", "leaky"), of("buried", "rectifier")
    begun = of("begun", "leaky")
    barred = joined(
        "networks that begin as usual have not learned by then" if np.median(begun) < LEARNED else "",
        "rectifiers that began dead learned too" if np.median(rectified) > CHANCE else "",
    )
    dead = {name: of("buried", name, "dead").mean() for name in ("rectifier", "leaky")}
    level = declared[181].level(len(leaky))
    effect = splits_effect(leaky, config.tested, images, "accuracy", SHARE, level=level)
    rate, plainly = _descended(sweep)
    plain = splits_effect(plainly, config.tested, images, "accuracy", SHARE, level=level)
    verdicts = {name: declared[181].expect.judge(each) for name, each in (("Adam", effect), ("descent", plain))}
    hangs = (
        f"it hangs on how networks learn: by Adam {verdicts['Adam']}, by plain gradient descent {verdicts['descent']}"
    )
    return [
        primary(
            declared[181],
            effect,
            undecided=joined(barred, hangs if len(set(verdicts.values())) > 1 else ""),
            note=f"Rectifiers that began so: {rectified.mean():.3f}; leaky ones that began as usual: "
            f"{begun.mean():.3f}.",
        ),
        Finding(
            181,
            "Test accuracy of such leaky networks by plain gradient descent, at the best of its rates",
            plain,
            note=f"Rate {rate:g}, of {config.rates[0]:g} to {config.rates[-1]:g} the best by test accuracy, in its "
            "favour. Adam divides each gradient by its size, and so undoes the hundredth that the leak makes of it.",
        ),
        Finding(
            181,
            "Share of hidden units that are negative for every training image at the end, rectifier minus leaky",
            splits_effect(
                of("buried", "rectifier", "dead") - of("buried", "leaky", "dead"),
                config.examples,
                images,
                possible=SHARES_APART,
            ),
            note=f"{dead['rectifier']:.2f} with the rectifier, which no gradient can bring back, {dead['leaky']:.2f} "
            "with the leaky one, whose units learn there too.",
        ),
    ]


def _descended(sweep: Sweep) -> tuple[float, np.ndarray]:
    """The rate that is best for dead leaky networks by plain descent, and (seeds,) their test accuracy at it."""
    rows = sweep.where(kind="descended", activation="leaky").columns
    accuracy = np.nan_to_num(rows["test_accuracy"])  # what diverged has none
    rates = np.unique(rows["learning_rate"])
    chosen = max(rates, key=lambda rate: np.median(accuracy[rows["learning_rate"] == rate]))
    return float(chosen), accuracy[rows["learning_rate"] == chosen]


def _at_zero(sweep: Sweep, config: Learning) -> list[Finding]:
    """Built: three rectifiers are what they are called; what a network makes of them stands beside."""
    images = int(sweep.columns["images"][0])
    accuracy = {name: sweep.where(kind="learned", activation=name).columns["test_accuracy"] for name in AT_ZERO}
    return [
        *(
            Finding(
                182,
                f"Derivative at 0 of the rectifier that is to have {name} there, by automatic differentiation",
                exact(slope_at_zero(name)),
                equals(float(name)),
                kind="oracle",
                oracle="automatic differentiation",
            )
            for name in AT_ZERO
        ),
        *(
            Finding(
                182,
                f"Test accuracy with the derivative {name} at 0, minus that with 0",
                splits_effect(accuracy[name] - accuracy["0"], config.tested, images, "accuracy", SHARES_APART),
                note=f"Accuracy with 0: {accuracy['0'].mean():.3f}; an input is exactly 0 hardly ever.",
            )
            for name in list(AT_ZERO)[1:]
        ),
    ]


def table(kinds: dict[str, Best], images: str) -> Table:
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
        f"{images}; two hidden layers, plain gradient descent, means over seeds, each with its own split.",
    )

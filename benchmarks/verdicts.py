"""How often verdicts are wrong and how often there is one: three seeds as it was, and looks as they are declared.

    python benchmarks/verdicts.py                       1,000 claims a row; seven minutes on one core
    python benchmarks/verdicts.py --repetitions 100

Networks are simulated: each has its own accuracy, drawn around its variant's with the assumed spread; images are harder
or easier for all, and some of them for one variant only, whatever its seed. What then judges them is the project's own:
`compare` and `decide` with a declaration. *Before* is what was done until then: three seeds, a 95 % interval for each
comparison (10,000 draws of Student's t over seeds, and of the images once more), contradicted where any of them lies
outside the band.

Wrong is every verdict where the true effect lies exactly at the band's end, be it *reproduced* or *contradicted*. Where
some networks collapse, the true effect is that of those which do not. *Covers*: the interval at which it stopped holds
the true effect (of several comparisons: that of the first).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
from scipy import stats
from threadpoolctl import threadpool_limits

from reprise.claims.declarations import Declaration
from reprise.claims.evidence import Finding, decide
from reprise.comparing.findings import compare, difference
from reprise.statistics import Effect

LOOKS = (4, 8, 16, 24)
BEFORE = 3  # seeds


@dataclass(frozen=True)
class World:
    """What is true of a claim's networks.

    Attributes:
        effects: of each variant, accuracy minus the baseline's.
        spread: standard deviation over seeds of a paired difference; what single networks do on single images adds to
            it (0.0054 shows as 0.0073 on 10,000 images).
        collapse: chance of a network to come to nothing.
        images: tested, the same for all.
        accuracy: of the baseline.
        hardness: how much harder some images are than others, for all networks; probits.
        own: the same for all networks of one variant.
    """

    effects: tuple[float, ...]
    spread: float = 0.0054
    collapse: float = 0.0
    images: int = 10_000
    accuracy: float = 0.7
    hardness: float = 1.0
    own: float = 0.5

    def draw(self, rng: np.random.Generator, seeds: int) -> list[Networks]:
        """The baseline's networks, and each variant's."""
        hard = self.hardness * rng.standard_normal(self.images, np.float32)
        return [
            self._variant(f"variant {place}" if place else "baseline", self.accuracy + effect, hard, rng, seeds)
            for place, effect in enumerate((0.0, *self.effects))
        ]

    def _variant(self, name: str, accuracy: float, hard: np.ndarray, rng: np.random.Generator, seeds: int) -> Networks:
        of_seeds = accuracy + rng.normal(0, self.spread / np.sqrt(2), seeds)
        # so that the mean over images is what was drawn for the seed
        able = stats.norm.ppf(of_seeds) * np.sqrt(1 + self.hardness**2 + self.own**2)
        images = hard + np.float32(self.own) * rng.standard_normal(self.images, np.float32)
        scores = rng.standard_normal((seeds, self.images), np.float32) + images + able[:, None].astype(np.float32)
        correct = (scores > 0).astype(float)
        gone = rng.random(seeds) < self.collapse
        correct[gone] = rng.random((gone.sum(), self.images)) < 0.1
        return Networks(name, correct)


@dataclass(frozen=True, eq=False)
class Networks:
    """As much of a run as a comparison reads.

    Attributes:
        name: of the variant.
        correct: (seeds, images) 1 where the network is right.
        settings, record: their training ended, by itself.
    """

    name: str
    correct: np.ndarray
    settings: ClassVar[dict[str, Any]] = {"decay": "linear", "epochs": 5}
    record: ClassVar[dict[str, Any]] = {"epochs": [4]}

    @property
    def seeds(self) -> int:
        """How many networks there are."""
        return len(self.correct)

    def upto(self, seeds: int) -> Networks:
        """The first of them."""
        return replace(self, correct=self.correct[:seeds])


@dataclass
class Outcome:
    """How one claim ended."""

    verdict: str
    seeds: int
    effect: Effect
    barred: bool = False


def before(declared: Declaration, networks: Sequence[Networks]) -> Outcome:
    """Three seeds, 95 % each, contradicted by any."""
    baseline, *others = (each.upto(BEFORE) for each in networks)
    effects = [as_it_was(one.correct - baseline.correct) for one in others]
    found = [Finding(declared.claim, "accuracy", effect, declared.expect, "primary") for effect in effects]
    return Outcome(decide(found), BEFORE, effects[0])


def as_it_was(differences: np.ndarray) -> Effect:
    """The interval of (seeds, images) differences as it was drawn."""
    rng, (seeds, images) = np.random.default_rng(0), differences.shape
    value, spread = float(differences.mean()), float(differences.mean(axis=1).std(ddof=1))
    error = differences.mean(axis=0).std(ddof=1) / images**0.5
    drawn = error * rng.standard_normal(10_000) + spread / seeds**0.5 * rng.standard_t(seeds - 1, 10_000)
    low, high = value + np.quantile(drawn, [0.025, 0.975])
    return Effect(value, float(low), float(high), images, seeds)


def after(declared: Declaration, networks: Sequence[Networks]) -> Outcome:
    """At each planned number of seeds, until it is decided or may not be judged."""
    for seeds in declared.looks:
        baseline, *others = (each.upto(seeds) for each in networks)
        found = compare(declared, [(one, baseline) for one in others])
        verdict, barred = decide(found), any(each.undecided for each in found)
        if verdict != "inconclusive" or barred:
            break
    return Outcome(verdict, seeds, found[0].effect, barred)


@dataclass
class Tally:
    """Shares of many claims that ended alike."""

    truth: float
    outcomes: list[Outcome] = field(default_factory=list)

    def share(self, *verdicts: str) -> float:
        """Of claims with one of these verdicts."""
        return float(np.mean([each.verdict in verdicts for each in self.outcomes]))

    @property
    def barred(self) -> float:
        """Share that may not be judged."""
        return float(np.mean([each.barred for each in self.outcomes]))

    @property
    def covers(self) -> float:
        """Share whose interval holds the true effect, of those that may be judged; NaN where none may."""
        held = [each.effect.low <= self.truth <= each.effect.high for each in self.outcomes if not each.barred]
        return float(np.mean(held)) if held else float("nan")

    @property
    def seeds(self) -> float:
        """Mean number of seeds at the end."""
        return float(np.mean([each.seeds for each in self.outcomes]))

    @property
    def error(self) -> float:
        """Largest standard error of a share."""
        return 0.5 / len(self.outcomes) ** 0.5


def simulate(world: World, declared: Declaration, repetitions: int, procedure=after, seed: int = 0) -> Tally:
    """Judges as many claims of such a world."""
    tally = Tally(world.effects[0])
    seeds = BEFORE if procedure is before else declared.looks[-1]
    for repetition in range(repetitions):
        networks = world.draw(np.random.default_rng([seed, repetition]), seeds)
        tally.outcomes.append(procedure(declared, networks))
    return tally


def declare(
    band: str, each: bool = False, looks: Sequence[int] = LOOKS, smallest: float = 0.01, seen: Effect | None = None
) -> Declaration:
    """A declaration of a difference in accuracy; its plan assumes the spread that an earlier run has ``seen``."""
    assumed = {"spread": seen.seed_spread, "examples_error": seen.examples_error} if seen else {}
    return Declaration.model_validate(
        {
            "claim": 1,
            "says": "it is better",
            "place": "S1",
            "basis": "data",
            "measures": "Test accuracy, {}",
            "band": band,
            "because": "a point matters",
            "each": each,
            "smallest": smallest,
            "planned": {"seeds": looks[-1], "looks": list(looks), **assumed},
            "undecidable": "networks that collapse",
        }
    )


ROWS = (
    ("better, true effect at the end", "> 0", (0.0,), 0.0),
    ("better, smallest effect of interest", "> 0", (0.01,), 0.0),
    ("on par, true effect at the end", "-0.01 to 0.01", (0.01,), 0.0),
    ("on par, no effect", "-0.01 to 0.01", (0.0,), 0.0),
    ("all of 4 better, all at the end", "> 0", (0.0,) * 4, 0.0),
    ("all of 4 better, one at the end", "> 0", (0.0, 0.02, 0.02, 0.02), 0.0),
    ("all of 4 better, smallest effect", "> 0", (0.01,) * 4, 0.0),
    ("1 of 20 networks collapses, at the end", "> 0", (0.0,), 0.05),
    ("1 of 20 networks collapses, smallest", "> 0", (0.01,), 0.05),
    ("1 of 4 networks collapses, at the end", "> 0", (0.0,), 0.25),
    ("1 of 4 networks collapses, smallest", "> 0", (0.01,), 0.25),
)


def main() -> None:
    """Prints one table: each row before and after."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=1000, help="claims a row")
    arguments = parser.parse_args()
    threadpool_limits(1)
    begun, error = time.monotonic(), 0.0
    one, other = World((0.0,)).draw(np.random.default_rng(0), 100)
    seen = difference(one, other)
    print(f"an earlier run showed a spread over seeds of {seen.seed_spread:.4f}, from images {seen.examples_error:.4f}")
    print("power that follows, at the last look alone:")
    for band in ("> 0", "-0.01 to 0.01"):
        print(f"  {band}: {declare(band, seen=seen).power:g}, and with {BEFORE} seeds: ", end="")
        print(f"{declare(band, looks=(BEFORE,), seen=seen).power:g}")
    print(f"{'':40}{'':8}reproduced contradicted barred covers seeds")
    for name, band, effects, collapse in ROWS:
        declared = declare(band, len(effects) > 1)
        for procedure in (before, after):
            tally = simulate(World(effects, collapse=collapse), declared, arguments.repetitions, procedure)
            print(
                f"{name if procedure is before else '':40}{procedure.__name__:8}"
                f"{tally.share('reproduced'):10.3f} {tally.share('contradicted'):12.3f} {tally.barred:6.3f}"
                f" {tally.covers:6.3f} {tally.seeds:5.1f}",
                flush=True,
            )
            error = tally.error
    at_five = (0.05 * 0.95 / arguments.repetitions) ** 0.5
    print(f"{arguments.repetitions} claims a row: standard error of a share up to {error:.3f}, near .05 {at_five:.3f}")
    print(f"{time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    main()

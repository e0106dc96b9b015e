"""Claims 192-194: the gap between training and test, the ensemble of thinned networks, and co-adaptation."""

from __future__ import annotations

from typing import Any

import numpy as np

from reprise.claims.declarations import Declaration, Declarations
from reprise.claims.evidence import Finding, Table, below, equals, joined, primary
from reprise.overlap import splits_effect
from reprise.statistics import CORRELATION, SHARE, SHARES_APART, Effect, exact
from reprise.studies.thinned.settings import ENSEMBLE_TESTED, Learning
from reprise.sweeps import Sweep

LEARNED = 0.8  # test accuracy that is called to have learned
FITTED = 0.99  # training accuracy, on the labels that were taught, from which on they are called fitted
STILL = 0.01  # rise of the training accuracy over the last tenth of the steps from which on it was cut off
REMOVED = {"a quarter": "lost_quarter", "three quarters": "lost_most"}  # training with dropout removes a half itself
PAIRS = {
    "few": ("few", "many", "{few} training images minus {many}"),
    "noise": (
        "noisy_large",
        "noisy_small",
        "{large} hidden units minus {small}, a share of {noise:g} of the labels drawn anew",
    ),
    "remedy": ("few", "few_dropped", "no dropout minus dropout, {few} training images"),
    "noise remedy": ("noisy_large", "noisy_dropped", "no dropout minus dropout, labels drawn anew"),
}
FIGURES = {192: ("thinned-overfitting",), 193: ("thinned-ensemble",), 194: ("thinned-overfitting",)}


def of(sweep: Sweep, cell: str, column: str) -> np.ndarray:
    """(seeds,) values of one cell."""
    return sweep.where(cell=cell).columns[column]


def gap(sweep: Sweep, cell: str) -> np.ndarray:
    """(seeds,) training minus test accuracy."""
    return of(sweep, cell, "train") - of(sweep, cell, "test")


def effect(sweep: Sweep, values: np.ndarray, tested: int, unit: str = "accuracy", **more: Any) -> Effect:
    """Over seeds, whose splits share images."""
    return splits_effect(values, tested, int(sweep.columns["images"][0]), unit, **more)


def findings(declared: Declarations, sweep: Sweep, config: Learning) -> list[Finding]:
    """All three claims."""
    return [
        *_gaps(declared[192], sweep, config),
        *_ensemble(declared[193], sweep, config),
        *_units(declared[194], sweep, config),
    ]


def _gaps(declared: Declaration, sweep: Sweep, config: Learning) -> list[Finding]:
    found = []
    for one, other, words in PAIRS.values():
        pair = gap(sweep, one) - gap(sweep, other)
        levels = (
            f"training / test accuracy: {of(sweep, one, 'train').mean():.3f} / {of(sweep, one, 'test').mean():.3f} "
            f"against {of(sweep, other, 'train').mean():.3f} / {of(sweep, other, 'test').mean():.3f}"
        )
        more = {"possible": (-2, 2), "level": declared.level(len(pair)), "together": len(PAIRS)}
        found.append(
            primary(
                declared,
                effect(sweep, pair, config.tested, **more),
                of=words.format(**config.model_dump()),
                undecided=unfinished(sweep, one, other),
                note=levels,
                figures=FIGURES[192],
            )
        )
    better = of(sweep, "noisy_dropped", "test") - of(sweep, "noisy_large", "test")
    words = "Test accuracy, dropout minus none, labels drawn anew"
    return [*found, Finding(192, words, effect(sweep, better, config.tested, possible=SHARES_APART))]


def unfinished(sweep: Sweep, one: str, other: str) -> str:
    """Why the gaps of two cells may not be compared: ``one``, said to overfit, against ``other``; empty where they may.

    What is to overfit must have fitted its training images; what it is held against must know about as many test
    images, or a gap is narrow because nothing was learned; and neither may have been cut off while it still learned.
    """
    train, tests = of(sweep, one, "train").mean(), [np.median(of(sweep, cell, "test")) for cell in (one, other)]
    rising = [cell for cell in (one, other) if of(sweep, cell, "rise").mean() > STILL]
    return joined(
        f"{one} has not fitted the taught labels, {train:.3f} of them" if train < FITTED else "",
        f"{other} has not learned" if tests[1] < min(LEARNED, tests[0] - STILL) else "",
        f"{', '.join(rising)}: cut off while training accuracy still rose" if rising else "",
    )


def _unlearned(sweep: Sweep, column: str, *cells: str) -> str:
    poor = [cell for cell in cells if np.median(of(sweep, cell, column)) < LEARNED]
    return f"{', '.join(poor)}: below {LEARNED:g} test accuracy" if poor else ""


def _ensemble(declared: Declaration, sweep: Sweep, config: Learning) -> list[Finding]:
    scaled, average = (of(sweep, "ensemble", column) for column in ("scaled", "average"))
    tested, level = min(ENSEMBLE_TESTED, config.tested), declared.level(len(scaled))
    return [
        primary(
            declared,
            effect(sweep, scaled - average, tested, possible=SHARES_APART, level=level),
            undecided=_unlearned(sweep, "average", "ensemble"),
            note=f"Two hidden layers of {config.ensemble} units, {config.thinned:g} of them dropped: "
            f"{2 ** (2 * config.ensemble):,} thinned networks, all asked. Test accuracy {scaled.mean():.3f} with "
            f"scaled weights, {average.mean():.3f} of the average.",
            figures=FIGURES[193],
        ),
        Finding(
            193,
            "Share of test images on which the two name the same digit",
            effect(sweep, of(sweep, "ensemble", "agree"), tested, "", possible=SHARE),
        ),
        Finding(
            193,
            "Mean total variation between the two",
            effect(sweep, of(sweep, "ensemble", "apart"), tested, "", possible=SHARE),
            note="How far their probabilities are apart, whatever they answer.",
        ),
        Finding(
            193,
            "Largest difference of the scaled network from the normalised geometric mean, last layer alone dropped",
            exact(float(of(sweep, "ensemble", "geometric").max()), len(scaled)),
            equals(0, 1e-9),
            kind="oracle",
            oracle="Baldi and Sadowski (2013): for one softmax layer the two are the same",
        ),
    ]


def _units(declared: Declaration, sweep: Sweep, config: Learning) -> list[Finding]:
    def both(column: str) -> tuple[np.ndarray, np.ndarray]:
        return of(sweep, "many", column), of(sweep, "many_dropped", column)

    found, poor = [], _unlearned(sweep, "test", "many", "many_dropped")
    for share, column in REMOVED.items():
        plain, dropped = both(column)
        more = {"possible": SHARES_APART, "level": declared.level(len(plain)), "together": len(REMOVED)}
        found.append(
            primary(
                declared,
                effect(sweep, plain - dropped, config.tested, **more),
                of=share,
                undecided=poor,
                note=f"Lost: {plain.mean():.3f} without dropout, {dropped.mean():.3f} with it, what stays scaled up.",
                figures=FIGURES[194],
            )
        )
    plain, dropped = both("lost_half")
    (alike, less), (silent, more_silent) = both("correlation"), both("silent")
    return [
        *found,
        Finding(
            194,
            "The same when half of the units are removed, as training with dropout does itself",
            effect(sweep, plain - dropped, config.tested, possible=SHARES_APART),
            note=f"Lost: {plain.mean():.3f} without dropout, {dropped.mean():.3f} with it.",
        ),
        Finding(
            194,
            "Mean absolute correlation between hidden units on test images, with dropout minus without",
            effect(sweep, less - alike, config.tested, "", possible=CORRELATION),
            below(0),
            kind="secondary",
            note="Another thing that co-adapted may mean: units that say the same.",
        ),
        Finding(
            194,
            "Share of activations that are zero, with dropout minus without",
            effect(sweep, more_silent - silent, config.tested, "", possible=SHARES_APART),
            note="Srivastava et al. (2014) find activations sparser with dropout.",
        ),
    ]


def table(sweep: Sweep, config: Learning, images: str) -> Table:
    """Every cell."""
    rows = []
    for cell in dict.fromkeys(sweep.columns["cell"].tolist()):
        means = [of(sweep, cell, column).mean() for column in ("train", "test", "lost_half", "correlation", "silent")]
        rows.append((cell.replace("_", " "), *("" if np.isnan(mean) else f"{mean:.3f}" for mean in means)))
    return Table(
        "Networks that learned handwritten digits",
        ("kind", "training accuracy", "test accuracy", "lost without half of the units", "mean |correlation|", "zero"),
        tuple(rows),
        f"{images}; means over {config.seeds} seeds, each with its own split, {config.steps} steps of Adam, "
        f"{config.fitted} with noise and for the ensemble. Training accuracy is on the labels that were taught, with "
        "dropout off.",
    )

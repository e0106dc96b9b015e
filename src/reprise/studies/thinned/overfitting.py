"""Claims 192-194: the gap between training and test, the ensemble of thinned networks, and co-adaptation."""

from __future__ import annotations

import numpy as np

from reprise.claims.declarations import Declarations
from reprise.claims.evidence import Finding, Table, below, equals, primary
from reprise.statistics import CORRELATION, SHARES_APART, exact, seeds_effect
from reprise.studies.thinned.settings import Learning
from reprise.sweeps import Sweep

LEARNED = 0.2  # twice chance
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


def findings(declared: Declarations, sweep: Sweep, config: Learning) -> list[Finding]:
    """All three claims."""
    found = []
    for one, other, words in PAIRS.values():
        pair = gap(sweep, one) - gap(sweep, other)
        levels = (
            f"training / test accuracy: {of(sweep, one, 'train').mean():.3f} / {of(sweep, one, 'test').mean():.3f} "
            f"against {of(sweep, other, 'train').mean():.3f} / {of(sweep, other, 'test').mean():.3f}"
        )
        level = declared[192].level(len(pair))
        effect = seeds_effect(pair, "accuracy", (-2, 2), level=level, together=len(PAIRS))
        found.append(
            primary(
                declared[192],
                effect,
                of=words.format(**config.model_dump()),
                undecided=_unlearned(sweep, one, other),
                note=levels,
                figures=FIGURES[192],
            )
        )
    better = of(sweep, "noisy_dropped", "test") - of(sweep, "noisy_large", "test")
    found.append(
        Finding(
            192, "Test accuracy, dropout minus none, labels drawn anew", seeds_effect(better, "accuracy", SHARES_APART)
        )
    )
    return [*found, *_ensemble(declared, sweep, config), *_units(declared, sweep)]


def _unlearned(sweep: Sweep, *cells: str) -> str:
    poor = [cell for cell in cells if np.median(of(sweep, cell, "test")) < LEARNED]
    return f"{', '.join(poor)}: no better than twice chance" if poor else ""


def _ensemble(declared: Declarations, sweep: Sweep, config: Learning) -> list[Finding]:
    scaled, average = (of(sweep, "ensemble", column) for column in ("scaled", "average"))
    low = "the average itself is no better than twice chance" if np.median(average) < LEARNED else ""
    return [
        primary(
            declared[193],
            seeds_effect(scaled - average, "accuracy", SHARES_APART, level=declared[193].level(len(scaled))),
            undecided=low,
            note=f"Two hidden layers of {config.ensemble} units: {2 ** (2 * config.ensemble):,} thinned networks, all "
            f"asked. Test accuracy {scaled.mean():.3f} with scaled weights, {average.mean():.3f} of the average.",
            figures=FIGURES[193],
        ),
        Finding(
            193,
            "Share of test images on which the two name the same digit",
            seeds_effect(of(sweep, "ensemble", "agree")),
        ),
        Finding(
            193,
            "Mean total variation between the two",
            seeds_effect(of(sweep, "ensemble", "apart")),
            note="Probabilities differ more than answers do: the scaled network is the surer one.",
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


def _units(declared: Declarations, sweep: Sweep) -> list[Finding]:
    lost, alike, silent = (
        {cell: of(sweep, cell, column) for cell in ("many", "many_dropped")}
        for column in ("lost", "correlation", "silent")
    )
    apart = lost["many"] - lost["many_dropped"]
    return [
        primary(
            declared[194],
            seeds_effect(apart, "accuracy", SHARES_APART, level=declared[194].level(len(apart))),
            undecided=_unlearned(sweep, "many", "many_dropped"),
            note=f"Lost: {lost['many'].mean():.3f} without dropout, {lost['many_dropped'].mean():.3f} with it; what "
            "stays is scaled up.",
            figures=FIGURES[194],
        ),
        Finding(
            194,
            "Mean absolute correlation between hidden units on test images, with dropout minus without",
            seeds_effect(alike["many_dropped"] - alike["many"], "", CORRELATION),
            below(0),
            kind="secondary",
            note="Another thing that co-adapted may mean: units that say the same.",
        ),
        Finding(
            194,
            "Share of activations that are zero, with dropout minus without",
            seeds_effect(silent["many_dropped"] - silent["many"], "", SHARES_APART),
            note="Srivastava et al. (2014) find activations sparser with dropout.",
        ),
    ]


def table(sweep: Sweep, config: Learning, images: str) -> Table:
    """Every cell."""
    rows = []
    for cell in dict.fromkeys(sweep.columns["cell"].tolist()):
        means = [of(sweep, cell, column).mean() for column in ("train", "test", "lost", "correlation", "silent")]
        rows.append((cell.replace("_", " "), *("" if np.isnan(mean) else f"{mean:.3f}" for mean in means)))
    return Table(
        "Networks that learned handwritten digits",
        ("kind", "training accuracy", "test accuracy", "lost without half of the units", "mean |correlation|", "zero"),
        tuple(rows),
        f"{images}; means over {config.seeds} seeds, each with its own split, {config.steps} steps "
        "of Adam. Training accuracy is on the labels that were taught, with dropout off.",
    )

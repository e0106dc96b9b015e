"""Claim 141: how well a line and networks with one hidden layer separate four sets of points in the plane."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from reprise.claims.declarations import Declaration
from reprise.claims.evidence import Finding, Metric, Table, between, primary
from reprise.statistics import seeds_effect
from reprise.studies.shallow import lesson
from reprise.studies.shallow.settings import Config

Classifier = Callable[[np.ndarray], np.ndarray]  # (n, 2) -> (n,): above 0 is label 1
SEPARABLE = "two clouds"
SECONDARIES = 2  # this one, and the regression


@dataclass(frozen=True)
class Classified:
    """What was found on one set.

    Attributes:
        scores: (seeds, 1 + widths) test accuracies, logistic regression's first.
        judged: (seeds,) test accuracy of the network that is judged.
        best: (seeds,) test accuracy of the best of all lines, chosen on the test points.
        x: (points, 2) training points of the first seed.
        labels: (points,) 0 or 1, of these.
        line: trained on these.
        network: the network that is judged, trained on these.
    """

    scores: np.ndarray
    judged: np.ndarray
    best: np.ndarray
    x: np.ndarray
    labels: np.ndarray
    line: Classifier
    network: Classifier

    @property
    def gains(self) -> np.ndarray:
        """(seeds,): accuracy of the judged network minus that of the best line."""
        return self.judged - self.best


def draw_points(name: str, seed: int, points: int) -> tuple[np.ndarray, ...]:
    """Training points and their labels, then ten times as many test points and theirs."""
    rng = np.random.default_rng([141, seed, list(lesson.SETS).index(name)])
    return *lesson.SETS[name](points, rng), *lesson.SETS[name](10 * points, rng)


def fit_line(x: np.ndarray, labels: np.ndarray) -> Classifier:
    """Logistic regression, by Newton's method: it ends at the minimum to the last digits."""
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(solver="newton-cholesky", tol=1e-10).fit(x, labels).decision_function


def classify(name: str, config: Config) -> Classified:
    """A line and a network of every width, trained on every seed's points."""
    scores, first = np.empty((config.seeds, 1 + len(config.widths))), None
    judged, best = np.empty((2, config.seeds))
    for seed in range(config.seeds):
        x, labels, test_x, test_labels = draw_points(name, seed, config.points)
        line = fit_line(x, labels)
        networks = {
            hidden: lesson.fit(x, labels, hidden, np.random.default_rng([seed, hidden]))
            for hidden in {*config.widths, config.hidden}
        }
        shown = [line, *(networks[hidden] for hidden in config.widths)]
        scores[seed] = [lesson.accuracy(each, test_x, test_labels) for each in shown]
        judged[seed] = lesson.accuracy(networks[config.hidden], test_x, test_labels)
        best[seed] = lesson.best_line(test_x, test_labels)
        first = first or (x, labels, line, networks[config.hidden])
    return Classified(scores, judged, best, *first)


def findings(declared: Declaration, config: Config, found: Mapping[str, Classified]) -> list[Finding]:
    """What the hidden layer gains on each set."""
    bent = [name for name in found if name != SEPARABLE]
    level, shown = declared.level(config.seeds), ("shallow-maps",)
    result = [
        primary(declared, seeds_effect(found[name].gains, level=level, together=len(bent)), of=name, figures=shown)
        for name in bent
    ]
    if SEPARABLE in found:
        words = f"Test accuracy on {SEPARABLE}: one hidden layer minus the best of all lines"
        gain = seeds_effect(found[SEPARABLE].gains, together=SECONDARIES)
        why = "Where a line is the right answer a hidden layer gains nothing; 3 points either way count as none."
        result.append(Finding(141, words, gain, between(-0.03, 0.03), "secondary", note=why, figures=shown))
    return result


def metrics(found: Mapping[str, Classified]) -> dict[str, Metric]:
    """For the gate: the gain on the hardest set."""
    return {"spiral_gain": Metric.over_seeds(found["spiral"].gains, "higher")}


def table(config: Config, found: Mapping[str, Classified]) -> Table:
    """Mean accuracy of the lines and of every width."""
    return Table(
        "Test accuracy by number of hidden units",
        ("set", "best line", "logistic regression", *map(str, config.widths)),
        tuple(
            (name, *(f"{value:.3f}" for value in (each.best.mean(), *each.scores.mean(axis=0))))
            for name, each in found.items()
        ),
        f"Mean over {config.seeds} data sets and first weights; the best line is chosen on the test points.",
    )

"""Claim 141: a network with one hidden layer separates what no line separates, and fits curves too."""

from __future__ import annotations

import functools

import numpy as np

from reprise.claims.evidence import Evidence, Figure, Finding, Metric, Table, above, below, between
from reprise.plotting import COLOURS, figure
from reprise.statistics import exact, seeds_effect
from reprise.studies.shallow import lesson
from reprise.studies.shallow.settings import Config
from reprise.workspace import Workspace


def evaluate(workspace: Workspace) -> Evidence:
    """Trains (seconds, NumPy), measures and draws."""
    config: Config = workspace.config
    evidence = Evidence(
        data=f"generated: four 2-D sets, {config.points} training and {10 * config.points} test points, "
        f"{config.seeds} seeds",
    )
    scores = _classify(config, evidence)
    _regress(config, evidence)
    _gradient(evidence)
    _draw(workspace, config, evidence, scores)
    return evidence


def _sets(name: str, seed: int, points: int) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng([141, seed, list(lesson.SETS).index(name)])
    return *lesson.SETS[name](points, rng), *lesson.SETS[name](10 * points, rng)


def _linear(x: np.ndarray, labels: np.ndarray):
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression().fit(x, labels).decision_function


@functools.cache
def _net(name: str, seed: int, points: int, hidden: int) -> lesson.Network:
    x, labels, *_ = _sets(name, seed, points)
    return lesson.fit(x, labels, hidden, np.random.default_rng([seed, hidden]))


def _classify(config: Config, evidence: Evidence) -> dict[str, np.ndarray]:
    """Per set: test accuracies (seeds, 1 + widths), the linear classifier first."""
    scores = {name: np.empty((config.seeds, 1 + len(config.widths))) for name in lesson.SETS}
    for name, table in scores.items():
        gains = []
        for seed in range(config.seeds):
            x, labels, test_x, test_labels = _sets(name, seed, config.points)
            nets = [_linear(x, labels), *(_net(name, seed, config.points, hidden) for hidden in config.widths)]
            table[seed] = [lesson.accuracy(net, test_x, test_labels) for net in nets]
            judged = lesson.accuracy(_net(name, seed, config.points, config.hidden), test_x, test_labels)
            gains.append(judged - table[seed, 0])
        separable = name == "two clouds"
        evidence.findings.append(
            Finding(
                141,
                f"Test accuracy on {name}: {config.hidden} hidden units minus logistic regression",
                seeds_effect(np.array(gains)),
                between(-0.03, 0.03) if separable else above(0),
                note="Where a line is the right answer a hidden layer gains nothing; 3 points either way count as none."
                if separable
                else "",
                figures=("shallow-maps",),
            )
        )
        if name == "spiral":
            evidence.metrics["spiral_gain"] = Metric(
                float(np.mean(gains)), "higher", float(np.std(gains, ddof=1)), config.seeds
            )
    evidence.tables.append(
        Table(
            "Test accuracy by number of hidden units",
            ("set", "line", *map(str, config.widths)),
            tuple((name, *(f"{value:.3f}" for value in table.mean(axis=0))) for name, table in scores.items()),
            f"Mean over {config.seeds} data sets and first weights.",
        )
    )
    return scores


def _regress(config: Config, evidence: Evidence) -> None:
    """'It can also be used for regression': share of a sine's variance that is explained on new points."""
    explained = []
    for seed in range(config.seeds):
        rng = np.random.default_rng([141, seed])
        x = rng.uniform(-3, 3, size=(config.points, 1))
        net = lesson.fit(
            x, np.sin(2 * x[:, 0]) + rng.normal(scale=0.1, size=len(x)), config.hidden, rng, regression=True
        )
        grid = np.linspace(-3, 3, 400)[:, None]
        truth = np.sin(2 * grid[:, 0])
        explained.append(1 - np.mean((net(grid) - truth) ** 2) / truth.var())
    evidence.findings.append(
        Finding(
            141,
            f"Regression: share of the variance of sin 2x explained by {config.hidden} hidden units and a plain output",
            seeds_effect(np.array(explained)),
            above(0.9),
            note="The best line explains next to nothing of two periods of a sine.",
        )
    )


def _gradient(evidence: Evidence) -> None:
    from scipy.optimize import approx_fprime

    rng = np.random.default_rng(141)
    x, labels = lesson.circle(20, rng)
    worst = 0.0
    for regression in (False, True):
        theta = rng.normal(size=4 * 5 + 1)
        options = (x, labels, 5, 0.01, regression)
        numeric = approx_fprime(theta, lambda t, options=options: lesson.loss_and_gradient(t, *options)[0])
        worst = max(worst, np.abs(numeric - lesson.loss_and_gradient(theta, *options)[1]).max())
    evidence.findings.append(
        Finding(
            141,
            "Largest error of the hand-written gradient",
            exact(worst, 42),
            below(1e-6),
            kind="oracle",
            oracle="scipy's difference quotients, good to about 1e-8",
        )
    )


def _draw(workspace: Workspace, config: Config, evidence: Evidence, scores: dict[str, np.ndarray]) -> None:
    folder = workspace.evidence / "figures"
    axis = np.linspace(-2.6, 2.6, 90)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    with figure(folder / "shallow-maps.svg", 7, 3.9, nrows=2, ncols=4, sharex=True, sharey=True) as (_, axes):
        for column, name in zip(axes.T, lesson.SETS, strict=True):
            x, labels, *_ = _sets(name, 0, config.points)
            for ax, net in zip(column, (_linear(x, labels), _net(name, 0, config.points, config.hidden)), strict=True):
                side = net(grid).reshape(90, 90)
                ax.contourf(axis, axis, side, levels=[-1e9, 0, 1e9], colors=(COLOURS[0], COLOURS[1]), alpha=0.22)
                for label, colour in ((0, COLOURS[0]), (1, COLOURS[1])):
                    ax.plot(*x[labels == label].T, ".", ms=2.5, color=colour)
                ax.set(xlim=(-2.6, 2.6), ylim=(-2.6, 2.6), xticks=(), yticks=(), aspect="equal")
            column[0].set_title(name)
        axes[0, 0].set_ylabel("a line")
        axes[1, 0].set_ylabel(f"{config.hidden} hidden units")
    with figure(folder / "shallow-widths.svg", 7, 3.2) as (_, ax):
        for name, table in scores.items():
            ax.plot(range(table.shape[1]), table.mean(axis=0), "o-", ms=4, label=name)
        ax.set_xticks(range(1 + len(config.widths)), ["line", *map(str, config.widths)])
        ax.set(xlabel="hidden units", ylabel="test accuracy", ylim=(0.4, 1.02))
        ax.legend(fontsize=8, loc="lower right")
    evidence.figures += [
        Figure(
            "shallow-maps",
            "What a hidden layer adds",
            "Top row: a line divides each set, well only for the two clouds. Bottom row: the hidden layer bends around "
            "the disc, the quarters and the spiral's arms.",
            "Training points of the first seed; the shaded sides are the classifier's answer everywhere.",
        ),
        Figure(
            "shallow-widths",
            "How many units a shape needs",
            "Accuracy rises with hidden units: two clouds need none, the other sets a few.",
            f"Mean test accuracy over {config.seeds} seeds. A disc needs three lines around it.",
        ),
    ]

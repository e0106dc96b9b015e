"""Claim 141's classifiers: what is compared with what, on which points, and which gain counts as none."""

from __future__ import annotations

import numpy as np
import pytest

from reprise.evaluation import declarations
from reprise.studies.shallow import lesson
from reprise.studies.shallow.classification import (
    Classified,
    classify,
    draw_points,
    findings,
    fit_line,
    metrics,
    table,
)
from reprise.studies.shallow.settings import Config

CONFIG = Config(seeds=3, points=60, hidden=4, widths=[1, 2])


@pytest.fixture(scope="module")
def quarters():
    return classify("exclusive or", CONFIG)


def made_up(line: float, judged: list[float]) -> Classified:
    scores = np.full((3, 3), 0.1)
    return Classified(scores, np.array(judged), np.full(3, line), np.zeros((2, 2)), np.zeros(2), len, len)


def test_seeds_and_sets_draw_other_points_and_a_second_draw_the_same():
    x, labels, test_x, test_labels = draw_points("spiral", 0, 50)
    assert (x.shape, labels.shape, test_x.shape, test_labels.shape) == ((50, 2), (50,), (500, 2), (500,))
    assert draw_points("spiral", 0, 50)[0].tobytes() == x.tobytes()
    assert not np.isin(test_x, x).any()
    assert not np.isin(draw_points("spiral", 1, 50)[0], x).any()
    assert not np.isin(draw_points("circle", 0, 50)[0], x).any()


def test_a_score_is_the_accuracy_on_points_that_were_not_trained_on(quarters):
    assert quarters.scores.shape == (3, 3)
    for seed in range(3):
        x, labels, test_x, test_labels = draw_points("exclusive or", seed, 60)
        assert quarters.scores[seed, 0] == lesson.accuracy(fit_line(x, labels), test_x, test_labels)
        net = lesson.fit(x, labels, 4, np.random.default_rng([seed, 4]))
        assert quarters.judged[seed] == lesson.accuracy(net, test_x, test_labels)
        assert quarters.best[seed] == lesson.best_line(test_x, test_labels) >= quarters.scores[seed, 0]


def test_what_is_drawn_was_trained_on_the_first_seeds_points(quarters):
    x, labels, test_x, test_labels = draw_points("exclusive or", 0, 60)
    assert quarters.x.tobytes() == x.tobytes()
    assert quarters.labels.tobytes() == labels.tobytes()
    assert lesson.accuracy(quarters.line, test_x, test_labels) == quarters.scores[0, 0]
    assert lesson.accuracy(quarters.network, test_x, test_labels) == quarters.judged[0]


def test_a_width_that_is_judged_stands_in_the_table_too():
    config = Config(seeds=3, points=40, hidden=2, widths=[1, 2])
    found = classify("circle", config)
    np.testing.assert_array_equal(found.scores[:, 2], found.judged)


@pytest.mark.parametrize(
    ("name", "judged", "verdict"),
    [
        ("spiral", [0.90, 0.92, 0.91], "reproduced"),
        ("spiral", [0.40, 0.42, 0.41], "contradicted"),
        ("spiral", [0.30, 0.90, 0.50], "inconclusive"),
        ("two clouds", [0.50, 0.502, 0.498], "reproduced"),
        ("two clouds", [0.90, 0.92, 0.91], "contradicted"),
    ],
)
def test_a_gain_is_expected_wherever_no_line_separates(name, judged, verdict):
    (finding,) = findings(declarations("shallow")[141], CONFIG, {name: made_up(0.5, judged)})
    assert finding.kind == ("secondary" if name == "two clouds" else "primary")
    assert finding.effect.value == pytest.approx(np.mean(judged) - 0.5)
    assert finding.verdict == verdict


def test_the_gate_and_the_table_hold_means_over_seeds():
    found = {"spiral": made_up(0.5, [0.7, 0.8, 0.9])}
    metric = metrics(found)["spiral_gain"]
    assert (metric.value, metric.spread, metric.n) == (pytest.approx(0.3), pytest.approx(0.1), 3)
    assert table(CONFIG, found).rows == (("spiral", "0.500", "0.100", "0.100", "0.100"),)

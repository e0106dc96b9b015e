"""Claim 147: the points that lines are fitted to, and the oracle of the exact fit."""

from __future__ import annotations

import numpy as np
import pytest

from reprise.evaluation import declarations
from reprise.studies.losses import lesson, lines
from reprise.studies.losses.settings import Config

CONFIG = Config(repetitions=20, points=30, outliers=0.1, units=10, steps=100)


def test_outliers_lie_high_at_the_right_end_and_leverage_points_far_out():
    clean, outliers, leverage = (lines.points(4, CONFIG, case) for case in ("clean", "at one end", "in x"))
    moved = np.flatnonzero(outliers[1] != clean[1])
    assert len(moved) == 3
    assert set(moved) == set(np.argsort(clean[0])[-3:])
    assert (outliers[1] - clean[1])[moved].min() >= 10
    assert outliers[0].tobytes() == clean[0].tobytes()
    assert leverage[0][moved].min() >= 30
    assert leverage[1][moved].max() <= -10


def test_outliers_lie_anywhere_high_and_low():
    places, signs = set(), set()
    for seed in range(30):
        (x, clean), (same, wild) = (lines.points(seed, CONFIG, case) for case in ("clean", "outliers"))
        assert same.tobytes() == x.tobytes()
        moved = np.flatnonzero(wild != clean)
        assert len(moved) == 3
        assert np.abs(wild - clean)[moved].min() >= 10
        places |= set(np.argsort(np.argsort(x))[moved].tolist())
        signs |= set(np.sign(wild - clean)[moved].tolist())
    assert len(places) > 20
    assert signs == {-1, 1}


def test_clean_points_lie_on_the_line_to_within_the_noise():
    x, y = lines.points(0, CONFIG, "clean")
    assert np.abs(y - (2 * x + 1)).max() < 5 * 0.3


def test_outliers_throw_squared_loss_off_and_the_others_not():
    errors = lines.slope_errors(CONFIG)
    assert {len(row) for row in errors.values()} == {20}
    mean = {key: row.mean() for key, row in errors.items()}
    assert mean["L2", "outliers"] > 5 * mean["L1", "outliers"]
    assert mean["L2", "outliers"] > 5 * mean["ε-hinge", "outliers"]
    assert mean["L2", "clean"] < mean["L1", "clean"]
    assert mean["L1", "in x"] > 1
    metric = lines.metrics(CONFIG, errors)["outlier_error_l1"]
    assert metric.value == pytest.approx(mean["L1", "outliers"] / mean["L2", "outliers"])


def judged(errors):
    return [f.verdict for f in lines.findings(declarations("losses")[147], CONFIG, errors) if f.kind == "primary"]


def made_up(**mean):
    """Errors of the losses that differ from data set to data set, and not in their order."""
    noise = np.linspace(1, 2, 20)
    names = {"L2": mean["L2"], "L1": mean["L1"]} | dict.fromkeys(lines.HINGES.values(), mean["hinge"])
    return {(name, case): value * noise for name, value in names.items() for case in lines.CASES}


def test_the_hinge_must_do_better_than_each_of_the_two_others():
    assert judged(made_up(L2=3, L1=2, hinge=1)) == ["reproduced", "reproduced"]
    assert judged(made_up(L2=3, L1=1, hinge=2)) == ["reproduced", "contradicted"]
    assert judged(made_up(L2=1, L1=2, hinge=3)) == ["contradicted", "contradicted"]


def test_what_hangs_on_the_margin_is_not_judged():
    errors = made_up(L2=3, L1=1, hinge=2)
    errors |= {("ε-hinge, ε = 0.1", case): errors["L1", case] / 2 for case in lines.CASES}
    declared = declarations("losses")[147]
    squares, absolute = (f for f in lines.findings(declared, CONFIG, errors) if f.kind == "primary")
    assert (squares.verdict, absolute.verdict) == ("reproduced", "inconclusive")
    assert "reproduced at ε = 0.1" in absolute.undecided
    assert "contradicted at ε = 0.5" in absolute.undecided


def test_every_margin_is_measured_and_a_small_one_comes_to_the_absolute_loss():
    errors = lines.slope_errors(CONFIG)
    assert {name for name, case in errors if case == "outliers"} == {"L1", "L2", *lines.HINGES.values()}
    apart = [np.abs(errors[name, "outliers"] - errors["L1", "outliers"]).max() for name in lines.HINGES.values()]
    assert apart[0] < apart[-1]


def test_every_kind_of_outlier_counts_a_third_and_clean_data_not():
    errors = made_up(L2=3, L1=2, hinge=1)
    errors["ε-hinge", "in x"] = errors["L2", "in x"] + 1
    errors["ε-hinge", "clean"] = errors["L2", "clean"] + 1
    assert lines.better(errors, "L2").value == pytest.approx(2 / 3)


def test_the_oracle_sees_a_fit_that_is_not_the_best(monkeypatch):
    assert max(lines.gaps_to_linear_programs(CONFIG)) < 1e-8
    monkeypatch.setattr(lesson, "robust_line", lambda x, y, margin=0.0: lesson.least_squares_line(x, y))
    assert max(lines.gaps_to_linear_programs(CONFIG)) > 0.1

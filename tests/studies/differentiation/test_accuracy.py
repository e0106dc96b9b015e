"""Claim 13: errors of five methods against fifty digits."""

from __future__ import annotations

import numpy as np
import pytest

from reprise.studies.differentiation import accuracy
from reprise.studies.differentiation.accuracy import METHODS, STEPS, Errors, findings, measure, metrics, table
from reprise.studies.differentiation.lesson.automatic import reverse_jacobian
from reprise.studies.differentiation.settings import Config

CONFIG = Config(points=10, sizes=[1, 4], chain=16, iterations=2, steps=10)


@pytest.fixture(scope="module")
def errors():
    return measure(CONFIG)


def test_every_method_is_measured_at_every_point(errors):
    assert {name: row.shape for name, row in errors.methods.items()} == dict.fromkeys(METHODS, (10,))
    assert {name: row.shape for name, row in errors.steps.items()} == dict.fromkeys(("forward", "central"), STEPS.shape)


def test_the_best_step_lies_inside_and_is_smaller_for_forward_differences(errors):
    forward, central = (STEPS[errors.steps[name].argmin()] for name in ("forward", "central"))
    assert 1e-10 < forward < 1e-6
    assert 1e-7 < central < 1e-3
    assert errors.steps["central"].min() < errors.steps["forward"].min() < 1e-6


def test_rules_and_formulas_are_exact_to_rounding_and_differences_are_not(errors):
    assert errors.automatic < 1e-14
    assert errors.methods["symbolic"].max() < 1e-14
    assert np.median(errors.methods["numerical, forward"]) > 1e-10
    assert {finding.verdict for finding in findings(CONFIG, errors) if finding.kind != "context"} == {"reproduced"}
    assert metrics(CONFIG, errors)["automatic_error"].value == errors.automatic
    assert [row[0] for row in table(CONFIG, errors).rows] == list(METHODS)


def test_the_worse_of_both_modes_counts():
    modes = {"automatic, forward mode": np.array([1e-16, 2e-16]), "automatic, reverse mode": np.array([3e-16, 0])}
    assert Errors(modes, {}).automatic == 3e-16


def test_a_mode_that_is_slightly_wrong_is_contradicted(monkeypatch):
    wrong = METHODS | {"automatic, reverse mode": lambda f, x: reverse_jacobian(f, x) * (1 + 1e-12)}
    monkeypatch.setattr(accuracy, "METHODS", wrong)
    automatic = findings(CONFIG, measure(CONFIG))[1]
    assert automatic.verdict == "contradicted"
    assert automatic.effect.value == pytest.approx(1e-12, rel=0.01)

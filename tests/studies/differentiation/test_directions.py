"""Claim 14: two modes, their costs, and the worked table."""

from __future__ import annotations

import math

import numpy as np
import pytest

from reprise.evaluation import declarations
from reprise.studies.differentiation import directions
from reprise.studies.differentiation.lesson.automatic import forward_jacobian, record
from reprise.studies.differentiation.programs import worked
from reprise.studies.differentiation.settings import Config

DECLARED = declarations("differentiation")[14]
CONFIG = Config(points=10, sizes=[1, 4, 11], chain=32, iterations=2, steps=10)


def costs(forward, reverse):
    return {"forward mode": np.array(forward, float), "reverse mode": np.array(reverse, float)}


def verdicts(by_inputs, by_outputs):
    return [finding.verdict for finding in directions.findings(DECLARED, CONFIG, by_inputs, by_outputs)][1:]


def test_each_mode_pays_for_one_side_and_not_for_the_other():
    many_inputs, many_outputs = costs([3, 12, 33], [4, 4, 4]), costs([3, 3, 3], [4, 10, 24])
    assert verdicts(many_inputs, many_outputs) == ["reproduced"] * 5
    assert verdicts(many_outputs, many_inputs) == ["contradicted"] * 5


def test_a_cost_that_falls_is_not_one_that_stays():
    falling = costs([33, 12, 3], [24, 10, 4])
    assert verdicts(falling, falling)[:4] == ["contradicted"] * 4


def test_a_gradient_of_five_evaluations_is_not_below_the_bound():
    steady = costs([3, 12, 33], [5, 5, 5])
    assert verdicts(steady, steady)[-1] == "contradicted"
    assert directions.metrics(steady)["gradient_cost"].value == 5


def test_the_modes_differ_by_rounding_alone(monkeypatch):
    assert directions.largest_gap(CONFIG) < 1e-14
    monkeypatch.setattr(directions, "reverse_jacobian", lambda f, x: forward_jacobian(f, x) * (1 + 1e-9))
    assert directions.largest_gap(CONFIG) == pytest.approx(1e-9, rel=0.01)
    steady = costs([3, 12, 33], [4, 4, 4])
    assert directions.findings(DECLARED, CONFIG, steady, steady)[0].verdict == "contradicted"


def test_tangents_along_the_tape_equal_forward_mode():
    inputs, _ = record(worked, [2.0, 3.0])
    last = [directions.tangents(inputs[0].tape, moving)[-1] for moving in range(2)]
    assert last == forward_jacobian(worked, [2.0, 3.0])[0].tolist()


def test_the_worked_table_holds_values_tangents_and_adjoints_by_hand():
    rows = {made: numbers for _, made, *numbers in directions.step_table().rows}
    slope = 3 + math.cos(2)
    assert list(rows) == ["x0", "x1", "multiply(v0, v1)", "sin(v0)", "add(v2, v3)"]
    assert rows["multiply(v0, v1)"] == ["6.0000", "3.0000", "2.0000", "1.0000"]
    assert rows["sin(v0)"][0] == f"{math.sin(2):.4f}"
    assert rows["x0"] == ["2.0000", "1.0000", "0.0000", f"{slope:.4f}"]
    assert rows["add(v2, v3)"] == [f"{6 + math.sin(2):.4f}", f"{slope:.4f}", "2.0000", "1.0000"]

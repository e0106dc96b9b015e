"""What is counted: evaluations, operations, rules and products, and how formulas grow."""

from __future__ import annotations

import numpy as np
import pytest

from reprise.evaluation import declarations
from reprise.studies.differentiation.costs import (
    cost,
    costs_by_inputs,
    costs_by_outputs,
    swell,
    swell_finding,
)
from reprise.studies.differentiation.lesson.automatic import forward_jacobian, reverse_jacobian
from reprise.studies.differentiation.lesson.numerical import numerical_jacobian
from reprise.studies.differentiation.settings import Config

CONFIG = Config(points=10, sizes=[1, 4, 16], chain=32, iterations=5, steps=10)


def product(v):
    return v[0] * v[1]


def test_one_product_by_hand():
    # reverse: one operation recorded, one rule applied, two products; each weighs as much as the one operation
    assert cost(reverse_jacobian, product, [2.0, 3.0]) == 4
    # forward: the same operation and rule for each of two inputs, two products each (the other tangent is 0)
    assert cost(forward_jacobian, product, [2.0, 3.0]) == 8
    assert cost(numerical_jacobian, product, [2.0, 3.0]) == 4


def test_each_method_pays_for_its_own_side():
    by_inputs, by_outputs = costs_by_inputs(CONFIG), costs_by_outputs(CONFIG)
    assert by_inputs["numerical"].tolist() == [2, 8, 32]
    assert by_outputs["numerical"].tolist() == [2, 2, 2]
    np.testing.assert_allclose(by_inputs["forward mode"] / by_inputs["forward mode"][0], [1, 4, 16], rtol=0.1)
    assert np.ptp(by_outputs["forward mode"]) == 0
    assert np.ptp(by_inputs["reverse mode"]) < 1
    assert by_outputs["reverse mode"][-1] > 8


def test_formulas_multiply_where_tapes_add():
    formula, tape = swell(5)
    assert np.ptp(np.diff(tape)) == 0
    assert formula[-1] / formula[-2] > 1.5
    declared = declarations("differentiation")[13]
    assert swell_finding(declared, CONFIG, formula, tape).verdict == "reproduced"
    assert swell_finding(declared, CONFIG, tape, formula).verdict == "contradicted"
    assert swell_finding(declared, CONFIG, formula, tape).effect.value == pytest.approx(formula[-1] / tape[-1])

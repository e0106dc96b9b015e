"""What is answered without training could have come out otherwise."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from reprise.evaluation import declarations
from reprise.studies.unitnorm.exact import best_input, exact_findings
from reprise.studies.unitnorm.lesson import best_layer, cosine, stack

RNG = np.random.default_rng(0)


def angle(one, other):
    return np.degrees(np.arccos(one @ other / np.linalg.norm(one) / np.linalg.norm(other)))


def test_each_is_declared_and_has_one_primary_finding():
    found = exact_findings(declarations("unitnorm"))
    assert [f.claim for f in found if f.kind == "primary"] == [72, 73, 75]


@pytest.mark.parametrize("rectified", [False, True])
def test_layers_in_a_row_are_applied_one_after_the_other(rectified):
    layers = [(RNG.standard_normal((3, 2)), RNG.standard_normal(3)), (RNG.standard_normal((1, 3)), np.zeros(1))]
    (answer,) = stack(layers, np.array([[1.0, -2.0]]), rectified)
    hidden = layers[0][0] @ [1.0, -2.0] + layers[0][1]
    expected = layers[1][0] @ (np.maximum(hidden, 0) if rectified else hidden)
    assert answer == pytest.approx(np.maximum(expected, 0) if rectified else expected)


def test_the_best_layer_is_scikit_learns():
    inputs, outputs = RNG.standard_normal((50, 4)), RNG.standard_normal((50, 3))
    weights, bias = best_layer(inputs, outputs)
    fitted = LinearRegression().fit(inputs, outputs)
    assert weights == pytest.approx(fitted.coef_)
    assert bias == pytest.approx(fitted.intercept_)


def test_the_largest_response_is_along_the_weights_only_where_length_is_euclidean():
    weights, start = RNG.standard_normal(6), RNG.standard_normal(6)
    assert angle(best_input(weights, start), weights) < 0.01
    assert angle(best_input(weights, start, norm=4), weights) > 5


def test_the_cosine_of_simple_angles():
    one = np.array([[2.0, 0.0]] * 3)
    other = np.array([[0.5, 0.0], [0.0, 3.0], [-1.0, 1.0]])
    assert cosine(one, other) == pytest.approx([1, 0, -np.sqrt(0.5)])

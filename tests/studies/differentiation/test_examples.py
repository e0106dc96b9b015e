"""Claims 17 and 142: the sources' numbers beside ours."""

from __future__ import annotations

import math

import numpy as np

from reprise.studies.differentiation import examples
from reprise.studies.differentiation.settings import Config

CONFIG = Config(points=10, sizes=[1, 4], chain=16, iterations=2, steps=60)


def test_printed_gradients_are_quoted_as_printed():
    found = examples.gradient_findings()
    assert [finding.effect.value for finding in found] == [2, -1, math.cos(3), -75]
    assert [finding.published for finding in found] == ["[2, -1] (S1)"] * 2 + ["[-0.9899925, -75.0] (S1)"] * 2
    assert {finding.verdict for finding in found} == {"reproduced"}


def test_a_wrong_gradient_is_contradicted(monkeypatch):
    monkeypatch.setattr(examples, "reverse_jacobian", lambda f, x: np.array([[2.0, -1.0]]))
    assert [finding.verdict for finding in examples.gradient_findings()] == ["reproduced"] * 2 + ["contradicted"] * 2


def test_descent_keeps_four_fifths_of_the_distance_in_every_step():
    path = examples.descend(20)
    assert path[0] == 2
    np.testing.assert_allclose(np.diff(np.log(path - 1)), np.log(0.8))


def test_the_graphs_derivatives_are_the_sources_and_a_path_that_stalls_is_seen():
    *derivatives, end, oracle = examples.graph_findings(CONFIG, examples.descend(60))
    assert [finding.effect.value for finding in derivatives] == [1, 1, 2]
    assert {finding.verdict for finding in (*derivatives, end, oracle)} == {"reproduced"}
    *_, end, oracle = examples.graph_findings(CONFIG, np.full(61, 2.0))
    assert end.verdict == oracle.verdict == "contradicted"

"""Claims 17 and 142: the sources' numbers beside ours."""

from __future__ import annotations

import math

import numpy as np

from reprise.evaluation import declarations
from reprise.studies.differentiation import examples
from reprise.studies.differentiation.settings import Config

DECLARED = declarations("differentiation")
CONFIG = Config(points=10, sizes=[1, 4], chain=16, iterations=2, steps=60)


def test_printed_gradients_are_quoted_as_printed():
    found = examples.gradient_findings(DECLARED[17])
    assert [finding.published for finding in found] == ["2 (S1)", "-1 (S1)", "-0.9899925 (S1)", "-75 (S1)"]
    assert [finding.effect.value for finding in found] == [0, 0, math.cos(3) + 0.9899925, 0]
    assert {finding.verdict for finding in found} == {"reproduced"}


def test_a_wrong_gradient_is_contradicted(monkeypatch):
    monkeypatch.setattr(examples, "reverse_jacobian", lambda f, x: np.array([[2.0, -1.0]]))
    assert [finding.verdict for finding in examples.gradient_findings(DECLARED[17])] == ["reproduced"] * 2 + [
        "contradicted"
    ] * 2


def test_descent_keeps_four_fifths_of_the_distance_in_every_step():
    path = examples.descend(20)
    assert path[0] == 2
    np.testing.assert_allclose(np.diff(np.log(path - 1)), np.log(0.8))


def test_the_graphs_derivatives_are_the_sources_and_a_path_that_stalls_is_seen():
    *derivatives, end, oracle = examples.graph_findings(DECLARED[142], CONFIG, examples.descend(60))
    assert [finding.published for finding in derivatives] == ["1 (S3)", "1 (S3)", "2 (S3)"]
    assert [finding.effect.value for finding in derivatives] == [0, 0, 0]
    assert {finding.verdict for finding in (*derivatives, end, oracle)} == {"reproduced"}
    *_, end, oracle = examples.graph_findings(DECLARED[142], CONFIG, np.full(61, 2.0))
    assert end.verdict == oracle.verdict == "contradicted"

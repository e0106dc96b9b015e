"""Claim 16: three routes bit by bit."""

from __future__ import annotations

import numpy as np

from reprise.evaluation import declarations
from reprise.studies.differentiation import routes
from reprise.studies.differentiation.lesson.descent import GradientDescent
from reprise.studies.differentiation.settings import Config

DECLARED = declarations("differentiation")[16]
CONFIG = Config(points=10, sizes=[1, 4], chain=16, iterations=2, steps=12)


def test_three_routes_leave_the_start_and_end_in_the_same_bits():
    whole, split, hand = routes.three_routes(12)
    assert whole.tobytes() == split.tobytes() == hand.tobytes()
    assert (whole != routes.start()).all()


def test_only_listed_variables_move():
    moved = routes.moved_when_listed(12)
    assert moved[routes.LEFT_OUT] == 0
    assert moved[routes.LISTED].min() > 0


def test_one_bit_in_one_route_is_seen(monkeypatch):
    assert [finding.verdict for finding in routes.findings(DECLARED, CONFIG)] == ["reproduced"] * 3
    apply = GradientDescent.apply_gradients

    def off(self, pairs, variables):
        return np.nextafter(apply(self, pairs, variables), np.inf)

    monkeypatch.setattr(GradientDescent, "apply_gradients", off)
    same, left_out, _ = routes.findings(DECLARED, CONFIG)
    assert same.effect.value == 1  # the route by hand; minimise goes through what was changed
    assert same.verdict == left_out.verdict == "contradicted"

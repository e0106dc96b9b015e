"""Claim 144's slopes, by arithmetic."""

from __future__ import annotations

import numpy as np
import pytest

from reprise.evaluation import declarations
from reprise.studies.losses import lesson, saturation

DECLARED = declarations("losses")[144]


def test_slopes_at_ten_equal_their_asymptotes():
    slopes = [finding.effect.value for finding in saturation.findings(DECLARED) if finding.kind == "primary"]
    assert slopes == pytest.approx([4 * np.exp(-10), 4 * np.exp(-20)], rel=1e-4)


def test_cross_entropy_gives_a_mistake_the_gradient_that_squared_loss_takes_away():
    times = saturation.findings(DECLARED)[-1].effect.value
    assert times == pytest.approx(1 / (2 * lesson.sigmoid_slope(-10.0)))


def test_a_slope_that_does_not_fall_would_be_counted(monkeypatch):
    monkeypatch.setattr(lesson, "sigmoid_slope", np.ones_like)
    slope, rises = saturation.findings(DECLARED)[:2]
    assert slope.verdict == rises.verdict == "contradicted"

"""Regression by the same network, and the oracle of its gradient, which sees an error."""

from __future__ import annotations

from reprise.studies.shallow import lesson, regression
from reprise.studies.shallow.settings import Config


def test_eight_units_explain_a_sine_and_two_do_not():
    eight, two = (Config(seeds=3, points=150, hidden=hidden, widths=[1, 2]) for hidden in (8, 2))
    explained = regression.explained_variance(eight)
    assert explained.shape == (3,)
    assert explained.min() > 0.9
    assert regression.explained_variance(two).mean() < 0.8


def test_the_oracle_sees_a_gradient_that_is_slightly_wrong(monkeypatch):
    assert regression.gradient_error() < 1e-6
    right = lesson.loss_and_gradient

    def wrong(*arguments):
        loss, gradient = right(*arguments)
        return loss, gradient * 1.001

    monkeypatch.setattr(lesson, "loss_and_gradient", wrong)
    assert regression.gradient_error() > 1e-6

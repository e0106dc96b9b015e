"""Claim 15: the sine's registered gradient, and a planted mistake."""

from __future__ import annotations

from reprise.evaluation import declarations
from reprise.studies.differentiation import registered
from reprise.studies.differentiation.lesson.automatic import reverse_jacobian

DECLARED = declarations("differentiation")[15]


def test_the_planted_mistake_has_the_right_value_and_a_wrong_slope():
    broken = registered.wrong_sine()
    assert broken(1.0) == registered.sin(1.0)
    wrong, right = (reverse_jacobian(lambda v, f=f: f(v[0]), [0.5])[0, 0] for f in (broken, registered.sin))
    assert abs(wrong / right - 1.001) < 1e-12


def test_a_wrong_sine_contradicts_the_claim(monkeypatch):
    assert [finding.verdict for finding in registered.findings(DECLARED)] == ["reproduced"] * 3
    monkeypatch.setattr(registered, "sin", registered.wrong_sine())
    assert [finding.verdict for finding in registered.findings(DECLARED)] == [
        "contradicted",
        "contradicted",
        "reproduced",
    ]


def test_a_check_that_passes_everything_contradicts_its_oracle(monkeypatch):
    monkeypatch.setattr(registered, "gradcheck", lambda operation, points: 0.0)
    assert registered.findings(DECLARED)[-1].verdict == "contradicted"

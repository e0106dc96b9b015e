"""Claims 148-151: the comparisons hold, see errors, and show the formula where it breaks."""

from __future__ import annotations

import pytest

from reprise.studies.losses import lesson
from reprise.studies.losses.classification import entropy_findings, hinge_findings


def test_three_claims_agree_with_libraries():
    judged = [finding for finding in entropy_findings() if finding.kind == "claim"]
    assert [(finding.claim, finding.verdict) for finding in judged] == [
        (148, "reproduced"),
        (148, "reproduced"),
        (149, "reproduced"),
        (151, "reproduced"),
    ]


@pytest.mark.parametrize(
    ("name", "claims"), [("binary_cross_entropy", {148, 151}), ("cross_entropy", {149}), ("multilabel", {151})]
)
def test_a_loss_off_by_a_millionth_is_contradicted(monkeypatch, name, claims):
    right = getattr(lesson, name)
    monkeypatch.setattr(lesson, name, lambda truth, logits: right(truth, logits) * (1 + 1e-6))
    wrong = {finding.claim for finding in entropy_findings() if finding.verdict == "contradicted"}
    assert wrong == claims


def test_the_written_formula_breaks_on_one_of_two_certain_answers():
    broken = entropy_findings()[-1]
    assert (broken.effect.value, broken.kind, broken.variant) == (1, "context", "text")


def test_the_hinge_example_is_the_sources():
    example, loop, worst = hinge_findings()
    assert (example.effect.value, example.expect.low, example.published) == (2, 2, "2 (S3)")
    assert loop.verdict == "reproduced"
    assert worst.effect.value == 2

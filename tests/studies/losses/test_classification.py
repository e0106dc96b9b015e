"""Claims 148-151: the comparisons hold, see errors, and show the formula where it breaks."""

from __future__ import annotations

import pytest

from reprise.evaluation import declarations
from reprise.studies.losses import lesson
from reprise.studies.losses.classification import entropy_findings, hinge_findings

DECLARED = declarations("losses")[150]


def test_the_sources_formulas_and_ours_agree_with_a_library():
    held = [(finding.claim, finding.variant) for finding in entropy_findings() if finding.verdict == "reproduced"]
    assert held == [(claim, variant) for claim in (148, 149, 151) for variant in ("text", "")]
    assert {finding.kind for finding in entropy_findings()[:-1]} == {"oracle"}
    assert {declarations("losses")[claim].kind("generated") for claim in (148, 149, 151)} == {"built"}


@pytest.mark.parametrize(
    ("name", "claims", "variant"),
    [
        ("binary_cross_entropy_as_written", {148, 151}, "text"),
        ("cross_entropy_as_written", {149}, "text"),
        ("binary_cross_entropy", {148, 151}, ""),
        ("cross_entropy", {149}, ""),
        ("multilabel", {151}, ""),
    ],
)
def test_a_loss_off_by_a_millionth_is_contradicted(monkeypatch, name, claims, variant):
    right = getattr(lesson, name)
    monkeypatch.setattr(lesson, name, lambda truth, given: right(truth, given) * (1 + 1e-6))
    wrong = {(finding.claim, finding.variant) for finding in entropy_findings() if finding.verdict == "contradicted"}
    assert wrong == {(claim, variant) for claim in claims}


def test_the_written_formula_breaks_on_one_of_two_certain_answers():
    broken = entropy_findings()[-1]
    assert (broken.effect.value, broken.kind, broken.variant) == (1, "context", "text")


def test_the_hinge_example_is_the_sources():
    example, loop, worst = hinge_findings(DECLARED)
    assert (example.effect.value, example.expect.low, example.published) == (2, 2, "2 (S3)")
    assert loop.verdict == "reproduced"
    assert worst.effect.value == 2

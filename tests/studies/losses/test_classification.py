"""Claims 148-151: the comparisons hold, see errors, and show the formula where it breaks."""

from __future__ import annotations

import pytest

from reprise.evaluation import declarations
from reprise.studies.losses import lesson
from reprise.studies.losses.classification import entropy_findings, hinge_findings

DECLARED = declarations("losses")


def test_the_sources_formulas_and_ours_agree_with_a_library():
    judged = [
        (finding.claim, finding.kind) for finding in entropy_findings(DECLARED) if finding.verdict == "reproduced"
    ]
    assert judged == [(claim, kind) for claim in (148, 149, 151) for kind in ("primary", "oracle")]


@pytest.mark.parametrize(
    ("name", "claims", "kind"),
    [
        ("binary_cross_entropy_as_written", {148, 151}, "primary"),
        ("cross_entropy_as_written", {149}, "primary"),
        ("binary_cross_entropy", {148, 151}, "oracle"),
        ("cross_entropy", {149}, "oracle"),
        ("multilabel", {151}, "oracle"),
    ],
)
def test_a_loss_off_by_a_millionth_is_contradicted(monkeypatch, name, claims, kind):
    right = getattr(lesson, name)
    monkeypatch.setattr(lesson, name, lambda truth, given: right(truth, given) * (1 + 1e-6))
    wrong = {
        (finding.claim, finding.kind) for finding in entropy_findings(DECLARED) if finding.verdict == "contradicted"
    }
    assert wrong == {(claim, kind) for claim in claims}


def test_the_written_formula_breaks_on_one_of_two_certain_answers():
    broken = entropy_findings(DECLARED)[-1]
    assert (broken.effect.value, broken.kind, broken.variant) == (1, "context", "text")


def test_the_hinge_example_is_the_sources():
    example, loop, worst = hinge_findings(DECLARED[150])
    assert (example.effect.value, example.expect.low, example.published) == (2, 2, "2 (S3)")
    assert loop.verdict == "reproduced"
    assert worst.effect.value == 2

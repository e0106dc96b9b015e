"""Claim 138: what clipping must keep, and clippings that do not."""

from __future__ import annotations

import numpy as np
import pytest

from reprise.evaluation import declarations
from reprise.studies.recurrence import clipping

DECLARED = declarations("recurrence")[138]


def verdicts(clipped):
    return [finding.verdict for finding in clipping.findings(DECLARED, clipped) if finding.kind != "context"]


def test_clipping_that_turns_the_gradient_is_told():
    clipped = clipping.measure(5)
    assert verdicts(clipped) == ["reproduced"] * 4
    turned = clipped._replace(cosines=np.r_[clipped.cosines[:-1], 0.5])
    assert verdicts(turned) == ["reproduced", "reproduced", "contradicted", "reproduced"]
    idle = clipped._replace(ratios=np.r_[clipped.ratios[:-1], 3.0], untouched=np.r_[clipped.untouched[:-1], False])
    assert verdicts(idle) == ["reproduced", "contradicted", "reproduced", "contradicted"]


@pytest.mark.parametrize(
    "rule",
    [
        lambda gradients, threshold: [np.clip(g, -threshold, threshold) for g in gradients],  # number by number
        lambda gradients, threshold: [g * threshold / np.linalg.norm(g) for g in gradients],  # array by array
        lambda gradients, threshold: gradients,
    ],
)
def test_another_rule_than_pytorchs_contradicts_the_claim(monkeypatch, rule):
    monkeypatch.setattr(clipping, "clip_by_norm", lambda gradients, threshold: (rule(gradients, threshold), 0.0))
    primary, *_ = clipping.findings(DECLARED, clipping.measure(5))
    assert (primary.kind, primary.verdict) == ("primary", "contradicted")


def test_with_clipping_no_step_of_the_descent_is_long_and_without_it_some_is():
    starts = np.array([[5.2], [-2.55]])
    free, clipped = (
        np.linalg.norm(np.diff(clipping.descend(starts, threshold), axis=0), axis=1).max()
        for threshold in (None, clipping.THRESHOLD)
    )
    assert clipped <= clipping.RATE * clipping.THRESHOLD * (1 + 1e-12)
    assert free > 10 * clipped
    assert set(clipping.worse()) <= {-1.0, 0.0, 1.0}

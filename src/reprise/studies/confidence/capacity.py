"""Claims 31-34: are networks surer than they are right, and what makes them so?"""

from __future__ import annotations

import numpy as np

from reprise.claims.evidence import Finding, above, at_once, below, between, joined
from reprise.metrics.calibration import expected_calibration_error, maximum_calibration_error
from reprise.statistics import exact, paired_effect
from reprise.studies.confidence.comparisons import compared
from reprise.studies.confidence.logits import binned_by_hand, example_nll, right, softmax_of, winner
from reprise.studies.confidence.published import published
from reprise.studies.confidence.scores import LEAST_NLL, Scores
from reprise.studies.confidence.variants import CONTRASTS, modern


def calibration_findings(every: dict[str, Scores]) -> list[Finding]:
    """Claims 31 and 32."""
    gaps = {name: _overconfidence(s) for name, s in every.items()}
    recent = np.mean([gaps[name] for name, s in every.items() if s in modern(every)], axis=0)
    ece, mce = [], []
    for s in every.values():
        for logits in s.logits:
            p = softmax_of(logits)
            by_hand = binned_by_hand(p, s.labels)
            ece.append(abs(expected_calibration_error(p, s.labels) - by_hand[0]))
            mce.append(abs(maximum_calibration_error(p, s.labels) - by_hand[1]))
    findings = [
        Finding(
            31,
            "Mean confidence minus accuracy, residual networks with batch norm",
            paired_effect(recent, unit="share"),
            above(0),
            published=published("uncalibrated"),
            note=", ".join(f"{name} {gap.mean():+.3f}" for name, gap in gaps.items()),
            figures=("reliability",),
        )
    ]
    for name, found in (("expected", ece), ("maximum", mce)):
        findings.append(
            Finding(
                32,
                f"Largest difference of our {name} calibration error from the definition, bin by bin",
                exact(max(found), len(found), "probability"),
                between(0, 1e-6),
                oracle="a loop over the fifteen bins",
                note="all networks and seeds; parity with torchmetrics and netcal is in the tests",
            )
        )
    return findings


def capacity_findings(every: dict[str, Scores]) -> list[Finding]:
    """Claim 33."""
    findings = []
    for what, (more, less) in CONTRASTS.items():
        errors = f"error {every[more].error.mean():.3f} against {every[less].error.mean():.3f}"
        surer = _overconfidence(every[more]) - _overconfidence(every[less])
        findings += [
            Finding(
                33,
                f"ECE, {more} minus {less} ({what})",
                compared([(every[more], "uncalibrated")], [(every[less], "uncalibrated")], together=len(CONTRASTS)),
                above(0),
                published="Guo et al., figure 2: ECE grows with depth, width and batch norm, shrinks with weight decay",
                note=joined(errors, *(_unsure(name, every[name]) for name in (more, less)), at_once(len(CONTRASTS))),
                figures=("capacity",),
            ),
            Finding(
                33,
                f"Mean confidence minus accuracy, {more} minus {less} ({what})",
                paired_effect(surer, unit="share"),
                kind="context",
                note="signed: ECE also grows where a network becomes too unsure, as with much weight decay",
            ),
        ]
    return findings


def _unsure(name: str, scores: Scores) -> str:
    """A remark on a network whose ECE is not that of too much confidence."""
    gap = _overconfidence(scores).mean()
    if gap >= 0:
        return ""
    return f"{name} is underconfident ({gap:+.3f}): what its ECE grows by is too little confidence, not too much"


def overfitting_findings(every: dict[str, Scores]) -> list[Finding]:
    """Claim 34."""
    group = modern(every)
    nll = np.mean([example_nll(s.logits, s.labels) - example_nll(s.best, s.labels) for s in group], axis=0)
    wrong = np.mean([right(s.best, s.labels) - right(s.logits, s.labels) for s in group], axis=0)
    note = "residual networks with batch norm; test images, the epoch of least loss found on validation images"
    return [
        Finding(
            34,
            "Test NLL, last epoch minus the epoch of least validation NLL",
            paired_effect(nll, unit="nats"),
            above(0),
            note=note,
            figures=("epochs",),
        ),
        Finding(
            34,
            "Test error, last epoch minus the epoch of least validation NLL",
            paired_effect(wrong, unit="share"),
            below(0),
            published="“better classification accuracy at the expense of well-modeled probabilities” (Guo et al.)",
            note=note,
            figures=("epochs",),
        ),
        Finding(
            34,
            "ECE, last epoch minus the epoch of least validation NLL",
            compared([(s, "uncalibrated") for s in group], [(s, LEAST_NLL) for s in group]),
            kind="context",
        ),
    ]


def _overconfidence(scores: Scores) -> np.ndarray:
    """(seeds, n) confidence minus being right, test images."""
    return winner(softmax_of(scores.logits)) - right(scores.logits, scores.labels)

"""Claim 29: is a softmax surer of logits, and are networks of images, that are multiplied by 1.3?"""

from __future__ import annotations

import numpy as np

from reprise.claims.declarations import Declaration
from reprise.claims.evidence import Finding, above, equals, primary
from reprise.statistics import SHARE, exact, paired_effect
from reprise.studies.confidence.logits import right, softmax_of, winner
from reprise.studies.confidence.scores import Scores
from reprise.studies.confidence.settings import INFLATION
from reprise.studies.confidence.variants import MAIN

DRAWN = 10_000  # logits of ten classes


def least_rise() -> float:
    """Smallest rise of the likeliest class's probability among drawn logits that are multiplied by 1.3."""
    logits = np.random.default_rng(29).normal(scale=3, size=(DRAWN, 10))
    return float((winner(softmax_of(logits, INFLATION)) - winner(softmax_of(logits))).min())


def inflation_findings(declared: Declaration, main: Scores, every: dict[str, Scores]) -> list[Finding]:
    """Of ``main`` alone, but for the predictions, which are counted over all networks."""
    shown = main.inflated.shape[1]
    plain, scaled = winner(softmax_of(main.logits)), winner(softmax_of(main.logits, INFLATION))
    risen = winner(softmax_of(main.inflated)) - plain[:, :shown]
    changed = sum(int((s.logits.argmax(-1) != (s.logits * INFLATION).argmax(-1)).sum()) for s in every.values())
    total = sum(s.logits[..., 0].size for s in every.values())
    accuracy = right(main.inflated, main.labels[:shown]) - right(main.logits[:, :shown], main.labels[:shown])
    first = main.logits[:, :shown].argmax(-1)[..., None]
    both = main.logits[:, :shown], main.inflated
    before, after = (np.take_along_axis(softmax_of(logits), first, -1)[..., 0] for logits in both)
    return [
        primary(declared, exact(least_rise(), DRAWN, "probability"), variant="corrected"),
        Finding(
            29,
            "Share of test images of whose class the residual network is surer when they are multiplied by 1.3",
            paired_effect((after > before).astype(float), unit="share", possible=SHARE, together=3),
            equals(1),
            kind="secondary",
            undecided=main.idle,
            variant="text",
            note=f"{MAIN}; biases and batch norm keep the logits from growing in proportion",
        ),
        Finding(
            29,
            "Mean confidence of the residual network, test images multiplied by 1.3 minus as they are",
            paired_effect(risen, unit="probability", together=3),
            above(0),
            kind="secondary",
            variant="text",
            undecided=main.idle,
        ),
        Finding(
            29,
            "Mean confidence, logits multiplied by 1.3 minus as they are",
            paired_effect(scaled - plain, unit="probability", together=3),
            above(0),
            kind="secondary",
            variant="corrected",
            note="so it must, whatever the logits: the source's own note on claim 41 says z for what is scaled",
        ),
        Finding(
            29,
            "Predictions that multiplying the logits by 1.3 changes, all networks",
            exact(changed, total, "predictions"),
            equals(0),
            kind="secondary",
            variant="corrected",
        ),
        Finding(
            29,
            "Accuracy, images multiplied by 1.3 minus as they are",
            paired_effect(accuracy, unit="share"),
            variant="text",
        ),
    ]

"""Claim 29: are networks surer of images, or of logits, that are multiplied by 1.3?"""

from __future__ import annotations

from reprise.claims.evidence import Finding, above, equals
from reprise.statistics import exact, paired_effect
from reprise.studies.confidence.logits import right, softmax_of, winner
from reprise.studies.confidence.scores import Scores
from reprise.studies.confidence.settings import INFLATION
from reprise.studies.confidence.variants import MAIN


def inflation_findings(main: Scores, every: dict[str, Scores]) -> list[Finding]:
    """Of ``main`` alone, but for the predictions, which are counted over all networks."""
    shown = main.inflated.shape[1]
    plain, scaled = winner(softmax_of(main.logits)), winner(softmax_of(main.logits, INFLATION))
    changed = sum(int((s.logits.argmax(-1) != (s.logits * INFLATION).argmax(-1)).sum()) for s in every.values())
    total = sum(s.logits[..., 0].size for s in every.values())
    accuracy = right(main.inflated, main.labels[:shown]) - right(main.logits[:, :shown], main.labels[:shown])
    return [
        Finding(
            29,
            "Mean confidence, images multiplied by 1.3 minus as they are",
            paired_effect(winner(softmax_of(main.inflated)) - plain[:, :shown], unit="probability"),
            above(0),
            variant="text",
            published="“increase its values (for instance, x1.3), the confidence … will consequently increase” (S1)",
            note=f"{MAIN}; biases and batch norm keep the logits from growing in proportion",
        ),
        Finding(
            29,
            "Mean confidence, logits multiplied by 1.3 minus as they are",
            paired_effect(scaled - plain, unit="probability"),
            above(0),
            variant="corrected",
            note=f"{MAIN}; what the paper says of the layer before the softmax",
        ),
        Finding(
            29,
            "Predictions that multiplying the logits by 1.3 changes, all networks",
            exact(changed, total, "predictions"),
            equals(0),
            variant="corrected",
        ),
        Finding(
            29,
            "Accuracy, images multiplied by 1.3 minus as they are",
            paired_effect(accuracy, unit="share"),
            kind="context",
            variant="text",
        ),
    ]

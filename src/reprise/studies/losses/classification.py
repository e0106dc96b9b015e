"""Claims 148-151: losses for classification against libraries and by hand."""

from __future__ import annotations

import numpy as np
from scipy import special

from reprise.claims.evidence import Finding, between, equals
from reprise.statistics import exact
from reprise.studies.losses import lesson
from reprise.studies.losses.curves import ROUNDING
from reprise.studies.losses.published import HINGE

CERTAIN = np.array([-40.0, 40.0])  # logits of confident right answers to the labels 0 and 1


def entropy_findings() -> list[Finding]:
    """Claims 148, 149 and 151: cross-entropies against scikit-learn and scipy, and where the written formula breaks."""
    from sklearn.metrics import log_loss

    rng = np.random.default_rng(148)
    z = rng.normal(scale=3, size=(500, 5))
    labels = (rng.random((500, 5)) < 0.4).astype(float)
    label = rng.integers(0, 5, 500)
    p = special.expit(z)
    by_sklearn = np.array([log_loss(labels[:, j], p[:, j], labels=[0, 1]) for j in range(5)])
    by_scipy = -(labels * special.log_expit(z) + (1 - labels) * special.log_expit(-z))
    softmax = log_loss(label, special.softmax(z, axis=1), labels=range(5))
    sklearn, scipy = "scikit-learn's log_loss", "scipy.special"
    cases = (
        (
            148,
            "binary cross-entropy, S3's formula, against scikit-learn",
            lesson.binary_cross_entropy_as_written(labels, p),
            by_sklearn.mean(),
            sklearn,
        ),
        (
            148,
            "binary cross-entropy from logits, against scipy's log_expit",
            lesson.binary_cross_entropy(labels, z),
            by_scipy.mean(),
            scipy,
        ),
        (
            149,
            "softmax cross-entropy, against scikit-learn",
            lesson.cross_entropy(np.eye(5)[label], z),
            softmax,
            sklearn,
        ),
        (
            151,
            "multi-label loss, against scikit-learn label by label",
            lesson.multilabel(labels, z),
            by_sklearn.sum(),
            sklearn,
        ),
    )
    broken = ~np.isfinite(lesson.binary_cross_entropy_as_written([0.0, 1.0], special.expit(CERTAIN)))
    return [
        *(
            Finding(
                claim,
                f"Relative difference of {text}",
                exact(abs(ours.mean() / theirs - 1), 500),
                between(0, 1e-13),
                oracle=oracle,
                note="Sums of 500 to 2500 terms in another order.",
            )
            for claim, text, ours, theirs, oracle in cases
        ),
        Finding(
            148,
            "Confident right answers (logits ±40) at which the formula as written gives no finite number",
            exact(int(broken.sum()), len(CERTAIN), "of 2"),
            kind="context",
            variant="text",
            note="At logit 40 the probability rounds to 1 and the formula multiplies 0 by log 0; at -40 it survives "
            "because small probabilities keep their digits. From logits the loss is log(1 + e^z) - yz, finite always.",
        ),
    ]


def hinge_findings() -> list[Finding]:
    """Claim 150: the source's example, the definition as a loop, and the other definition."""
    scores = np.array([HINGE[f"score of the {each} class"] for each in ("right", "second", "third")])
    rng = np.random.default_rng(150)
    many, label = rng.normal(size=(200, 4)), rng.integers(0, 4, 200)
    by_hand = [sum(max(0.0, s[c] - s[k] + 1) for c in range(4) if c != k) for s, k in zip(many, label, strict=True)]
    return [
        Finding(
            150,
            "Multiclass hinge loss of scores (2, -5, 3), right class first, margin 1",
            exact(float(lesson.multiclass_hinge(0, scores, HINGE["margin"])[0])),
            equals(HINGE["loss"]),
            published=f"{HINGE['loss']:g} (S3)",
            oracle="by hand: max(0, -5 - 2 + 1) + max(0, 3 - 2 + 1) = 0 + 2",
        ),
        Finding(
            150,
            "Largest difference from the definition written as a double loop",
            exact(np.abs(lesson.multiclass_hinge(label, many) - by_hand).max(), len(many)),
            ROUNDING,
            kind="oracle",
            oracle="plain Python",
        ),
        Finding(
            150,
            "The same example with only the worst wrong class counted (Crammer and Singer, scikit-learn's hinge_loss)",
            exact(float(max(0.0, scores[1:].max() - scores[0] + HINGE["margin"]))),
            kind="context",
            note="The two definitions agree here only because one wrong class violates the margin.",
        ),
    ]

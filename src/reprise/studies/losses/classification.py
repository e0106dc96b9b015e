"""Claims 148-151: losses for classification against libraries and by hand."""

from __future__ import annotations

import numpy as np
from scipy import special

from reprise.claims.declarations import Declaration
from reprise.claims.evidence import Finding, between, primary
from reprise.statistics import Effect, exact
from reprise.studies.losses import lesson
from reprise.studies.losses.curves import ROUNDING
from reprise.studies.losses.published import HINGE

CERTAIN = np.array([-40.0, 40.0])  # logits of confident right answers to the labels 0 and 1


def entropy_findings() -> list[Finding]:
    """Claims 148, 149 and 151: the source's formulas and ours against scikit-learn's, and where one breaks."""
    from sklearn.metrics import log_loss

    rng = np.random.default_rng(148)
    z = rng.normal(scale=3, size=(500, 5))
    labels = (rng.random((500, 5)) < 0.4).astype(float)
    label = rng.integers(0, 5, 500)
    p, shares, one_hot = special.expit(z), special.softmax(z, axis=1), np.eye(5)[label]
    by_sklearn = np.array([log_loss(labels[:, j], p[:, j], labels=[0, 1]) for j in range(5)])
    written = lesson.binary_cross_entropy_as_written(labels, p)
    cases = (
        (148, written, lesson.binary_cross_entropy(labels, z), by_sklearn.mean()),
        (
            149,
            lesson.cross_entropy_as_written(one_hot, shares),
            lesson.cross_entropy(one_hot, z),
            log_loss(label, shares, labels=range(5)),
        ),
        (151, written.sum(axis=1), lesson.multilabel(labels, z), by_sklearn.sum()),
    )
    found = []
    for claim, by_source, ours, theirs in cases:
        found += [
            Finding(
                claim,
                f"Relative difference of {words} from scikit-learn's",
                _apart(losses, theirs),
                between(0, 1e-13),
                kind="oracle",
                variant=variant,
                oracle="scikit-learn's log_loss",
                note="1e-13 is rounding: sums of up to 2,500 terms in another order.",
            )
            for words, losses, variant in (
                ("the source's formula", by_source, "text"),
                ("the same loss computed from logits", ours, ""),
            )
        ]
    broken = ~np.isfinite(lesson.binary_cross_entropy_as_written([0.0, 1.0], special.expit(CERTAIN)))
    return [
        *found,
        Finding(
            148,
            "Confident right answers (logits ±40) at which the formula as written gives no finite number",
            exact(int(broken.sum()), len(CERTAIN), "of 2"),
            variant="text",
            note="At logit 40 the probability rounds to 1 and the formula multiplies 0 by log 0; at -40 it survives "
            "because small probabilities keep their digits. From logits the loss is log(1 + e^z) - yz, finite always.",
        ),
    ]


def _apart(losses: np.ndarray, theirs: float) -> Effect:
    return exact(abs(losses.mean() / theirs - 1), len(losses))


def hinge_findings(declared: Declaration) -> list[Finding]:
    """Claim 150: the source's example, the definition as a loop, and the other definition."""
    scores = np.array([HINGE[f"score of the {each} class"] for each in ("right", "second", "third")])
    rng = np.random.default_rng(150)
    many, label = rng.normal(size=(200, 4)), rng.integers(0, 4, 200)
    by_hand = [sum(max(0.0, s[c] - s[k] + 1) for c in range(4) if c != k) for s, k in zip(many, label, strict=True)]
    return [
        primary(
            declared,
            exact(float(lesson.multiclass_hinge(0, scores, HINGE["margin"])[0])),
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
            note="The two definitions agree here only because one wrong class violates the margin.",
        ),
    ]

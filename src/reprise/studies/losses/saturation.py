"""Claim 144: far from zero the slopes of sigmoid and tanh die, and with them what a wrong output could learn."""

from __future__ import annotations

import numpy as np

from reprise.claims.declarations import Declaration
from reprise.claims.evidence import Finding, equals, primary
from reprise.statistics import exact
from reprise.studies.losses import lesson

MISTAKE = -10.0  # the logit of a confident mistake: the truth is 1


def findings(declared: Declaration) -> list[Finding]:
    """How flat each is at 10, that it only gets flatter, and what cross-entropy does about it."""
    found = []
    for name, slope, about in (("sigmoid", lesson.sigmoid_slope, "4 e^-10"), ("tanh", lesson.tanh_slope, "4 e^-20")):
        values = slope(np.arange(0.0, 40.0))
        found += [
            primary(
                declared,
                exact(float(slope(10.0) / slope(0.0))),
                of=name,
                note=f"About {about}.",
                figures=("losses-saturation",),
            ),
            Finding(
                144,
                f"Rises of the {name}'s slope between x = 0, 1, ..., 39",
                exact(int((np.diff(values) >= 0).sum()), len(values) - 1),
                equals(0),
                kind="secondary",
            ),
        ]
    cross_entropy = lesson.sigmoid(MISTAKE) - 1
    squared = 2 * (lesson.sigmoid(MISTAKE) - 1) * lesson.sigmoid_slope(MISTAKE)
    found.append(
        Finding(
            144,
            "Gradient of the cross-entropy over that of the squared loss at a confident mistake (logit -10, truth 1)",
            exact(float(cross_entropy / squared), unit="times"),
            note="A saturated output hardly learns by squared loss. Cross-entropy divides the small slope away: its "
            "gradient by the logit is ŷ - y.",
        )
    )
    return found

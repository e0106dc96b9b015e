"""Claim 30: does a density on the logits notice distorted images where the softmax does not?"""

from __future__ import annotations

import numpy as np
from scipy.special import logsumexp

from reprise.calibration import DensityConfidence
from reprise.claims.evidence import Finding, above, equals
from reprise.statistics import SHARES_APART, Effect, exact, paired_effect, seeds_effect
from reprise.studies.confidence.densities import Densities
from reprise.studies.confidence.logits import right
from reprise.studies.confidence.scores import Scores
from reprise.studies.confidence.settings import STRENGTHS
from reprise.studies.confidence.variants import MAIN

NAMES = {"blur": "Gaussian blur", "jpeg": "JPEG compression", "noise": "Gaussian noise", "fgsm": "gradient sign steps"}


def density_findings(main: Scores, densities: Densities) -> list[Finding]:
    """Claim 30."""
    findings = []
    for kind, name in NAMES.items():
        dense, soft = densities.fall("density", kind), densities.fall("softmax", kind)
        values = [densities.detection(m, kind).mean() for m in ("density", "log density", "softmax")]
        findings += [
            Finding(
                30,
                f"Fall of density confidence minus fall of softmax confidence under {name}",
                paired_effect(dense - soft, unit="probability"),
                above(0),
                note=f"{MAIN}, mean over {len(STRENGTHS[kind])} strengths; density falls by {dense.mean():.3f}, "
                f"softmax by {soft.mean():.3f}",
                figures=("distortions",),
            ),
            Finding(
                30,
                f"Telling clean images from those under {name}: AUROC of density confidence minus that of softmax",
                seeds_effect(
                    densities.detection("density", kind) - densities.detection("softmax", kind), "AUROC", SHARES_APART
                ),
                kind="context",
                note="density confidence {:.3f}, log density {:.3f}, softmax {:.3f}".format(*values),
                figures=("distortions",),
            ),
        ]
    findings.append(_failure(main, densities))
    model = DensityConfidence().fit(main.validation[0], main.validation_labels)
    shares = model.transform(main.logits[0])
    joint = np.log(np.maximum(shares, np.finfo(float).tiny)) + model.log_density(main.logits[0])[:, None]
    classes = joint.shape[1]
    printed = np.exp(joint - logsumexp(np.repeat(joint[..., None], classes, axis=2), axis=2))
    findings += [
        Finding(
            30,
            "Largest confidence in any class by the formula as the source prints it",
            exact(printed.max(), len(printed), "probability"),
            kind="context",
            variant="text",
            defect=3,
            note=f"with i in the denominator's summand each class gets 1 / {classes} whatever the image",
        ),
        Finding(
            30,
            "Largest distance from 1 of the summed confidences, denominator over j",
            exact(np.abs(shares.sum(axis=1) - 1).max(), len(shares), "probability"),
            equals(0, 1e-9),
            kind="oracle",
            variant="corrected",
            oracle="the axiom that probabilities sum to 1",
        ),
    ]
    return findings


def _failure(main: Scores, densities: Densities) -> Finding:
    correct = right(main.logits, main.labels)
    values = {name: densities.failure(name, correct) for name in densities.clean}
    difference = values["density"] - values["softmax"]
    undefined = np.isnan(difference).any()  # a network that is never wrong, or always
    return Finding(
        30,
        "Telling right from wrong predictions: AUROC of density confidence minus that of softmax",
        Effect(float("nan"), *SHARES_APART, 0, unit="AUROC")
        if undefined
        else seeds_effect(difference, "AUROC", SHARES_APART),
        kind="context",
        note="clean test images; " + ", ".join(f"{name} {value.mean():.3f}" for name, value in values.items()),
    )

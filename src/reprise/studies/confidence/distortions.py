"""Claim 30: does a density on the logits notice distorted images where the softmax does not?"""

from __future__ import annotations

import numpy as np
from scipy.special import logsumexp

from reprise.calibration import DensityConfidence
from reprise.claims.declarations import Declaration
from reprise.claims.evidence import Finding, above, equals, primary
from reprise.statistics import SHARES_APART, Effect, exact, paired_effect, seeds_effect
from reprise.studies.confidence.densities import Densities
from reprise.studies.confidence.logits import right
from reprise.studies.confidence.scores import Scores
from reprise.studies.confidence.settings import STRENGTHS
from reprise.studies.confidence.variants import MAIN

NAMES = {"blur": "Gaussian blur", "jpeg": "JPEG compression", "noise": "Gaussian noise", "fgsm": "gradient sign steps"}
SHOWN = ("distortions",)


def density_findings(declared: Declaration, main: Scores, densities: Densities) -> list[Finding]:
    """Claim 30."""
    falls = {kind: [densities.fall(measure, kind) for measure in ("density", "softmax")] for kind in NAMES}
    apart = {kind: dense - soft for kind, (dense, soft) in falls.items()}
    every = np.mean(list(apart.values()), axis=0)
    means = {kind: [fall.mean() for fall in both] for kind, both in falls.items()}
    dense, soft = np.mean(list(means.values()), axis=0)
    findings = [
        primary(
            declared,
            paired_effect(every, unit="probability", level=declared.level(len(every))),
            undecided=main.idle,
            note=f"{MAIN}; density falls by {dense:.3f}, softmax by {soft:.3f}",
            figures=SHOWN,
        )
    ]
    for kind, name in NAMES.items():
        seen = [densities.detection(m, kind) for m in ("density", "log density", "softmax")]
        findings += [
            Finding(
                30,
                f"Fall of density confidence minus fall of softmax confidence under {name}",
                paired_effect(apart[kind], unit="probability", together=len(NAMES)),
                above(0),
                kind="secondary",
                note=f"mean over {len(STRENGTHS[kind])} strengths; density falls by {means[kind][0]:.3f}, softmax by "
                f"{means[kind][1]:.3f}",
                undecided=main.idle,
                figures=SHOWN,
            ),
            Finding(
                30,
                f"Telling clean images from those under {name}: AUROC of density confidence minus that of softmax",
                seeds_effect(seen[0] - seen[2], "AUROC", SHARES_APART),
                note="density confidence {:.3f}, log density {:.3f}, softmax {:.3f}".format(*np.mean(seen, axis=1)),
                figures=SHOWN,
            ),
        ]
    return [*findings, _failure(main, densities), *_formula(main)]


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
        note="clean test images; " + ", ".join(f"{name} {value.mean():.3f}" for name, value in values.items()),
    )


def _formula(main: Scores) -> list[Finding]:
    """The posterior as the source prints it, and with the index put right; seed 0."""
    model = DensityConfidence().fit(main.validation[0], main.validation_labels)
    shares = model.transform(main.logits[0])
    joint = np.log(np.maximum(shares, np.finfo(float).tiny)) + model.log_density(main.logits[0])[:, None]
    classes = joint.shape[1]
    printed = np.exp(joint - logsumexp(np.repeat(joint[..., None], classes, axis=2), axis=2))
    return [
        Finding(
            30,
            "Largest difference of a class's confidence by the formula as printed from that with the denominator over "
            "j",
            exact(np.abs(printed - shares).max(), len(printed), "probability"),
            equals(0, 1e-9),
            kind="slip",
            variant="text",
            defect=3,
            note=f"with i in the denominator's summand each class gets 1 / {classes} whatever the image; here "
            f"{printed.min():.4g} to {printed.max():.4g}",
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

"""Claim 30: does a density on the logits notice distorted images where the softmax does not?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from scipy.special import logsumexp

from reprise.calibration import DensityConfidence
from reprise.claims.declarations import Declaration
from reprise.claims.evidence import Finding, above, equals, joined, primary
from reprise.statistics import SHARES_APART, Effect, exact, paired_effect, seeds_effect
from reprise.studies.confidence.densities import Densities
from reprise.studies.confidence.logits import right
from reprise.studies.confidence.scores import Scores
from reprise.studies.confidence.settings import STRENGTHS
from reprise.studies.confidence.variants import MAIN

NAMES = {"blur": "Gaussian blur", "jpeg": "JPEG compression", "noise": "Gaussian noise", "fgsm": "gradient sign steps"}
SHOWN = ("distortions",)
LEFT_OUT = "blur"  # what the verdict of the kept real run hung on
WHERE = (
    "densities have full covariances and are fitted on validation logits; the source has one sigma a class, learnt "
    "with the mean “during the training”"
)
DIAGONAL = "fitted on validation logits; one variance a class and logit"


def density_findings(declared: Declaration, main: Scores, densities: Densities) -> list[Finding]:
    """Claim 30."""
    falls = {kind: [densities.fall(measure, kind) for measure in ("density", "softmax")] for kind in NAMES}
    apart = {kind: dense - soft for kind, (dense, soft) in falls.items()}
    level = declared.level(len(main.logits))
    every = _mean_of(apart, NAMES, level)
    means = {kind: [fall.mean() for fall in both] for kind, both in falls.items()}
    dense, soft = np.mean(list(means.values()), axis=0)
    without = {left: _mean_of(apart, [kind for kind in NAMES if kind != left], level) for left in NAMES}
    findings = [
        primary(
            declared,
            every,
            undecided=joined(main.idle, _decides(declared, every, without)),
            note=joined(f"{MAIN}; confidence by density {_falls(dense)}, that of softmax {_falls(soft)}", WHERE),
            figures=SHOWN,
        ),
        *_beside(densities, without, level),
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
                note=f"mean over {len(STRENGTHS[kind])} strengths; density {_falls(means[kind][0])}, softmax "
                f"{_falls(means[kind][1])}",
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


def _mean_of(apart: Mapping[str, np.ndarray], kinds: Iterable[str], level: float) -> Effect:
    """Over these kinds of distortion."""
    return paired_effect(np.mean([apart[kind] for kind in kinds], axis=0), unit="probability", level=level)


def _falls(value: float) -> str:
    return f"falls by {value:.3f}" if value >= 0 else f"rises by {-value:.3f}"


def _decides(declared: Declaration, every: Effect, without: Mapping[str, Effect]) -> str:
    """Why nothing is judged: on which kind of distortion a verdict would hang, if it does on one."""
    verdict, judge = declared.expect.judge(every), declared.expect.judge
    words = [f"{NAMES[kind]} decides: without it this would be {judge(rest)}" for kind, rest in without.items()]
    hangs = [judge(rest) != verdict and verdict != "inconclusive" for rest in without.values()]
    return joined(*(each for each, alone in zip(words, hangs, strict=True) if alone))


def _beside(densities: Densities, without: Mapping[str, Effect], level: float) -> list[Finding]:
    """The deciding difference with one kind left out, and with densities that are nearer to the source's words."""
    diagonal = {kind: densities.fall("diagonal", kind) - densities.fall("softmax", kind) for kind in NAMES}
    rest = [kind for kind in NAMES if kind != LEFT_OUT]
    others = [f"{NAMES[kind]} {without[kind].value:+.4f}" for kind in rest]
    words = "Fall of density confidence minus fall of softmax confidence"
    return [
        Finding(
            30, f"{words}, without {NAMES[LEFT_OUT]}", without[LEFT_OUT], note=f"without another: {', '.join(others)}"
        ),
        Finding(30, f"{words}, diagonal covariances", _mean_of(diagonal, NAMES, level), note=DIAGONAL),
        Finding(
            30,
            f"{words}, diagonal covariances, without {NAMES[LEFT_OUT]}",
            _mean_of(diagonal, rest, level),
            note=DIAGONAL,
        ),
    ]


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

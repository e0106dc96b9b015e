"""Claims 29-35: what makes networks too sure, and how it is seen."""

from __future__ import annotations

from itertools import count

import numpy as np
from scipy import stats
from scipy.special import logsumexp

from reprise.calibration import DensityConfidence
from reprise.claims.evidence import Finding, above, at_once, below, between, equals, joined
from reprise.metrics.calibration import expected_calibration_error, maximum_calibration_error
from reprise.statistics import SHARES_APART, Effect, exact, paired_effect, seeds_effect
from reprise.studies.confidence.published import ECE, ERRORS, published
from reprise.studies.confidence.scores import (
    LEAST_NLL,
    Densities,
    Scores,
    binned_by_hand,
    compared,
    example_nll,
    right,
    softmax_of,
    winner,
)
from reprise.studies.confidence.settings import INFLATION, STRENGTHS

MAIN = "resnet"
WEAK = 0.5  # rank correlations below this in size count as weak (Cohen's bound of a large one)
NAMES = {"blur": "Gaussian blur", "jpeg": "JPEG compression", "noise": "Gaussian noise", "fgsm": "gradient sign steps"}
CONTRASTS = {
    "depth": ("resnet_deep", "resnet"),
    "width": ("resnet_wide", "resnet"),
    "batch norm": ("minivgg_norm", "minivgg"),
    "less decay": ("resnet_no_decay", "resnet_more_decay"),
}


def modern(scores: dict[str, Scores]) -> list[Scores]:
    """The residual networks with batch norm."""
    return [s for s in scores.values() if s.settings["network"] == "resnet" and s.settings["batch_norm"]]


def inflation_findings(main: Scores, every: dict[str, Scores]) -> list[Finding]:
    """Claim 29."""
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


def _overconfidence(scores: Scores) -> np.ndarray:
    """(seeds, n) confidence minus being right, test images."""
    return winner(softmax_of(scores.logits)) - right(scores.logits, scores.labels)


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
    """Claims 33-35."""
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
    return [*findings, *_overfitting_findings(every), *_correlation_findings(every)]


def _unsure(name: str, scores: Scores) -> str:
    """A remark on a network whose ECE is not that of too much confidence."""
    gap = _overconfidence(scores).mean()
    if gap >= 0:
        return ""
    return f"{name} is underconfident ({gap:+.3f}): what its ECE grows by is too little confidence, not too much"


def _overfitting_findings(every: dict[str, Scores]) -> list[Finding]:
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


def _correlation_findings(every: dict[str, Scores]) -> list[Finding]:
    least = next(n for n in count(4) if np.tanh(_half(0, n)) <= WEAK)
    few = (
        f"with {len(every)} networks even a correlation of 0 cannot be shown to be weak: that takes {least}"
        if len(every) < least
        else ""
    )
    error = [s.error.mean() for s in every.values()]
    ece = [s.ece.mean() for s in every.values()]
    findings = [
        Finding(
            35,
            "Rank correlation of test error and ECE over networks",
            rank_correlation(error, ece),
            between(-WEAK, WEAK),
            note=joined(
                f"Spearman's, means over seeds; weak is less than {WEAK} in size; networks of one family are not "
                "independent, so the interval is too narrow",
                few,
            ),
            figures=("scatter",),
        )
    ]
    for data in ("CIFAR-10", "CIFAR-100"):
        rows = [name for name in ECE if name.startswith(f"{data}, ")]
        findings.append(
            Finding(
                35,
                f"Rank correlation of error and ECE over the paper's five {data} networks",
                rank_correlation([ERRORS[name] for name in rows], [ECE[name]["uncalibrated"] for name in rows]),
                kind="context",
                published="Guo et al., tables 1 and S2",
            )
        )
    return findings


def rank_correlation(x: list[float], y: list[float]) -> Effect:
    """Spearman's correlation with Bonett and Wright's (2000) interval; unbounded with fewer than four pairs."""
    n = len(x)
    value = float(stats.spearmanr(x, y).statistic) if n > 1 else float("nan")
    if n < 4 or np.isnan(value):
        return Effect(value, -1.0, 1.0, n, unit="Spearman's rho")
    half = _half(value, n)
    centre = np.arctanh(np.clip(value, -1 + 1e-12, 1 - 1e-12))
    return Effect(value, float(np.tanh(centre - half)), float(np.tanh(centre + half)), n, unit="Spearman's rho")


def _half(value: float, n: int) -> float:
    """Half of Bonett and Wright's interval, in artanh of the correlation."""
    return float(stats.norm.ppf(0.975) * np.sqrt((1 + value**2 / 2) / (n - 3)))

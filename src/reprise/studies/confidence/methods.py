"""Claims 36-41: seven methods, fitted on validation logits and judged on test logits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from reprise.calibration import PlattScaling, softmax
from reprise.calibration.bayesian_binning import bin_range
from reprise.calibration.report import NLL_FLOOR
from reprise.calibration.temperature import SLACK
from reprise.claims.declarations import Declaration
from reprise.claims.evidence import Expect, Finding, below, equals, primary
from reprise.runs import same_seeds
from reprise.statistics import Effect, exact, paired_effect, seeds_effect
from reprise.studies.confidence.comparisons import barred, compared, fewest
from reprise.studies.confidence.logits import one_against_rest
from reprise.studies.confidence.oracles import (
    affine_oracle,
    binning_oracle,
    histogram_oracle,
    isotonic_oracles,
    platt_oracle,
    temperature_oracle,
)
from reprise.studies.confidence.published import BINNED_ERRORS, ERRORS, METHODS, published
from reprise.studies.confidence.scores import Scores

OTHERS = tuple(method for method in METHODS if method not in ("uncalibrated", "temperature"))
SHOWN = ("methods",)


def method_findings(declared: Declaration, every: dict[str, Scores], main: Scores) -> list[Finding]:
    """All of claims 36-41."""
    return [
        *_binning_findings(every),
        histogram_oracle(main),
        *isotonic_oracles(main),
        *_averaged_binnings(every),
        binning_oracle(main),
        _platt_finding(every),
        platt_oracle(main),
        *_affine_findings(every),
        affine_oracle(main),
        *_temperature_findings(declared, every),
        temperature_oracle(main),
    ]


def over_networks(
    every: Mapping[str, Scores], methods: Sequence[str], against: Sequence[str], *of: str, **more: Any
) -> Effect:
    """Mean over networks of a measure's difference between methods, in pairs; ``of``: measure and unit, else ECE."""
    one, other = ([(s, name) for s in every.values() for name in names] for names in (methods, against))
    return compared(one, other, *of, **more)


def _binning_findings(every: dict[str, Scores]) -> list[Finding]:
    """Claims 36 and 37, which are only named: what we expected of them, shown."""
    network = "CIFAR-100, ResNet-110"
    costs = f"{network}: {ERRORS[network]:g} → {BINNED_ERRORS[network]:g} % by histogram binning (Guo et al., Table S2)"
    findings = []
    for claim, method in ((36, "histogram"), (37, "isotonic")):
        findings += [
            Finding(
                claim,
                f"Expected calibration error after {method} minus before, mean over networks",
                over_networks(every, [method], ["uncalibrated"]),
                published=published(method),
                figures=SHOWN,
            ),
            _error_after(claim, every, method, costs if claim == 36 else ""),
        ]
    return findings


def _error_after(claim: int, every: dict[str, Scores], method: str, said: str = "") -> Finding:
    changed = np.mean([s.measures[method]["changed"].mean() for s in every.values()])
    return Finding(
        claim,
        f"Test error after {method} minus before",
        over_networks(every, [method], ["uncalibrated"], "error", "share"),
        published=said,
        note=f"{100 * changed:.1f} % of predictions change",
    )


def _averaged_binnings(every: dict[str, Scores]) -> list[Finding]:
    """Claim 38, which is only named: what we expected of it, shown."""
    n = len(next(iter(every.values())).validation_labels)
    low, high = bin_range(n, 10.0)
    return [
        Finding(
            38,
            "ECE after BBQ minus before, mean over networks",
            over_networks(every, ["BBQ"], ["uncalibrated"]),
            published=published("BBQ"),
            figures=SHOWN,
        ),
        Finding(
            38,
            "ECE, BBQ minus temperature scaling, mean over networks",
            over_networks(every, ["BBQ"], ["temperature"]),
            figures=SHOWN,
        ),
        _error_after(38, every, "BBQ"),
        Finding(
            38,
            "Binnings that BBQ averages for each class",
            exact(high - low, n, "binnings"),
            note=f"{low} to {high - 1} bins for {n} images; histogram binning makes one; times are in the benchmarks",
        ),
    ]


def _platt_finding(every: dict[str, Scores]) -> Finding:
    """Claim 39, which is only named."""
    gains = [
        np.array([_platt_gain(*arrays, s) for arrays in zip(s.validation, s.logits, strict=True)])
        for s in every.values()
    ]
    words = "Test NLL of one class against the rest, after Platt scaling minus before, mean over classes and networks"
    return Finding(39, words, paired_effect(np.mean(same_seeds(*gains), axis=0), unit="nats"))


def _platt_gain(validation: np.ndarray, test: np.ndarray, scores: Scores) -> np.ndarray:
    """(n,) of every test image: NLL after minus before, mean over classes."""
    gains, rows = [], np.arange(len(test))
    for c in range(test.shape[1]):
        truth = (scores.labels == c).astype(int)
        logits = one_against_rest(test, c)
        fitted = PlattScaling().fit(one_against_rest(validation, c), (scores.validation_labels == c).astype(int))
        before, after = (
            -np.log(np.maximum(p[rows, truth], NLL_FLOOR)) for p in (softmax(logits), fitted.transform(logits))
        )
        gains.append(after - before)
    return np.mean(gains, axis=0)


def _affine_findings(every: dict[str, Scores]) -> list[Finding]:
    """Claim 40, which is only named: what we expected of it, shown."""
    classes = next(iter(every.values())).logits.shape[2]
    data = "CIFAR-100" if classes == 100 else "CIFAR-10"
    findings = [
        Finding(
            40,
            f"ECE, {method} scaling minus temperature scaling, {classes} classes",
            over_networks(every, [method], ["temperature"]),
            published=published(method, data),
            figures=SHOWN,
        )
        for method in ("vector", "matrix")
    ]
    nll = Finding(
        40,
        f"Test NLL, matrix scaling minus temperature scaling, {classes} classes",
        over_networks(every, ["matrix"], ["temperature"], "nll", "nats"),
        note=f"{classes * (classes + 1):,} numbers fitted against one",
    )
    return [*findings, nll]


def _temperature_findings(declared: Declaration, every: dict[str, Scores]) -> list[Finding]:
    why, level = barred(every.values()), declared.level(fewest(every.values()))
    sure = {name: s for name, s in every.items() if s.overconfident}
    findings = [
        primary(
            declared,
            over_networks(every, ["temperature"], [method], level=level, together=len(OTHERS)),
            of=method,
            undecided=why,
            published=published(method),
            figures=SHOWN,
        )
        for method in OTHERS
    ]
    if sure:
        findings.append(
            Finding(
                41,
                "ECE after temperature scaling minus before, networks that are overconfident on validation images",
                over_networks(sure, ["temperature"], ["uncalibrated"]),
                below(0),
                kind="secondary",
                published=published("temperature"),
                note=f"{len(sure)} of {len(every)} networks: {', '.join(sure)}",
                undecided=why,
                figures=("reliability", "methods"),
            )
        )
    return [*findings, *_unchanged(every)]


def _unchanged(every: dict[str, Scores]) -> list[Finding]:
    """What no temperature can do, and what it is."""
    changed = sum(float(s.measures["temperature"]["changed"].sum()) for s in every.values())
    tests = sum(s.logits[..., 0].size for s in every.values())
    worst = max(float((s.validation_nll[1] - s.validation_nll[0]).max()) for s in every.values())
    lowest = sum(min(METHODS, key=lambda m: s.measures[m]["ece"].mean()) == "temperature" for s in every.values())
    temperatures = np.mean(same_seeds(*(s.temperature for s in every.values())), axis=0)
    return [
        Finding(
            41,
            "Predictions that temperature scaling changes, all networks",
            exact(changed, tests, "predictions"),
            equals(0),
            kind="secondary",
            note="“the accuracy won't be affected at all” (S1)",
        ),
        Finding(
            41,
            "Largest rise of validation NLL by temperature scaling, all networks",
            exact(worst, sum(len(s.logits) for s in every.values()), "nats"),
            Expect(high=SLACK, closed=True),
            kind="secondary",
            note=f"where no temperature is best, ours may lie {SLACK:g} above the infimum",
        ),
        Finding(
            41,
            "Networks out of all whose ECE is lowest after temperature scaling",
            exact(lowest, len(every), "networks"),
            note=f"of {len(every)}; in the paper it is not the lowest in every row either",
            figures=SHOWN,
        ),
        Finding(41, "Temperature, mean over networks", seeds_effect(temperatures, "T")),
    ]

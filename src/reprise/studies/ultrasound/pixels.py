"""Calibration of the segmentation networks: each seed's temperature is fitted on validation and judged on test."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from reprise.calibration import TemperatureScaling
from reprise.calibration.report import NLL_FLOOR
from reprise.claims.evidence import Table
from reprise.data.ultrasound import Prepared
from reprise.metrics.calibration import (
    ReliabilityCurve,
    brier,
    expected_calibration_error,
    negative_log_likelihood,
    reliability_curve,
)
from reprise.metrics.ranking import auroc
from reprise.runs import Run
from reprise.studies.ultrasound.answers import SHOWN, Answers, Asked, answers

MEASURES = ("ECE", "NLL", "Brier")


@dataclass(frozen=True)
class Calibration:
    """Scores on test data, each (seeds,) or, where there is nothing to measure, (0,).

    Attributes:
        n: pixels or frames of test, of all seeds.
        fitted_on: pixels or frames of validation, of all seeds.
        base_rate: share of yes among the test labels.
        before: by measure, as trained.
        after: by measure, divided by the temperature.
        auroc: area under the ROC curve.
        scalings: of the seeds; none where one of them has no temperature.
        missing: why there are none.
    """

    n: int
    fitted_on: int
    base_rate: float
    before: dict[str, np.ndarray]
    after: dict[str, np.ndarray]
    auroc: np.ndarray
    scalings: tuple[TemperatureScaling, ...]
    missing: str

    @property
    def temperature(self) -> np.ndarray:
        """(seeds,) or (0,)."""
        return np.array([scaling.temperature for scaling in self.scalings])


def measure_all(run: Run, prepared: Prepared) -> dict[str, Calibration]:
    """One variant's scores by target; only the head, asked of few frames, is ranked too."""
    found = answers(run, prepared)
    return {target: measure(every, ranked=target == "head") for target, every in found.items()}


def measure(every: list[Asked], ranked: bool) -> Calibration:
    """Scores as trained and after temperature scaling, a network at a time; ``ranked`` asks for the AUROC too."""
    validation, test = zip(*every, strict=True)
    scalings, missing = _fit(validation)
    labels = [each.labels for each in test]
    both = all(len(np.unique(each)) == 2 for each in labels)
    scaled = [s.transform(_pair(each.logits)) for s, each in zip(scalings, test, strict=False)]
    return Calibration(
        n=sum(map(len, labels)),
        fitted_on=sum(len(each.labels) for each in validation),
        base_rate=float(np.concatenate(labels).mean()),
        before=_scores([_sigmoid(each.logits) for each in test], labels),
        after=_scores(scaled, labels),
        auroc=np.array([_auroc(each) for each in test] if ranked and both else []),
        scalings=scalings,
        missing=missing,
    )


def _fit(validation: Sequence[Answers]) -> tuple[tuple[TemperatureScaling, ...], str]:
    """One scaling a seed; or none at all, and why."""
    if any(len(np.unique(each.labels)) < 2 for each in validation):
        return (), "the validation labels are all alike"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # ``attained`` says the same
        scalings = tuple(TemperatureScaling().fit(_pair(each.logits), each.labels) for each in validation)
    without = sum(not scaling.attained for scaling in scalings)
    if without:
        return (), f"no temperature minimises the NLL on validation for {without} of {len(scalings)} seeds"
    return scalings, ""


def _auroc(test: Answers) -> float:
    return auroc(test.logits[test.labels == 1], test.logits[test.labels == 0])


def _pair(z: np.ndarray) -> np.ndarray:
    return np.stack([np.zeros_like(z), z], axis=1)


def _sigmoid(z: np.ndarray) -> np.ndarray:
    """(n, 2): the softmax of the pair, in a fifth of the time."""
    return np.stack([expit(-z), expit(z)], axis=1)


def _scores(probabilities: list[np.ndarray], labels: list[np.ndarray]) -> dict[str, np.ndarray]:
    pairs = list(zip(probabilities, labels, strict=False))  # no probabilities where there is no temperature
    return {
        "ECE": np.array([expected_calibration_error(*pair) for pair in pairs]),
        "NLL": np.array([negative_log_likelihood(*pair, NLL_FLOOR) for pair in pairs]),
        "Brier": np.array([brier(*pair) for pair in pairs]),
    }


def table(measured: dict[str, dict[str, Calibration]]) -> Table:
    """A row for every variant and target."""
    rows = []
    dashes: dict[str, list[str]] = {}
    for variant, targets in measured.items():
        for target, found in targets.items():
            rows.append((variant, target, *_cells(found)))
            if found.missing:
                dashes.setdefault(found.missing, []).append(f"{variant} ({target})")
            if target == "head" and not found.auroc.size:
                dashes.setdefault("no AUROC, the test labels are all alike", []).append(f"{variant} ({target})")
    columns = ("variant", "target", "n", "base rate", "T", *MEASURES, "AUROC")
    caption = [_caption(measured), *(f"{', '.join(where)}: {why}." for why, where in dashes.items())]
    return Table("Calibration", columns, tuple(rows), " ".join(caption))


def _cells(found: Calibration) -> tuple[str, ...]:
    before, after = ([_cell(scores[name]) for name in MEASURES] for scores in (found.before, found.after))
    changes = (f"{one} → {other}" for one, other in zip(before, after, strict=True))
    return f"{found.n:,}", f"{found.base_rate:.3f}", _cell(found.temperature, 2), *changes, _cell(found.auroc)


def _caption(measured: dict[str, dict[str, Calibration]]) -> str:
    seeds = len(next(iter(measured.values()))["pixels"].before["ECE"])
    fitted = [f"{name} {found['pixels'].fitted_on:,}" for name, found in measured.items()]
    fitted += [f"{name}'s head {found['head'].fitted_on}" for name, found in measured.items() if "head" in found]
    return (
        f"Test pixels and frames, mean over {seeds} seeds: as trained → divided by the temperature T. Base rate: share "
        f"labelled nerve. T is fitted on validation ({', '.join(fitted)}), which is cleaned where training is. ECE "
        "with 15 bins; NLL in nats; Brier sums over both classes. The ECE of few frames is mostly noise, so the head "
        "has an AUROC beside it. Pixel probabilities are stored in half precision: 0 counts as 2⁻²⁵ and 1 as 1 - 2⁻¹², "
        "the ends of what is rounded to them."
    )


def _cell(values: np.ndarray, digits: int = 3) -> str:
    return f"{values.mean():.{digits}f}" if values.size else "–"


def reliability_curves(
    shown: dict[str, Answers], measured: dict[str, dict[str, Calibration]]
) -> tuple[dict[str, ReliabilityCurve], dict[str, ReliabilityCurve]]:
    """Of seed 0, by the panel's title: as trained, and after temperature scaling where there is a temperature."""
    before = {target: reliability_curve(_sigmoid(test.logits), test.labels) for target, test in shown.items()}
    after = {}
    for target, test in shown.items():
        for scaling in measured[SHOWN[target]][target].scalings[:1]:
            scaled = scaling.transform(_pair(test.logits))
            after[f"{target}, T = {scaling.temperature:.3g}"] = reliability_curve(scaled, test.labels)
    return before, after

"""What the saved logits of one variant say, before and after each calibration method."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from reprise.calibration import TemperatureScaling, softmax
from reprise.calibration.report import evaluate_methods
from reprise.claims.evidence import joined
from reprise.comparing.findings import collapsed, unfinished, unlearned
from reprise.metrics.calibration import ReliabilityCurve, expected_calibration_error, reliability_curve
from reprise.runs import Probed, Run
from reprise.studies.confidence.chance import noise_floor, on_images_drawn_again
from reprise.studies.confidence.logits import example_nll, right, softmax_of, winner
from reprise.studies.confidence.published import METHODS
from reprise.studies.confidence.settings import STRENGTHS

MEASURES = ("ece", "mce", "nll", "brier", "error", "changed")
LEAST_NLL = "uncalibrated, least NLL"


@dataclass(frozen=True, eq=False)
class Scores:
    """One variant; the first axis of every array is seeds. Logits are float64, so that scaling them cannot tie two.

    Two variants are the same only if they are one: arrays have no equality that is true or false.

    Attributes:
        settings: of the variant.
        run: what run.json says.
        labels, validation_labels: (n,) and (m,).
        logits, validation: (seeds, n, k) and (seeds, m, k), weights of the last epoch.
        best: (seeds, n, k) test logits with the weights of the least validation loss.
        distorted: by kind (seeds, strengths, d, k), the first d test images.
        inflated: (seeds, d, k), images multiplied by 1.3.
        measures: by method, then by measure, (seeds,); of ``best`` the ECE alone, as method ``LEAST_NLL``.
            "floor" is the ECE that chance alone gives (see ``noise_floor``).
        resampled: by method, then by "ece", "error" and "nll", (seeds, REPLICATES), on test images drawn again.
        temperature: (seeds,).
        validation_nll: (2, seeds) before and after temperature scaling.
        train_loss: (seeds,) mean training loss of the last epoch, nats.
        idle: why its networks may not be judged; empty where they have learned their task.
        cut: why what its training ends with may not be judged; empty where it ended.
    """

    settings: dict[str, Any]
    run: dict[str, Any]
    labels: np.ndarray
    validation_labels: np.ndarray
    logits: np.ndarray
    validation: np.ndarray
    best: np.ndarray
    distorted: dict[str, np.ndarray]
    inflated: np.ndarray
    measures: dict[str, dict[str, np.ndarray]]
    resampled: dict[str, dict[str, np.ndarray]]
    temperature: np.ndarray
    validation_nll: np.ndarray
    train_loss: np.ndarray
    idle: str
    cut: str

    @property
    def ece(self) -> np.ndarray:
        """(seeds,) expected calibration error of the network as it is."""
        return self.measures["uncalibrated"]["ece"]

    @property
    def error(self) -> np.ndarray:
        """(seeds,) test error of the network as it is."""
        return self.measures["uncalibrated"]["error"]

    @property
    def overconfidence(self) -> np.ndarray:
        """(seeds, n) confidence minus being right, test images."""
        return winner(softmax_of(self.logits)) - right(self.logits, self.labels)

    @property
    def overconfident(self) -> bool:
        """Whether the mean confidence on *validation* images is above the accuracy there."""
        return bool((winner(softmax_of(self.validation)) - right(self.validation, self.validation_labels)).mean() > 0)


def measure(variant: Run, asked: Probed) -> Scores:
    """Reads one variant's predictions, fits every method on validation logits and judges it on test logits."""
    labels, validation_labels = variant.labels, variant.common("validation/label").astype(int)
    logits, validation, best = (
        array.astype(np.float64) for array in variant.arrays("test/logits", "validation/logits", "best/test/logits")
    )
    inflated, *distorted = (
        array.astype(np.float64)
        for array in asked.arrays("inflated/logits", *(f"distorted/{kind}" for kind in STRENGTHS))
    )
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in (*METHODS, LEAST_NLL)}
    drawn: dict[str, list[dict[str, Any]]] = {name: [] for name in rows}
    temperature, nll = [], []
    for z, v, b in zip(logits, validation, best, strict=True):
        for row, p in evaluate_methods((v, validation_labels), (z, labels), names=METHODS[1:]):
            rows[row["method"]].append({key: row[key] for key in MEASURES} | {"floor": noise_floor(p.max(axis=1))})
            drawn[row["method"]].append(on_images_drawn_again(p, labels))
        rows[LEAST_NLL].append({"ece": expected_calibration_error(softmax(b), labels)})
        drawn[LEAST_NLL].append(on_images_drawn_again(softmax(b), labels))
        temperature.append(TemperatureScaling().fit(v, validation_labels).temperature)
        nll.append([example_nll(v / t, validation_labels).mean() for t in (1, temperature[-1])])
    return Scores(
        settings=variant.settings,
        run=variant.record,
        labels=labels,
        validation_labels=validation_labels,
        logits=logits,
        validation=validation,
        best=best,
        distorted=dict(zip(STRENGTHS, distorted, strict=True)),
        inflated=inflated,
        measures={name: _by_key(found) for name, found in rows.items()},
        resampled={name: _by_key(found) for name, found in drawn.items()},
        temperature=np.array(temperature),
        validation_nll=np.array(nll).T,
        train_loss=variant.last("train_loss"),
        idle=joined(unlearned(variant), collapsed(variant)),
        cut=unfinished(variant),
    )


def _by_key(rows: list[dict[str, Any]]) -> dict[str, np.ndarray]:
    return {key: np.array([row[key] for row in rows]) for key in rows[0]}


def reliability_curves(scores: Scores) -> dict[str, ReliabilityCurve]:
    """Of seed 0, by the panel's title: as trained, and after temperature scaling."""
    scaling = TemperatureScaling().fit(scores.validation[0], scores.validation_labels)
    before, after = softmax(scores.logits[0]), scaling.transform(scores.logits[0])
    titled = (("as trained", before), (f"T = {scaling.temperature:.2f}", after))
    return {title: reliability_curve(p, scores.labels) for title, p in titled}

"""What the saved logits of one variant say, before and after each calibration method."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any

import numpy as np

from reprise.calibration import DensityConfidence, TemperatureScaling, softmax
from reprise.calibration.report import NLL_FLOOR, evaluate_methods
from reprise.metrics.calibration import BINS, bin_edges, expected_calibration_error, top_label
from reprise.metrics.ranking import auroc
from reprise.runs import Probed, Run
from reprise.statistics import Effect, seeds_effect
from reprise.studies.confidence.published import METHODS
from reprise.studies.confidence.settings import STRENGTHS

MEASURES = ("ece", "mce", "nll", "brier", "error", "changed")
LEAST_NLL = "uncalibrated, least NLL"
REPLICATES = 400


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

    @property
    def ece(self) -> np.ndarray:
        """(seeds,) expected calibration error of the network as it is."""
        return self.measures["uncalibrated"]["ece"]

    @property
    def error(self) -> np.ndarray:
        """(seeds,) test error of the network as it is."""
        return self.measures["uncalibrated"]["error"]

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
            drawn[row["method"]].append(_on_images_drawn_again(p, labels))
        rows[LEAST_NLL].append({"ece": expected_calibration_error(softmax(b), labels)})
        drawn[LEAST_NLL].append(_on_images_drawn_again(softmax(b), labels))
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
    )


def noise_floor(confidence: np.ndarray, draws: int = 50) -> float:
    """ECE of a perfectly calibrated network with these confidences: chance alone, mean over simulated answers.

    Args:
        confidence: (n,) of the images tested.
        draws: simulated tests, in each of which an image is right with the probability that its confidence says.
    """
    right = np.random.default_rng(0).random((draws, len(confidence)), np.float32) < confidence
    columns = _in_bins(confidence, np.ones(len(confidence)))
    gaps = right.astype(np.float32) @ columns - confidence @ columns
    return float(np.abs(gaps).sum(axis=1).mean() / len(confidence))


def _in_bins(confidence: np.ndarray, values: np.ndarray) -> np.ndarray:
    """(n, BINS) of (n,) values, each in the column of its confidence's bin, else 0."""
    columns = np.zeros((len(values), BINS), np.float32)
    columns[np.arange(len(values)), np.searchsorted(bin_edges(BINS)[1:-1], confidence)] = values
    return columns


def _by_key(rows: list[dict[str, Any]]) -> dict[str, np.ndarray]:
    return {key: np.array([row[key] for row in rows]) for key in rows[0]}


def _on_images_drawn_again(probabilities: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
    """(REPLICATES,) ECE, error and NLL on bootstrap samples of the images, the same samples at every call."""
    confidence, correct = top_label(probabilities, labels, check=False)
    own = probabilities[np.arange(len(labels)), labels]
    columns = [_in_bins(confidence, correct - confidence), ~correct, -np.log(np.maximum(own, NLL_FLOOR))]
    means = (_weights(len(labels)) @ np.column_stack(columns).astype(np.float32)).astype(float)
    return {"ece": np.abs(means[:, :BINS]).sum(axis=1), "error": means[:, BINS], "nll": means[:, BINS + 1]}


@cache
def _weights(n: int) -> np.ndarray:
    """(REPLICATES, n) share of each image in each bootstrap sample."""
    counts = np.random.default_rng(0).multinomial(n, np.full(n, 1 / n), size=REPLICATES)
    return counts.astype(np.float32) / np.float32(n)


def floor_remark(networks: Iterable[Scores], methods: Iterable[str] = ("uncalibrated",)) -> str:
    """A sentence for captions: which ECE is chance."""
    floors = [s.measures[method]["floor"].mean() for s, method in product(networks, methods)]
    low, high = (f"{100 * end:.2f}" for end in (min(floors), max(floors)))
    return (
        f"A perfectly calibrated network would by chance show an ECE of {low if low == high else f'{low} to {high}'} %."
    )


def compared(
    one: list[tuple[Scores, str]],
    other: list[tuple[Scores, str]],
    measure: str = "ece",
    unit: str = "ECE",
    together: int = 1,
) -> Effect:
    """Mean over networks of ``one`` minus ``other``, with the interval over seeds and over test images.

    The images are drawn again jointly: each sample holds for all networks, seeds and methods, so what they share
    cancels. Of the samples only the spread counts: resampling biases the ECE upwards.

    Args:
        one, other: networks, each with a method, in pairs.
        measure: "ece", "error" or "nll".
        unit: what it is measured in.
        together: how many such effects the claim is judged by (see ``seeds_effect``).
    """
    pairs = [(a, m, b, k) for (a, m), (b, k) in zip(one, other, strict=True)]
    values = [a.measures[m][measure] - b.measures[k][measure] for a, m, b, k in pairs]
    drawn = [a.resampled[m][measure] - b.resampled[k][measure] for a, m, b, k in pairs]
    per_seed = np.mean(drawn, axis=0)  # (seeds, REPLICATES)
    seeds, all_seeds, each = len(per_seed), per_seed.mean(axis=0).var(ddof=1), per_seed.var(axis=1, ddof=1).mean()
    # what single networks do on single images is in every seed's spread and averages out over seeds
    passing = (each - all_seeds) / (seeds - 1) if seeds > 1 else 0.0
    lasting = float(np.clip(1 - passing / all_seeds, 0, 1)) if all_seeds else 0.0
    return seeds_effect(
        np.mean(values, axis=0), unit, examples_sd=float(all_seeds**0.5), lasting=lasting, together=together
    )


def softmax_of(logits: np.ndarray, factor: float = 1.0) -> np.ndarray:
    """Softmax over the last axis of an array with any number of axes."""
    return softmax(logits.reshape(-1, logits.shape[-1]) * factor).reshape(logits.shape)


def winner(probabilities: np.ndarray) -> np.ndarray:
    """The confidence: the largest probability."""
    return probabilities.max(axis=-1)


def right(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """1.0 where the prediction is the label."""
    return (logits.argmax(axis=-1) == labels).astype(float)


def example_nll(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """-log P(true class) of every example: (..., n) from (..., n, k)."""
    top = logits.max(axis=-1)
    total = top + np.log(np.exp(logits - top[..., None]).sum(axis=-1))
    return total - logits[..., np.arange(len(labels)), labels]


@dataclass(frozen=True)
class Densities:
    """Confidence by density beside softmax, on clean and distorted images; all (seeds, ...).

    Attributes:
        clean: by measure ("softmax", "density", "log density") (seeds, n) for all test images.
        distorted: by measure, then by kind, (seeds, strengths, d).
    """

    clean: dict[str, np.ndarray]
    distorted: dict[str, dict[str, np.ndarray]]

    def fall(self, measure: str, kind: str) -> np.ndarray:
        """(seeds, d) fall of the confidence from the clean image, mean over all strengths."""
        views = self.distorted[measure][kind]
        return self.clean[measure][:, : views.shape[2]] - views.mean(axis=1)

    def detection(self, measure: str, kind: str) -> np.ndarray:
        """(seeds,) area under the ROC curve of clean against distorted, all strengths together."""
        views = self.distorted[measure][kind]
        clean = self.clean[measure][:, : views.shape[2]]
        return np.array([auroc(c, v.ravel()) for c, v in zip(clean, views, strict=True)])

    def failure(self, measure: str, correct: np.ndarray) -> np.ndarray:
        """(seeds,) area under the ROC curve of right against wrong predictions; (seeds, n) ``correct``."""
        return np.array([auroc(c[ok > 0], c[ok == 0]) for c, ok in zip(self.clean[measure], correct, strict=True)])


def densities(scores: Scores) -> Densities:
    """Fits the densities on validation logits, seed by seed."""
    clean: dict[str, list[np.ndarray]] = {"softmax": [], "density": [], "log density": []}
    distorted: dict[str, dict[str, list[np.ndarray]]] = {name: {kind: [] for kind in STRENGTHS} for name in clean}
    for seed, logits in enumerate(scores.logits):
        model = DensityConfidence().fit(scores.validation[seed], scores.validation_labels)
        for name, value in _three(model, logits).items():
            clean[name].append(value)
        for kind, views in scores.distorted.items():
            for name, value in _three(model, views[seed]).items():
                distorted[name][kind].append(value)
    return Densities(
        {name: np.array(values) for name, values in clean.items()},
        {name: {kind: np.array(values) for kind, values in kinds.items()} for name, kinds in distorted.items()},
    )


def _three(model: DensityConfidence, logits: np.ndarray) -> dict[str, np.ndarray]:
    flat, shape = logits.reshape(-1, logits.shape[-1]), logits.shape[:-1]
    values = {"softmax": winner(softmax(flat)), "density": winner(model.transform(flat))}
    return {name: value.reshape(shape) for name, value in (values | {"log density": model.log_density(flat)}).items()}


def binned_by_hand(probabilities: np.ndarray, labels: np.ndarray, bins: int = 15) -> tuple[float, float]:
    """ECE and MCE bin by bin, as the definition reads: what the vectorised ones are compared with."""
    confidence, correct = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    expected = largest = 0.0
    for i in range(bins):
        inside = (confidence > i / bins) & (confidence <= (i + 1) / bins)
        if inside.any():
            gap = abs(correct[inside].mean() - confidence[inside].mean())
            expected += inside.mean() * gap
            largest = max(largest, gap)
    return float(expected), float(largest)

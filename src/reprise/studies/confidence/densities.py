"""Confidence by a density on the logits, beside that of the softmax, on clean and distorted images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.naive_bayes import GaussianNB

from reprise.calibration import DensityConfidence, softmax
from reprise.metrics.ranking import auroc
from reprise.studies.confidence.logits import winner
from reprise.studies.confidence.scores import Scores
from reprise.studies.confidence.settings import STRENGTHS

MEASURES = ("softmax", "density", "log density", "diagonal")


@dataclass(frozen=True)
class Densities:
    """Confidence by density beside softmax, on clean and distorted images; all (seeds, ...).

    Attributes:
        clean: by measure ("softmax", "density", "log density", and "diagonal": a density with one variance a logit in
            place of covariances) (seeds, n) for all test images.
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
    clean: dict[str, list[np.ndarray]] = {name: [] for name in MEASURES}
    distorted: dict[str, dict[str, list[np.ndarray]]] = {name: {kind: [] for kind in STRENGTHS} for name in clean}
    for seed, logits in enumerate(scores.logits):
        fitted = scores.validation[seed], scores.validation_labels
        models = DensityConfidence().fit(*fitted), GaussianNB().fit(*fitted)
        for name, value in _each(*models, logits).items():
            clean[name].append(value)
        for kind, views in scores.distorted.items():
            for name, value in _each(*models, views[seed]).items():
                distorted[name][kind].append(value)
    return Densities(
        {name: np.array(values) for name, values in clean.items()},
        {name: {kind: np.array(values) for kind, values in kinds.items()} for name, kinds in distorted.items()},
    )


def _each(full: DensityConfidence, diagonal: GaussianNB, logits: np.ndarray) -> dict[str, np.ndarray]:
    flat, shape = logits.reshape(-1, logits.shape[-1]), logits.shape[:-1]
    found = (softmax(flat), full.transform(flat), full.log_density(flat)[:, None], diagonal.predict_proba(flat))
    return {name: winner(values).reshape(shape) for name, values in zip(MEASURES, found, strict=True)}

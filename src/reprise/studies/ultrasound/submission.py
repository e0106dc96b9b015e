"""Kaggle's submission file from a variant's test predictions (claim 79)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.special import expit

from reprise.data.submission import postprocess, write_submission
from reprise.data.ultrasound import SIZE, load
from reprise.files import shown
from reprise.runs import Run
from reprise.studies.ultrasound.folds import distinct
from reprise.workspace import Workspace


def submit(workspace: Workspace, variant: str, out: Path) -> str:
    """Post-processes, for every test frame, the mean of the networks that never saw its subject, and writes the file.

    Returns:
        A line that says what was written.

    Raises:
        ConfigError: there is no such variant.
        FileNotFoundError: it has not been trained.
    """
    workspace.settings(variant)
    prepared, run = load(workspace.prepared("ultrasound")), Run.of(workspace, variant)
    places, maps = run.arrays("test/index", "test/probability")
    index, probability = _means(places, maps)
    has_mask = None
    if run.has("test/has_mask_logit"):
        _, has_mask = _means(places, expit(run.arrays("test/has_mask_logit")[0].astype(np.float64)))
    masks = postprocess(probability.astype(np.float32), has_mask, prepared.size)
    write_submission(out, [str(name) for name in prepared.names[index]], masks)
    return f"{shown(out)}: {len(masks)} test frames ({workspace.source}), {int(masks.any((1, 2)).sum())} with a mask"


def _means(places: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(k,) all frames that some seed tested, and (k, ...) the mean of what those seeds say of each."""
    index = np.unique(places)
    total, count = np.zeros((len(index), *values.shape[2:])), np.zeros(len(index))
    for place, said in zip(places, values, strict=True):
        first = distinct(place)
        where = np.searchsorted(index, place[first])
        total[where] += said[first]
        count[where] += 1
    return index, total / count.reshape(-1, *[1] * (total.ndim - 1))


def frame_size(workspace: Workspace) -> tuple[int, int]:
    """Height and width of the frames that are prepared here, or of Kaggle's where none are."""
    path = workspace.prepared("ultrasound")
    return load(path).size if path.is_file() else SIZE

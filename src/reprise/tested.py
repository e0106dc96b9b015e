"""How the networks of a study did on its test examples, each variant by the same measures. No torch.

Where training wrote one number for an example, or logits with labels, they are counted again here, seed by seed; where
the truth lies elsewhere (masks, boxes) the study's evidence has a table with a row for each variant.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

import numpy as np

from reprise.metrics.calibration import expected_calibration_error
from reprise.runs import Run

EACH = {"test/error": "error", "test/nats": "nats"}  # array of predictions.npz -> what its mean is called
NUMBER = re.compile(r"(-?[\d,]+(?:\.\d+)?)(?: ± ([\d.]+)| \[.*\])?")
BESIDE = ("parameters", "seeds", "n", "epochs", "parameters of both")  # columns that are no measure


def seed_scores(run: Run) -> dict[str, np.ndarray]:
    """``accuracy``, ``loss`` and ``ece``, or the mean of what was written for each example: (seeds,) each.

    Raises:
        ValueError: predictions.npz is damaged.
    """
    if not (run.folder / "predictions.npz").is_file():
        return {}
    if run.has("test/logits") and run.has("test/label"):
        return _classified(*run.arrays("test/logits", "test/label"))
    return {name: run.arrays(array)[0].mean(axis=1) for array, name in EACH.items() if run.has(array)}


def _classified(logits: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
    """Of (seeds, n, k) logits and (seeds, n) labels."""
    logits, labels = logits.astype(np.float64), labels.astype(int)
    log = logits - logits.max(axis=2, keepdims=True)
    log -= np.log(np.exp(log).sum(axis=2, keepdims=True))
    return {
        "accuracy": (logits.argmax(axis=2) == labels).mean(axis=1),
        "loss": -np.take_along_axis(log, labels[..., None], axis=2)[..., 0].mean(axis=1),
        "ece": np.array([expected_calibration_error(np.exp(p), y) for p, y in zip(log, labels, strict=True)]),
    }


def table_scores(evidence: dict[str, Any], variants: Collection[str]) -> dict[str, dict[str, float]]:
    """Variant -> measure -> number, ``MEASURE sd`` where the table says how it spreads over seeds.

    Args:
        evidence: of the study.
        variants: its variants.

    Returns:
        What stands in its row of the first table that has one, among those that name no variant twice.
    """
    found: dict[str, dict[str, float]] = {}
    for table in evidence["tables"]:
        rows = {row[0]: row for row in table["rows"] if row and row[0] in variants}
        if rows and len(rows) == sum(row[0] in variants for row in table["rows"] if row):
            measures = [(place, name) for place, name in enumerate(table["columns"]) if place and name not in BESIDE]
            found = {variant: _numbers(row, measures) for variant, row in rows.items()} | found
    return found


def _numbers(row: list[Any], measures: list[tuple[int, str]]) -> dict[str, float]:
    found = {}
    for place, name in measures:
        match = NUMBER.fullmatch(str(row[place]))
        if match:
            name = name.removesuffix(" [95 %]")
            found[name] = float(match[1].replace(",", ""))
            if match[2]:
                found[f"{name} sd"] = float(match[2])
    return found

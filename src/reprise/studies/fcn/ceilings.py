"""Claim 170: what scores at a stride can draw at best, asked of the labels themselves."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from reprise.claims.declarations import Declaration
from reprise.claims.evidence import Finding, primary
from reprise.data.scene_shapes import CLASSES, generate
from reprise.metrics.boundary import boundary_counts, boundary_iou
from reprise.statistics import SHARES_APART, Effect, paired_effect

STRIDES = (32, 16, 8)
IGNORE = 255
SIDE, SEED = 96, 170  # of the generated scenes that are asked


def through(labels: np.ndarray, stride: int, classes: int) -> np.ndarray:
    """Labels averaged over cells of ``stride`` pixels, one map a class, and up-sampled bilinearly; the largest wins.

    Args:
        labels: (h, w) integers; 255 counts in no cell.
        stride: pixels.
        classes: number of classes.

    Returns:
        (h, w) uint8.
    """
    height, width = labels.shape
    rows, columns = -(-height // stride), -(-width // stride)
    best, answer = np.full((height, width), -1.0), np.zeros((height, width), np.uint8)
    y = np.clip((np.arange(height) + 0.5) / stride - 0.5, 0, rows - 1)
    x = np.clip((np.arange(width) + 0.5) / stride - 0.5, 0, columns - 1)
    wide = np.full((rows * stride, columns * stride), IGNORE, labels.dtype)
    wide[:height, :width] = labels
    for label in np.unique(labels[labels != IGNORE]):
        if label >= classes:
            raise ValueError(f"found label {label}, expected 0 to {classes - 1}")
        cells = (wide == label).reshape(rows, stride, columns, stride).mean(axis=(1, 3))
        score = ndimage.map_coordinates(cells, np.meshgrid(y, x, indexing="ij"), order=1, mode="nearest")
        answer[score > best] = label
        best = np.maximum(best, score)
    return answer


def reached(truth: np.ndarray, classes: int) -> dict[int, np.ndarray]:
    """Stride -> (n,) boundary IU of each picture's own labels seen at that stride, mean of the classes in it."""
    found = {}
    for stride in STRIDES:
        counts = [boundary_counts(each, through(each, stride, classes), classes) for each in truth]
        found[stride] = np.array(
            [
                np.nanmean(boundary_iou(count)[np.isin(np.arange(classes), each)])
                for count, each in zip(counts, truth, strict=True)
            ]
        )
    return found


def scenes_asked(declared: Declaration) -> np.ndarray:
    """(n, 96, 96) uint8 labels of as many generated scenes as are planned, whatever networks are trained on."""
    return generate(declared.planned.n if declared.planned else 2, SIDE, SEED)[1]


def ceiling_findings(declared: Declaration, asked: np.ndarray, test: np.ndarray, classes: int) -> list[Finding]:
    """All of claim 170 that needs no training.

    Args:
        declared: what it is judged by.
        asked: (n, h, w) labels of generated scenes, which decide.
        test: (m, h, w) labels of the pictures that networks are tested on, which are told beside.
        classes: number of classes of ``test``.

    Raises:
        ValueError: labels that decide without any outline.
    """
    found = _outlined(asked, len(CLASSES))
    if not found:
        raise ValueError("no picture that decides has an outline")
    findings = [
        primary(
            declared,
            _coarser(found),
            note=f"perfect scores reach a boundary IU of {_words(found)}",
            figures=("detail",),
        )
    ]
    if beside := _outlined(test, classes):
        words = "The same of the pictures that networks are tested on"
        findings.append(Finding(170, words, _coarser(beside), note=_words(beside)))
    return findings


def _outlined(truth: np.ndarray, classes: int) -> dict[int, np.ndarray]:
    there = np.array([len(np.unique(each[each != IGNORE])) > 1 for each in truth], bool)
    return reached(truth[there], classes) if there.any() else {}


def _coarser(found: dict[int, np.ndarray]) -> Effect:
    return paired_effect(found[32] - found[8], unit="", possible=SHARES_APART)


def _words(found: dict[int, np.ndarray]) -> str:
    return ", ".join(f"stride {stride} {values.mean():.3f}" for stride, values in found.items())

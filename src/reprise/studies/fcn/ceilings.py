"""Claim 170: what a stride leaves of the labels themselves, averaged over its cells, and of scores fitted to them.

Averaged labels are no bound of what a network of that stride can draw, so scores fitted to the labels stand beside.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import ndimage

from reprise.claims.declarations import Declaration
from reprise.claims.evidence import Finding, primary
from reprise.data.scene_shapes import CLASSES, generate
from reprise.metrics.boundary import boundary_counts, boundary_iou
from reprise.statistics import SHARES_APART, Effect, paired_effect
from reprise.studies.fcn.fitted import fitted

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


def reached(
    truth: np.ndarray, classes: int, seen: Callable[[np.ndarray, int], np.ndarray] | None = None
) -> dict[int, np.ndarray]:
    """Stride -> (n,) boundary IU of each picture's own labels seen at that stride, mean of the classes in it.

    Args:
        truth: (n, h, w) labels.
        classes: number of classes.
        seen: what is drawn of labels at a stride; by default ``through``.
    """
    found = {}
    for stride in STRIDES:
        drawn = [seen(each, stride) if seen else through(each, stride, classes) for each in truth]
        counts = [boundary_counts(each, answer, classes) for each, answer in zip(truth, drawn, strict=True)]
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
            note=f"averaged labels reach a boundary IU of {_words(found)}; that bounds no network: scores "
            "fitted to the same labels stand beside it",
            figures=("detail",),
        ),
        fitted_finding(asked[_has_outline(asked)], found),
    ]
    if beside := _outlined(test, classes):
        words = "The same of the pictures that networks are tested on"
        findings.append(Finding(170, words, _coarser(beside), note=_words(beside)))
    return findings


def fitted_finding(asked: np.ndarray, averaged: dict[int, np.ndarray]) -> Finding:
    """The same of scores fitted to each picture, and in how many pictures these draw more than averaged labels."""
    found = reached(asked, len(CLASSES), fitted)
    more = ", ".join(f"stride {stride} {(found[stride] > averaged[stride]).sum()}" for stride in STRIDES)
    return Finding(
        170,
        "The same of scores fitted to each picture's labels by cross-entropy, same cells, up-sampled alike",
        _coarser(found),
        note=f"{_words(found)}; more than averaged labels reach in so many of {len(asked)} pictures: {more}",
    )


def _outlined(truth: np.ndarray, classes: int) -> dict[int, np.ndarray]:
    there = _has_outline(truth)
    return reached(truth[there], classes) if there.any() else {}


def _has_outline(truth: np.ndarray) -> np.ndarray:
    return np.array([len(np.unique(each[each != IGNORE])) > 1 for each in truth], bool)


def _coarser(found: dict[int, np.ndarray]) -> Effect:
    return paired_effect(found[32] - found[8], unit="", possible=SHARES_APART)


def _words(found: dict[int, np.ndarray]) -> str:
    return ", ".join(f"stride {stride} {values.mean():.3f}" for stride, values in found.items())

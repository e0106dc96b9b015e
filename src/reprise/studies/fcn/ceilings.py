"""Claim 170: how many outlines a stride can draw, and what it leaves of labels, averaged over its cells or fitted.

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
from reprise.statistics import SHARES_APART, Effect, exact, paired_effect
from reprise.studies.fcn.fitted import fitted

STRIDES = (32, 16, 8)
IGNORE = 255
SIDE, SEED, SCENES = 96, 170, 30  # of the generated scenes that are asked


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


def most_outlines(stride: int, side: int = SIDE) -> int:
    """Most changes of sign along a row of pixels, over every pattern of signs of its cells, up-sampled bilinearly."""
    cells = side // stride
    place = np.clip((np.arange(side) + 0.5) / stride - 0.5, 0, cells - 1)
    signs = 2.0 * ((np.arange(2**cells)[:, None] >> np.arange(cells)) & 1) - 1
    drawn = np.array([np.interp(place, np.arange(cells), each) for each in signs]) > 0
    return int((drawn[:, 1:] != drawn[:, :-1]).sum(axis=1).max())


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


def scenes_asked() -> np.ndarray:
    """(n, 96, 96) uint8 labels of generated scenes, whatever networks are trained on."""
    return generate(SCENES, SIDE, SEED)[1]


def ceiling_findings(declared: Declaration, asked: np.ndarray, test: np.ndarray, classes: int) -> list[Finding]:
    """All of claim 170 that needs no training.

    Args:
        declared: what it is judged by.
        asked: (n, h, w) labels of generated scenes.
        test: (m, h, w) labels of the pictures that networks are tested on, which are told beside.
        classes: number of classes of ``test``.

    Raises:
        ValueError: labels of scenes without any outline.
    """
    found = _outlined(asked, len(CLASSES))
    if not found:
        raise ValueError("no scene has an outline")
    most = {stride: most_outlines(stride) for stride in (32, 8)}
    findings = [
        primary(
            declared,
            exact(most[32] - most[8], unit="outlines"),
            note=f"{most[32]} and {most[8]} over every pattern of signs; scores of any size have no more, for between "
            "two cells they are linear. Of several classes each has so many against the rest",
        ),
        Finding(
            170,
            "Boundary IoU of the labels of generated scenes, averaged over cells of the stride and up-sampled as the "
            "network does, stride 32 minus stride 8",
            _coarser(found),
            declared.expect,
            "secondary",
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

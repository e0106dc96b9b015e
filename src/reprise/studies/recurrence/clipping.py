"""Claim 138: gradients whose norm exceeds a threshold are rescaled to it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch

from reprise.claims.declarations import Declaration
from reprise.claims.evidence import Finding, equals, primary
from reprise.statistics import exact, mean_effect
from reprise.studies.recurrence.lesson.clipping import clip_by_norm, single_unit

WALL = ((4.2, 6.2), (-3.2, -2.1))  # ranges of w and b of the one-unit network, between them a wall in its loss
UNFOLDED, RATE, STEPS, THRESHOLD = 50, 0.2, 60, 0.05  # its length, and descent on it
STARTS = 200


class Clipped(NamedTuple):
    """Random gradients clipped to a third of their norm, one number each.

    ``ratios``: norm after clipping over the threshold; ``cosines``: between before and after; ``untouched``: whether
    a threshold of three times the norm leaves them as they are; ``gaps``: relative difference from PyTorch's, the
    larger of both thresholds'.
    """

    ratios: np.ndarray
    cosines: np.ndarray
    untouched: np.ndarray
    gaps: np.ndarray


def measure(cases: int) -> Clipped:
    """Clips so many sets of three arrays, of sizes over several orders of magnitude."""
    rng = np.random.default_rng(138)
    ratios, cosines, untouched, gaps = [], [], [], []
    for _ in range(cases):
        gradients = [rng.normal(size=shape) * rng.lognormal(0, 2) for shape in ((6, 4), (6,), (3, 2, 2))]
        flat = np.concatenate([gradient.ravel() for gradient in gradients])
        norm = float(np.linalg.norm(flat))
        clipped, _ = clip_by_norm(gradients, norm / 3)
        small, _ = clip_by_norm(gradients, norm * 3)
        ours, idle = (np.concatenate([gradient.ravel() for gradient in each]) for each in (clipped, small))
        ratios.append(np.linalg.norm(ours) / (norm / 3))
        cosines.append(ours @ flat / (np.linalg.norm(ours) * norm))
        untouched.append(all(np.array_equal(a, b) for a, b in zip(small, gradients, strict=True)))
        pairs = (ours, clipped_by_torch(gradients, norm / 3)), (idle, clipped_by_torch(gradients, norm * 3))
        gaps.append(max(np.linalg.norm(one - other) / np.linalg.norm(one) for one, other in pairs))
    return Clipped(*(np.array(each) for each in (ratios, cosines, untouched, gaps)))


def clipped_by_torch(gradients: list[np.ndarray], threshold: float) -> np.ndarray:
    """All numbers of the gradients in one row, after PyTorch's clipping."""
    tensors = [torch.zeros(gradient.shape, dtype=torch.float64) for gradient in gradients]
    for tensor, gradient in zip(tensors, gradients, strict=True):
        tensor.grad = torch.from_numpy(gradient.copy())
    torch.nn.utils.clip_grad_norm_(tensors, threshold)
    return np.concatenate([tensor.grad.numpy().ravel() for tensor in tensors])


def descend(starts: np.ndarray, threshold: float | None) -> np.ndarray:
    """(STEPS + 1, 2, starts): paths of gradient descent on the one-unit network from (2, starts) weights w and b."""
    path = [starts]
    for _ in range(STEPS):
        _, gradient = single_unit(*path[-1], UNFOLDED)
        if threshold is not None:
            gradient = gradient * np.minimum(1, threshold / np.maximum(np.linalg.norm(gradient, axis=0), 1e-300))
        path.append(path[-1] - RATE * gradient)
    return np.array(path)


def worse() -> np.ndarray:
    """(starts,) whether descent ends above the loss of its start, without clipping minus with: 1, 0 or -1."""
    (w, b), rng = WALL, np.random.default_rng(138)
    starts = np.stack([rng.uniform(*w, STARTS), rng.uniform(*b, STARTS)])
    before = single_unit(*starts, UNFOLDED)[0]
    free, clipped = (single_unit(*descend(starts, t)[-1], UNFOLDED)[0] > before for t in (None, THRESHOLD))
    return free.astype(float) - clipped


def findings(declared: Declaration, clipped: Clipped) -> list[Finding]:
    """The rule against PyTorch's, what it keeps and what it leaves alone; and what it changes beside a wall."""
    cases = len(clipped.ratios)
    rounding = "1e-12 is rounding: a few hundred additions of double precision."
    return [
        primary(
            declared,
            exact(clipped.gaps.max(), cases),
            oracle="torch.nn.utils.clip_grad_norm_",
            figures=("recurrence_cliff",),
        ),
        Finding(
            138,
            "Norm after clipping over the threshold, where it was above: farthest from 1",
            exact(clipped.ratios[np.abs(clipped.ratios - 1).argmax()], cases),
            equals(1.0, 1e-12),
            kind="secondary",
            note=rounding,
        ),
        Finding(
            138,
            "Smallest cosine between the gradient before and after",
            exact(clipped.cosines.min(), cases),
            equals(1.0, 1e-12),
            kind="secondary",
            note=rounding,
        ),
        Finding(
            138,
            "Share of smaller gradients left untouched",
            exact(clipped.untouched.mean(), cases),
            equals(1.0),
            kind="secondary",
        ),
        Finding(
            138,
            "Share of starts around the wall from which descent ends above where it began, without clipping minus with",
            mean_effect(worse(), unit="share of starts"),
            note=f"One unit, learning rate {RATE:g}: a step is never longer than {RATE * THRESHOLD:g} with clipping, "
            "and whether descent ends lower for it depends on the start.",
            figures=("recurrence_cliff",),
        ),
    ]

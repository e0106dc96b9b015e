"""Claim 138: gradients whose norm exceeds a threshold are rescaled to it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch

from reprise.claims.evidence import Finding, below, equals
from reprise.statistics import exact
from reprise.studies.recurrence.lesson.clipping import clip_by_norm


class Clipped(NamedTuple):
    """Random gradients clipped to a third of their norm, one number each.

    ``ratios``: norm after clipping over the threshold; ``cosines``: between before and after; ``untouched``: whether
    a threshold of three times the norm leaves them as they are; ``gaps``: relative difference from PyTorch's.
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
        ours = np.concatenate([gradient.ravel() for gradient in clipped])
        ratios.append(np.linalg.norm(ours) / (norm / 3))
        cosines.append(ours @ flat / (np.linalg.norm(ours) * norm))
        untouched.append(all(np.array_equal(a, b) for a, b in zip(small, gradients, strict=True)))
        gaps.append(np.linalg.norm(ours - clipped_by_torch(gradients, norm / 3)) / np.linalg.norm(ours))
    return Clipped(*(np.array(each) for each in (ratios, cosines, untouched, gaps)))


def clipped_by_torch(gradients: list[np.ndarray], threshold: float) -> np.ndarray:
    """All numbers of the gradients in one row, after PyTorch's clipping."""
    tensors = [torch.zeros(gradient.shape, dtype=torch.float64) for gradient in gradients]
    for tensor, gradient in zip(tensors, gradients, strict=True):
        tensor.grad = torch.from_numpy(gradient.copy())
    torch.nn.utils.clip_grad_norm_(tensors, threshold)
    return np.concatenate([tensor.grad.numpy().ravel() for tensor in tensors])


def findings(clipped: Clipped) -> list[Finding]:
    """Norm, direction, what is left alone, and PyTorch's clipping."""
    cases = len(clipped.ratios)
    rounding = "1e-12 is rounding: a few hundred additions of double precision."
    return [
        Finding(
            138,
            "Norm after clipping over the threshold, where it was above: farthest from 1",
            exact(clipped.ratios[np.abs(clipped.ratios - 1).argmax()], cases),
            equals(1.0, 1e-12),
            published="S3: gradients · threshold / ‖gradients‖ where the norm exceeds the threshold",
            note=rounding,
            figures=("recurrence_cliff",),
        ),
        Finding(
            138,
            "Smallest cosine between the gradient before and after",
            exact(clipped.cosines.min(), cases),
            equals(1.0, 1e-12),
            note=rounding,
        ),
        Finding(138, "Share of smaller gradients left untouched", exact(clipped.untouched.mean(), cases), equals(1.0)),
        Finding(
            138,
            "Largest relative difference from PyTorch's clipping",
            exact(clipped.gaps.max(), cases),
            below(1e-5),
            kind="oracle",
            oracle="torch.nn.utils.clip_grad_norm_",
            note="PyTorch divides by the norm plus 1e-6, which shows for small norms.",
        ),
    ]

"""What the trained networks answered, read again, and what is computed of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from reprise.runs import Probed
from reprise.studies.maximisation.settings import CONSTANTS, STARTS
from reprise.workspace import Workspace

CENTRE = slice(7, 21)  # rows and columns of the central 14 x 14 pixels, a quarter of the image
CONSTANT = slice(0, len(CONSTANTS))
RANDOM = slice(len(CONSTANTS), None)
FOUR = slice(0, len(STARTS))


@dataclass(frozen=True)
class Asked:
    """All networks' answers, seeds first; shapes are those of ``probe.py``."""

    starts: np.ndarray
    images: np.ndarray
    losses: np.ndarray
    logits: np.ndarray
    bordered: np.ndarray
    untrained: np.ndarray
    long: np.ndarray
    regularised: np.ndarray
    regularised_logits: np.ndarray
    settings: dict[str, Any]

    @classmethod
    def of(cls, workspace: Workspace, variant: str) -> Asked:
        """Reads what the probe stage wrote."""
        probed = Probed.of(workspace, variant)
        names = [name for name in cls.__dataclass_fields__ if name != "settings"]
        arrays = (array.astype(np.float64) for array in probed.arrays(*names))
        return cls(*arrays, settings=probed.record["settings"])

    @property
    def change(self) -> np.ndarray:
        """(seeds, 10, starts, 28, 28): result minus start."""
        return self.images - self.starts[:, None]


def lost(logits: np.ndarray) -> np.ndarray:
    """(seeds, 10, n, 10) logits of pictures made for class 0, 1, ... -> (seeds, 10, n): 1 minus its confidence.

    Summed over the other classes, so that 1e-12 is 1e-12 and not 0.
    """
    own = np.diagonal(logits, axis1=1, axis2=3).transpose(0, 2, 1)[..., None]  # (seeds, classes, n, 1)
    others = np.exp(np.minimum(logits - own, 700))
    others[:, np.arange(10), :, np.arange(10)] = 0
    total = others.sum(axis=3)
    return total / (1 + total)


def nines(logits: np.ndarray) -> np.ndarray:
    """(seeds, 10, n): how many nines the confidence has, -log10(1 - p)."""
    return -np.log10(np.maximum(lost(logits), 1e-300))


def named(logits: np.ndarray) -> np.ndarray:
    """(seeds, 10, n) booleans: the largest logit is that of the class aimed at."""
    return logits.argmax(axis=3) == np.arange(10)[None, :, None]


def in_centre(values: np.ndarray) -> np.ndarray:
    """Share of a quantity (..., 28, 28) that lies in the central quarter; a quarter where there is none at all."""
    whole = values.sum(axis=(-2, -1))
    inner = values[..., CENTRE, CENTRE].sum(axis=(-2, -1))
    return np.divide(inner, whole, out=np.full(whole.shape, 0.25), where=whole > 0)


def by_pixel(share: np.ndarray) -> np.ndarray:
    """A central pixel's part relative to that of one outside, from the share that lies in the central quarter."""
    return share / np.maximum(1 - share, 1e-12) * 3  # there are three times as many pixels outside


def apart(images: np.ndarray) -> np.ndarray:
    """(..., n, 28, 28) -> (..., n, n) root mean square difference of every two pictures."""
    flat = images.reshape(*images.shape[:-2], -1)
    return np.sqrt(((flat[..., :, None, :] - flat[..., None, :, :]) ** 2).mean(axis=-1))


def pairs(distances: np.ndarray) -> np.ndarray:
    """(..., n, n) -> (..., n (n - 1) / 2): each pair once."""
    one, other = np.triu_indices(distances.shape[-1], 1)
    return distances[..., one, other]


def white_among_negative(images: np.ndarray) -> np.ndarray:
    """(...,) booleans: the largest value of (..., 28, 28) is central, with negative ones 3 to 6 pixels from it."""
    side = images.shape[-1]
    flat = images.reshape(-1, side, side)
    rows, columns = np.divmod(flat.reshape(len(flat), -1).argmax(axis=1), side)
    grid = np.arange(side)
    far = np.maximum(
        np.abs(grid[None, :, None] - rows[:, None, None]), np.abs(grid[None, None, :] - columns[:, None, None])
    )
    around = ((far >= 3) & (far <= 6) & (flat < 0)).any(axis=(1, 2))
    central = (rows >= CENTRE.start) & (rows < CENTRE.stop) & (columns >= CENTRE.start) & (columns < CENTRE.stop)
    return (central & around).reshape(images.shape[:-2])


def alike(changes: np.ndarray) -> np.ndarray:
    """(n, 28, 28) -> (n, n) correlation of every two; 0 with one that is the same everywhere."""
    flat = changes.reshape(len(changes), -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    size = np.sqrt((flat**2).sum(axis=1, keepdims=True))
    flat = np.divide(flat, size, out=np.zeros_like(flat), where=size > 0)
    return flat @ flat.T

"""In which orders pixels are deleted, and which of them ask no trained network."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter

from reprise.studies.saliency.settings import MAPS

ORDERS = (*MAPS, "picture", "smooth_picture")
JUDGED = {131: "weighted", 132: "inversion"}  # the order that decides each claim
CONTROLS = {  # what it would be, had it learned nothing from the network
    "weighted": ("picture", "untrained_weighted"),  # all three know what deletion changes; one asks a trained network
    "inversion": ("smooth_picture",),  # one that gives the whole picture back marks what differs from the fill
}
WIDTHS = np.arange(0, 4.01, 0.25)  # pixels, of the Gaussians that are tried


def as_smooth(maps: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Blurs maps until their neighbouring pixels are as alike as those of others: smoothness is no knowledge.

    Networks may be surer or less sure of a picture whose pixels go in whole patches than of one that gets holes
    everywhere; an order and the one that it is held against have to be the same in that.

    Args:
        maps: (n, h, w).
        wanted: (n, h, w), whose smoothness the former get, each by itself.

    Returns:
        (n, h, w), and (n,) the standard deviation of the Gaussian, in pixels: of ``WIDTHS`` the one with the nearest
        correlation of neighbours; 0 where a map is the same everywhere.
    """
    tried = np.stack([gaussian_filter(maps, (0, width, width), mode="nearest") for width in WIDTHS])
    best = np.abs(_alike(tried) - _alike(wanted)).argmin(axis=0)  # of nan, where there is no correlation, the first
    return tried[best, np.arange(len(maps))], WIDTHS[best]


def _alike(maps: np.ndarray) -> np.ndarray:
    """(..., h, w) -> (...,) correlation of pixels with their neighbours, beside and below; nan where all are equal."""
    centred = maps - maps.mean(axis=(-2, -1), keepdims=True)
    beside = (centred[..., :, 1:] * centred[..., :, :-1]).mean(axis=(-2, -1))
    below = (centred[..., 1:, :] * centred[..., :-1, :]).mean(axis=(-2, -1))
    with np.errstate(invalid="ignore", divide="ignore"):
        return (beside + below) / 2 / np.square(centred).mean(axis=(-2, -1))

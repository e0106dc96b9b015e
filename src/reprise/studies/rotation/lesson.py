"""Templates and their rotations in plain NumPy: what the source says before anything is trained (claims 60-63).

Written from the source's words, independently of the layer that is trained; a test compares the two.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.ndimage import map_coordinates

CROSS = np.array([[0.2, 1.0, 0.2], [1.0, 1.0, 1.0], [0.2, 1.0, 0.2]])  # the source's "vertical edge" (it is a cross)
L = np.array([[1, 0, 0], [1, 0, 0], [1, 1, 1]])
RING = ((0, 0), (0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0))  # clockwise from the top left


def ring_shift(filters: np.ndarray, shift: int) -> np.ndarray:
    """Moves the outer ring of 3 x 3 filters clockwise by ``shift`` places; the centre stays (claim 61).

    Args:
        filters: (..., 3, 3).
        shift: places; one is about 45 degrees, two are a quarter turn.
    """
    turned = filters.copy()
    for place, (row, column) in enumerate(RING):
        to_row, to_column = RING[(place + shift) % 8]
        turned[..., to_row, to_column] = filters[..., row, column]
    return turned


def rotated_convolution(image: np.ndarray, filters: np.ndarray, rotations: int) -> np.ndarray:
    """Each filter at every place in all rotations; the best response stays (claim 63).

    Args:
        image: (channels, h, w).
        filters: (maps, channels, 3, 3).
        rotations: 1, 2, 4 or 8.

    Returns:
        (maps, h - 2, w - 2).
    """
    patches = sliding_window_view(image, (3, 3), axis=(1, 2))  # (channels, h - 2, w - 2, 3, 3)
    responses = [
        np.einsum("chwij,mcij->mhw", patches, ring_shift(filters, step * (8 // rotations))) for step in range(rotations)
    ]
    return np.max(responses, axis=0)


def pearson(one: np.ndarray, other: np.ndarray) -> float:
    """Correlation of two patches, 0 where one of them is flat."""
    one, other = one.ravel() - one.mean(), other.ravel() - other.mean()
    lengths = np.linalg.norm(one) * np.linalg.norm(other)
    return float(one @ other / lengths) if lengths > 0 else 0.0


def shifted(template: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """What a patch shows when the pattern moves: what leaves is lost, zeros come in."""
    out = np.zeros_like(template)
    height, width = template.shape
    source = template[max(0, -rows) : height - max(0, rows), max(0, -columns) : width - max(0, columns)]
    out[max(0, rows) : height - max(0, -rows), max(0, columns) : width - max(0, -columns)] = source
    return out


def best_angle(template: np.ndarray, patch: np.ndarray) -> float:
    """The rotation of the ring that matches best, by setting the derivative to zero (claim 62).

    Rotating the plane moves a 3 x 3 filter's ring along itself. Let w(phi) and x(phi) be the ring's values as
    trigonometric polynomials through the eight taps, W_k and X_k their coefficients. Then the match is

        M(theta) = sum_k conj(W_k) X_k exp(i k theta)

    a trigonometric polynomial of degree 4, and M'(theta) = 0 is, with z = exp(i theta), a polynomial of degree 8 in z:
    its roots on the unit circle are all stationary points, and the largest M among them is the maximum. (R_theta W . X
    with the source's matrix R rotates *coordinates*, not weights; the ring is where that becomes a function of theta.)

    Args:
        template, patch: (3, 3).

    Returns:
        Radians in [0, 2 pi), clockwise.
    """
    cross = _cross_spectrum(template, patch)
    degrees = np.arange(-4, 5)
    # M' = sum_k i k C_k z^k; times z^4 it is a polynomial, highest power first for np.roots
    roots = np.roots((1j * degrees * cross)[::-1])
    on_circle = roots[np.abs(np.abs(roots) - 1) < 1e-6]
    angles = np.angle(on_circle) % (2 * np.pi)
    if not len(angles):
        return 0.0  # a flat ring matches the same at every angle
    return float(angles[np.argmax(match(template, patch, angles))])


def match(template: np.ndarray, patch: np.ndarray, angles: np.ndarray) -> np.ndarray:
    """The ring's match at any angles, (n,) radians; at multiples of 45 degrees the dot product with a shifted ring."""
    cross = _cross_spectrum(template, patch)
    return np.real(np.exp(1j * np.outer(angles, np.arange(-4, 5))) @ cross)


def _cross_spectrum(template: np.ndarray, patch: np.ndarray) -> np.ndarray:
    """C_k = 8 conj(W_k) X_k for k = -4 .. 4; the highest frequency is shared by both ends, so that M is real."""
    w, x = (np.fft.fft([values[place] for place in RING]) / 8 for values in (template, patch))
    cross = 8 * np.conj(w) * x
    halves = np.concatenate([[cross[4] / 2], cross[5:], cross[:4], [cross[4] / 2]])
    return halves


def brute_force_angle(template: np.ndarray, patch: np.ndarray, steps: int) -> float:
    """The best of ``steps`` evenly spaced angles, each tried: the ring is resampled by zero-padding its spectrum."""
    w = np.array([template[place] for place in RING], float)
    x = np.array([patch[place] for place in RING], float)
    values = _resampling(steps) @ w @ x
    return float(np.argmax(values) * 2 * np.pi / steps)


@functools.cache
def _resampling(steps: int) -> np.ndarray:
    """(steps, 8, 8) from a ring to it turned clockwise by each angle: sums of periodic sinc functions of each tap."""
    angles = np.arange(steps)[:, None, None] * 2 * np.pi / steps
    taps = np.arange(8) * np.pi / 4
    half = (taps[:, None] - angles - taps) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        kernel = np.sin(8 * half) / (8 * np.tan(half))
    return np.where(np.abs(np.sin(half)) < 1e-9, 1.0, kernel)


def skew(template: np.ndarray, shift: int, size: int = 96) -> float:
    """How unlike a true rotation a ring shift is: 1 - correlation with the template drawn large and truly turned.

    Both are drawn as ``size`` x ``size`` pictures of 3 x 3 blocks; compared inside the circle that both contain.
    """
    large = np.kron(template.astype(float), np.ones((size // 3, size // 3)))
    rolled = np.kron(ring_shift(template, shift).astype(float), np.ones((size // 3, size // 3)))
    centre = (size - 1) / 2
    rows, columns = np.mgrid[:size, :size] - centre
    angle = shift * np.pi / 4
    # a pixel of the clockwise-turned picture comes from the place turned back (rows count downwards)
    back = np.cos(angle) * rows - np.sin(angle) * columns, np.sin(angle) * rows + np.cos(angle) * columns
    turned = map_coordinates(large, [back[0] + centre, back[1] + centre], order=0, mode="nearest")
    inside = np.hypot(rows, columns) < size / 2
    return 1 - pearson(turned[inside], rolled[inside])

"""Edges and lines at any angle, and how sharp they are."""

from __future__ import annotations

import numpy as np

from reprise.studies.convolution.lesson.windows import check_images


def edge_contrast(images: np.ndarray) -> np.ndarray:
    """How sharp an edge that crosses the image is, all along it: 1 for black against white, 0 for none.

    The largest step between neighbouring pixels is taken in each row and averaged over the rows, for edges that run
    up and down; the same in columns for the others; the larger of the two counts.

    Args:
        images: (n, 1, h, w) with values in [0, 1].

    Returns:
        (n,) in [0, 1].
    """
    check_images(images)
    rows = np.abs(np.diff(images, axis=3)).max(axis=3, initial=0).mean(axis=(1, 2))
    columns = np.abs(np.diff(images, axis=2)).max(axis=2, initial=0).mean(axis=(1, 2))
    return np.maximum(rows, columns)


def step_edges(angles: np.ndarray, offsets: np.ndarray, size: int) -> np.ndarray:
    """Black-and-white half planes: (n, 1, size, size), one where a pixel's centre lies beyond the edge.

    Args:
        angles: (n,) of the edge's normal, radians.
        offsets: (n,) of the edge from the centre, pixels.
        size: of the image.
    """
    return (_distances(angles, offsets, size) > 0)[:, None].astype(float)


def bright_lines(angles: np.ndarray, offsets: np.ndarray, size: int, width: float = 1.0) -> np.ndarray:
    """White lines on black, ``width`` pixels wide: (n, 1, size, size). One minus it is a dark line on white."""
    return (np.abs(_distances(angles, offsets, size)) <= width / 2)[:, None].astype(float)


def _distances(angles: np.ndarray, offsets: np.ndarray, size: int) -> np.ndarray:
    """(n, size, size): signed distance of each pixel's centre from each line."""
    centre = np.arange(size) - (size - 1) / 2
    normals = (
        np.cos(angles)[:, None, None] * centre[None, None, :] + np.sin(angles)[:, None, None] * centre[None, :, None]
    )
    return normals - offsets[:, None, None]

"""Kaggle's run lengths, "start length start length ...": column by column from the top left, from 1 (claim 79)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from reprise.arrays import squeeze_hint


def encode(mask: np.ndarray) -> str:
    """Run lengths of a mask.

    Args:
        mask: (h, w) bool.

    Returns:
        ``""`` for an empty mask.

    Raises:
        ValueError: not two-dimensional, or not boolean.
    """
    mask = np.asarray(mask)
    if mask.ndim != 2 or mask.dtype != bool:
        hint = squeeze_hint("mask", mask.shape, lambda shape: len(shape) == 2)
        if not hint and mask.ndim == 2:
            hint = "; compare with a threshold first"
        raise ValueError(f"expected a boolean mask (h, w), found {mask.dtype} of shape {mask.shape}{hint}")
    edges = np.flatnonzero(np.diff(mask.ravel(order="F").astype(np.int8), prepend=0, append=0))
    starts, ends = edges[::2], edges[1::2]
    return " ".join(f"{start + 1} {end - start}" for start, end in zip(starts, ends, strict=True))


def decode(text: str, shape: tuple[int, int]) -> np.ndarray:
    """The mask of run lengths: the exact inverse of :func:`encode`.

    Args:
        text: run lengths in rising order that do not overlap; those that touch, as at the end of a column, become one.
        shape: (h, w) of the mask.

    Returns:
        (h, w) bool.

    Raises:
        ValueError: what is wrong with the text, and where.
    """
    flat = np.zeros(shape[0] * shape[1], bool)
    for start, stop in runs(text, shape):
        flat[start:stop] = True
    return flat.reshape(shape, order="F")


def runs(text: str, shape: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """First pixel and the one behind the last, from 0, of each run of :func:`decode`; no mask is made."""
    words = text.split()
    if len(words) % 2:
        raise ValueError(f"run lengths come in pairs; found {len(words)} numbers")
    if not all(word.isascii() and word.isdigit() for word in words):
        raise ValueError(
            f"run lengths are whole numbers; found {next(w for w in words if not (w.isascii() and w.isdigit()))!r}"
        )
    if any(len(word) > 18 for word in words):
        raise ValueError("a run length has more than 18 digits")
    height, width = shape
    end = 0
    for start, length in zip(map(int, words[::2]), map(int, words[1::2]), strict=True):
        if start < 1 or length < 1:
            raise ValueError(f"run {start} {length}: starts are counted from 1, lengths are at least 1")
        if start - 1 < end:
            raise ValueError(f"run {start} {length}: begins before the run before it ends (pixel {end})")
        end = start - 1 + length
        if end > height * width:
            size = f"the mask {height} x {width} has {height * width}"
            raise ValueError(f"run {start} {length}: ends at pixel {end}, {size}")
        yield start - 1, end

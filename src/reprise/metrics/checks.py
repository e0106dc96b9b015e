"""Arrays of probabilities, logits and labels: what is no such array is refused with its row and a hint."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from reprise.arrays import squeeze_hint

# How far a row's sum may be from 1: bfloat16 keeps eight bits of each number, half precision eleven. Logits are off by
# more, and so is what was rounded to two digits.
SUM_TOLERANCE = 2.0**-8
_BLOCK = 1 << 17  # numbers in a block of rows: the passes over one block stay in the second-level cache


def check_probabilities(probabilities: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n, k) probabilities as floats and (n,) labels as integers, or a ValueError that names the row."""
    probabilities = float_matrix("probabilities", probabilities, "for P(class 1) alone, stack 1 - p and p", "fiub")
    labels = check_labels(labels, *probabilities.shape)
    ones = np.ones(probabilities.shape[1], probabilities.dtype)
    for rows in row_blocks(*probabilities.shape):
        _check_block(probabilities[rows], rows.start, ones)
    return probabilities, labels


def float_matrix(name: str, values: np.ndarray, hint: str, kinds: str = "fiu") -> np.ndarray:
    """(n, k) values as float32 or float64, or a ValueError; ``hint`` is for who has one number for two classes."""
    values = np.asarray(values)
    if not _is_matrix(values.shape):
        squeeze = squeeze_hint(name, values.shape, _is_matrix)
        raise ValueError(
            f"{name}: shape {values.shape}, expected (n, k): at least one row and two classes ({hint}){squeeze}"
        )
    if values.dtype.kind not in kinds:
        raise ValueError(f"{name}: type {values.dtype}, expected floats")
    if values.dtype in (np.float32, np.float64):
        return values
    return values.astype(np.float32 if values.dtype == np.float16 else np.float64)


def _is_matrix(shape: tuple[int, ...]) -> bool:
    return len(shape) == 2 and shape[0] > 0 and shape[1] > 1


def check_labels(labels: np.ndarray, n: int, k: int) -> np.ndarray:
    """(n,) labels in 0 .. k - 1 as intp, or a ValueError that names the row and what it holds."""
    labels = np.asarray(labels)
    if labels.shape != (n,):
        hint = squeeze_hint("labels", labels.shape, lambda shape: shape == (n,))
        if labels.shape == (n, k):
            hint = "; take the argmax of one-hot rows"
        raise ValueError(f"labels: shape {labels.shape}, expected ({n},), one class index a row{hint}")
    if labels.dtype.kind not in "iub":
        raise ValueError(f"labels: type {labels.dtype}, expected integers (class indices 0 .. {k - 1})")
    if labels.min() < 0 or labels.max() >= k:
        row = int(np.flatnonzero((labels < 0) | (labels >= k))[0])
        raise ValueError(f"labels: row {row} is {labels[row]}, expected 0 .. {k - 1}")
    return labels.astype(np.intp, copy=False)


def look_like_probabilities(values: np.ndarray) -> bool:
    """Whether every row of (n, k) floats is non-negative and sums to 1 (or 100), as rows of logits hardly ever do."""
    first = values[0]
    if not (first.min() >= 0 and first.sum() > 0):
        return False
    total = 100.0 if first.sum() > 10 else 1.0
    for rows in row_blocks(*values.shape):
        sums = values[rows].sum(axis=1, dtype=float)
        if not (np.abs(sums / total - 1).max() <= SUM_TOLERANCE and values[rows].min() >= 0):
            return False
    return True


def row_blocks(n: int, k: int) -> Iterator[slice]:
    """Slices that cover n rows of k numbers in pieces which stay in the cache."""
    step = max(1, _BLOCK // k)
    return (slice(start, min(start + step, n)) for start in range(0, n, step))


def _check_block(block: np.ndarray, start: int, ones: np.ndarray) -> None:
    """Raises for the first row that is not a distribution; two passes over a block that is in the cache."""
    sums = block @ ones
    bad = ~(np.abs(sums - 1) <= SUM_TOLERANCE)  # the negation also catches NaN
    if not bad.any() and block.min() >= 0:
        return
    rows = np.flatnonzero(bad | ~(block.min(axis=1) >= 0))
    row, values = start + int(rows[0]), block[rows[0]]
    if not np.isfinite(values).all():
        column = int(np.flatnonzero(~np.isfinite(values))[0])
        raise ValueError(f"probabilities: row {row}, column {column} is {values[column]}, expected a number in [0, 1]")
    hint = "; these look like logits: apply a softmax first"
    if values.min() < 0:
        column = int(values.argmin())
        hint = hint if values.max() > 1 else ""
        raise ValueError(f"probabilities: row {row}, column {column} is {values[column]:.6g}, expected [0, 1]{hint}")
    hint = hint if values.max() > 1 else ""
    if abs(float(sums[rows[0]]) - 100) <= 100 * SUM_TOLERANCE:
        hint = "; these look like per cent: divide by 100"
    raise ValueError(f"probabilities: row {row} sums to {sums[rows[0]]:.6g}, expected 1{hint}")

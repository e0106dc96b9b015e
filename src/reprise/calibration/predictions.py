"""Saved predictions as ``reprise calibration`` takes them: which kind they are, and what is wrong with them.

Three kinds are told apart by their shapes:

* *classes*: logits (n, k), labels (n,) in 0 .. k - 1.
* *binary*: logits (n,) or (n, 1), one number before a sigmoid; labels (n,) or (n, 1) of 0 and 1. It is calibrated as
  two classes with the logits 0 and z.
* *labels*: logits (n, k), each before a sigmoid of its own, and labels (n, k) of 0 and 1, any number of them true.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from reprise.calibration.base import PROBABILITIES, check_logits
from reprise.files import one_line, shown
from reprise.metrics.checks import check_labels, check_probabilities, look_like_probabilities

Kind = Literal["classes", "binary", "labels"]
KINDS: tuple[Kind, ...] = ("classes", "binary", "labels")
SHARES = (
    "logits: every number lies in [0, 1]: these look like probabilities; give what was before the sigmoid, or their "
    "log-odds"
)
FREE, EXPANDED = 64 << 20, 20  # a compressed array expands to so many bytes, or to so many times what it takes
SHOWN = 8  # names of arrays in a message
Pair = tuple[np.ndarray, np.ndarray]


class Predictions(NamedTuple):
    """What is fitted on and what is measured.

    Attributes:
        kind: ``classes``, ``binary`` (then logits are (n, 2)) or ``labels``.
        fit, test: logits (n, k), and labels (n,) or, of the kind ``labels``, (n, k) booleans.
        split: a sentence on which is which.
        warnings: sentences on what is odd.
    """

    kind: Kind
    fit: Pair
    test: Pair
    split: str
    warnings: list[str]


def load_predictions(path: Path, multilabel: bool = False, probabilities: bool = False) -> Predictions:
    """Reads an ``.npz`` with logits and labels, and optionally val_logits and val_labels. Never unpickles.

    Args:
        path: the archive.
        multilabel: says that labels (n, k) of 0 and 1 are k answers, also where each row holds one 1.
        probabilities: says that the logits are probabilities: their logarithm (log-odds, for one number) is taken.

    Raises:
        FileNotFoundError: no such file.
        ValueError: missing arrays, wrong shapes, NaN or labels out of range, naming file, field and row.
    """
    arrays = read_arrays(path, "labels")
    test = _pair(path, arrays, "", multilabel, probabilities)
    kind, halves = test[0], None
    if {"val_logits", "val_labels"} & arrays.keys():
        fit = _pair(path, arrays, "val_", multilabel, probabilities)
        if fit[0] != kind:
            raise ValueError(f"{shown(path)}: logits and labels are of the kind {kind}, val_logits of {fit[0]}")
        if fit[1].shape[1] != test[1].shape[1]:
            have = f"val_logits has {fit[1].shape[1]} classes, logits has {test[1].shape[1]}"
            raise ValueError(f"{shown(path)}: {have}")
        halves = fit[1:], test[1:], "fitted on val_logits, measured on logits"
    n = len(test[1])
    if halves is None:
        if n < 2:
            raise ValueError(f"{shown(path)}: logits has one row and there are no val_logits: nothing to fit on")
        order = np.random.default_rng(0).permutation(n)
        parts = [np.sort(order[: n // 2]), np.sort(order[n // 2 :])]
        fitted, measured = ((test[1][part], test[2][part]) for part in parts)
        split = "no val_logits: fitted on a random half (seed 0), measured on the other half"
        halves = fitted, measured, split
    fit, test, split = halves
    odd = not probabilities and (odd_logits(kind, fit[0]) or odd_logits(kind, test[0]))
    return Predictions(kind, fit, test, split, [f"{odd}; or say --probabilities"] if odd else [])


def read_arrays(path: Path, *beside: str) -> dict[str, np.ndarray]:
    """The arrays of an ``.npz`` that have to do with predictions: logits must be there, and what is named beside it.

    Raises:
        FileNotFoundError: no such file.
        ValueError: it is none, cannot be read, or lacks an array.
    """
    needed = ("logits", *beside)
    if not path.is_file():
        what = "a folder" if path.is_dir() else "no such file"
        raise FileNotFoundError(f"{shown(path)}: {what}; expected an .npz with the arrays {' and '.join(needed)}")
    try:
        archive = np.load(path, allow_pickle=False)
    except Exception as error:  # zipfile, zlib, tokenize and NumPy each raise their own
        raise ValueError(
            f"{shown(path)}: not an .npz archive ({_reason(error, path)}); "
            "write it with np.savez(path, logits=..., labels=...)"
        ) from error
    if not isinstance(archive, np.lib.npyio.NpzFile):
        raise ValueError(
            f"{shown(path)}: a single array, expected an .npz archive with the arrays {' and '.join(needed)}"
        )
    with archive:
        found = {}
        validation = {"val_logits", "val_labels"} if {"val_logits", "val_labels"} & set(archive.files) else set()
        for name in ("logits", "labels", "val_logits", "val_labels"):
            if archive.files.count(name) > 1:
                times = archive.files.count(name)
                raise ValueError(f"{shown(path)}: array {name} stands {times} times; which is meant?")
            if name in archive.files:
                try:
                    _check_expansion(archive.zip, name)
                    found[name] = archive[name]
                except Exception as error:  # encrypted, cut, a header that claims more than there is memory
                    raise ValueError(f"{shown(path)}: {name} cannot be read ({_reason(error, path)})") from error
            elif name in needed or (beside and name in validation):
                more = f" and {len(archive.files) - SHOWN} more" if len(archive.files) > SHOWN else ""
                there = (", ".join(map(shown, archive.files[:SHOWN])) or "nothing") + more
                raise ValueError(
                    f"{shown(path)}: array {name} is missing (found: {there}){_renamed(name, archive, beside)}"
                )
    return found


def _check_expansion(archive: zipfile.ZipFile, name: str) -> None:
    for info in archive.infolist():
        if info.filename in (name, f"{name}.npy") and info.file_size > max(FREE, EXPANDED * info.compress_size):
            raise ValueError(
                f"its {info.compress_size:,} compressed bytes expand to {info.file_size:,}; beyond {FREE >> 20} MiB no "
                f"more than {EXPANDED} times are read: write it with np.savez"
            )


def _renamed(name: str, archive: np.lib.npyio.NpzFile, beside: tuple[str, ...]) -> str:
    """What to do where probabilities stand under a name of their own in place of logits."""
    own = [each for each in archive.files if "prob" in each.lower() or "softmax" in each.lower()]
    if not own or not name.endswith("logits"):
        return ""
    then = "say --probabilities" if beside else "apply what was fitted with --probabilities"
    return f"; if these are probabilities, save them under the name {name} and {then}"


def checked_logits(kind: Kind, logits: np.ndarray, probabilities: bool = False) -> np.ndarray:
    """(n, k) finite logits of a kind: one number for two classes becomes two, probabilities become logarithms.

    Raises:
        ValueError: they are none; the message begins with ``logits:``.
    """
    logits = np.asarray(logits)
    if kind == "classes":
        if not probabilities:
            return check_logits(logits)
        try:
            values, _ = check_probabilities(logits, np.zeros(len(logits), int))
        except ValueError as error:
            raise ValueError(f"logits: {str(error).partition(': ')[2]}") from None
        return np.log(np.maximum(values, np.finfo(values.dtype).tiny))
    single = kind == "binary"
    if single and logits.ndim == 1:
        logits = logits[:, None]
    if logits.ndim != 2 or logits.size == 0 or (single and logits.shape[1] != 1):
        wanted = "(n,), one number a row" if single else "(n, k), a number a label"
        raise ValueError(f"logits: shape {logits.shape}, expected {wanted}")
    if probabilities:
        bad = np.argwhere(~((logits >= 0) & (logits <= 1)))
        if len(bad):
            row, column = bad[0].tolist()
            value = logits[row, column]
            raise ValueError(f"logits: row {row}, column {column} is {value}, expected a probability in [0, 1]")
        values = logits.astype(float)
        logits = np.log(np.maximum(values, np.finfo(float).tiny)) - np.log(np.maximum(1 - values, np.finfo(float).eps))
    if single or logits.shape[1] == 1:  # the checks ask for two columns
        two = check_logits(np.concatenate([np.zeros_like(logits), logits], axis=1))
        return two if single else two[:, 1:]
    return check_logits(logits)


def labels_of(kind: Kind, labels: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Checked labels to (n, k) logits: (n,) class indices or, of the kind ``labels``, (n, k) booleans.

    Raises:
        ValueError: they are none; the message begins with ``labels:``.
    """
    if kind == "labels":
        return _answers(labels, shape)
    return check_labels(labels[:, 0] if kind == "binary" and labels.shape[1:] == (1,) else labels, *shape)


def odd_logits(kind: Kind, logits: np.ndarray) -> str:
    """What is to be said about (n, k) checked logits that look like probabilities; nothing where they do not."""
    if kind == "classes":
        return PROBABILITIES if look_like_probabilities(logits) else ""
    values = logits[:, 1:] if kind == "binary" else logits
    return SHARES if values.min() >= 0 and values.max() <= 1 and values.max() > values.min() else ""


def _pair(
    path: Path, arrays: dict[str, np.ndarray], prefix: str, multilabel: bool, probabilities: bool
) -> tuple[Kind, np.ndarray, np.ndarray]:
    """Kind, checked logits and labels; messages name the file and the array."""
    logits, labels = arrays[f"{prefix}logits"], arrays[f"{prefix}labels"]
    try:
        kind = _kind(logits, labels, multilabel)
        logits = checked_logits(kind, logits, probabilities)
        return kind, logits, labels_of(kind, labels, logits.shape)
    except ValueError as error:
        raise ValueError(f"{shown(path)}: {prefix}{error}") from error


def _kind(logits: np.ndarray, labels: np.ndarray, multilabel: bool) -> Kind:
    if multilabel:
        return "labels"
    column = (len(logits), 1) if logits.ndim else ()
    if logits.ndim == 1 or (logits.ndim == 2 and logits.shape == column and labels.shape in (column, column[:1])):
        return "binary"
    if logits.ndim == 2 and labels.shape == logits.shape and labels.dtype.kind in "biuf":
        if (labels.sum(axis=1) == 1).all():
            raise ValueError(
                "labels: each row holds one 1: of one class a row, take the argmax; of independent answers, say "
                "--multilabel"
            )
        return "labels"
    return "classes"


def _answers(labels: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """(n, k) booleans, or a ValueError that names the row."""
    if labels.shape != shape:
        raise ValueError(f"labels: shape {labels.shape}, expected {shape} as the logits, of 0 and 1")
    bad = np.argwhere(~((labels == 0) | (labels == 1)))
    if len(bad):
        row, column = bad[0].tolist()
        raise ValueError(f"labels: row {row}, column {column} is {labels[row, column]}, expected 0 or 1")
    return labels.astype(bool)


def _reason(error: Exception, path: Path) -> str:
    """What NumPy says, but for its advice to load unsafely, which it gives for anything that it does not know."""
    said = one_line(error)
    with path.open("rb") as stream:
        if "pickle" in said and not stream.read(6).startswith((b"PK\3\4", b"\x93NUMPY", b"\x80")):
            return "it is something else"
    return "it holds pickled objects, which are never loaded" if "pickle" in said else said

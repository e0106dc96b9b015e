"""What was fitted, as JSON: written by ``reprise calibration --save``, applied to new logits by ``calibration apply``.

A file holds every method's numbers and nothing that could run. It is read as a stranger's: what is missing, of another
shape or not finite is named.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.special import expit

from reprise.calibration.base import Calibrator, softmax
from reprise.calibration.intervals import GapInterval, calibration_error_interval, gap_interval
from reprise.calibration.multilabel import PerLabel
from reprise.calibration.predictions import KINDS, Kind, checked_logits, labels_of, odd_logits, read_arrays
from reprise.calibration.report import METHODS
from reprise.calibration.states import STATES, as_flag, field, method_of, state_of
from reprise.files import read_json, shown, write_json, write_npz
from reprise.npz import REMEDY

FORMAT = 1
UNCALIBRATED = "uncalibrated"


class Applied(NamedTuple):
    """What was made of new logits.

    Attributes:
        probabilities: (n, k); of one logit for two classes (n,), of the second.
        measured: its calibration error, where the file holds labels.
        warnings: sentences on what is odd.
    """

    probabilities: np.ndarray
    measured: GapInterval | None
    warnings: list[str]


def write_fitted(
    path: Path,
    fitted: Mapping[str, Calibrator | PerLabel],
    kind: Kind,
    classes: int,
    probabilities: bool = False,
    examples: int = 0,
) -> None:
    """Writes what was fitted.

    Args:
        path: the JSON file.
        fitted: calibrators by their names in `report.METHODS`.
        kind: of the predictions.
        classes: k.
        probabilities: whether the calibrators take the logarithm of probabilities.
        examples: how many were fitted on.
    """
    content = {"format": FORMAT, "kind": kind, "classes": classes, "probabilities": probabilities, "examples": examples}
    write_json(path, content | {"methods": {name: _saved(name, method) for name, method in fitted.items()}})


def apply(path: Path, new: Path, method: str = "temperature", out: Path | None = None) -> Applied:
    """Calibrates new logits by what `write_fitted` wrote.

    Args:
        path: the JSON file.
        new: an ``.npz`` with logits of the same kind, and optionally labels, on which the result is measured.
        method: which of those that the file holds.
        out: an ``.npz`` to write: the array probabilities.

    Raises:
        FileNotFoundError: one of the files is missing.
        ValueError: what is wrong with one of them, or a method that is not there.
    """
    kind, classes, probabilities, methods = read_fitted(path)
    if method not in methods:
        raise ValueError(f"{shown(path)}: no method {method!r} (found: {', '.join(methods)})")
    arrays = read_arrays(new)
    try:
        logits = checked_logits(kind, arrays["logits"], probabilities)
        if logits.shape[1] != classes:
            raise ValueError(f"logits: {logits.shape[1]} classes, but {shown(path)} was fitted on {classes}")
        labels = labels_of(kind, arrays["labels"], logits.shape) if "labels" in arrays else None
    except ValueError as error:
        raise ValueError(f"{shown(new)}: {error}") from None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # told below, for all kinds alike
        found = methods[method].transform(logits)
    measured = None
    if labels is not None:
        measured = gap_interval(found, labels) if kind == "labels" else calibration_error_interval(found, labels)
    odd = "" if probabilities else odd_logits(kind, logits)
    if odd:
        odd += f"; or fit on probabilities: `reprise calibration FILE --probabilities --save {shown(path)}`"
    found = found[:, 1] if kind == "binary" else found
    if out is not None:
        write_npz(Path(out), probabilities=found)
    return Applied(found, measured, [odd] if odd else [])


class _Uncalibrated:
    def __init__(self, kind: Kind) -> None:
        self.transform = expit if kind == "labels" else softmax


def read_fitted(path: Path) -> tuple[Kind, int, bool, dict[str, Any]]:
    """Kind, number of classes, whether probabilities are taken, and the calibrators by name, ``uncalibrated`` first.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is none that `write_fitted` wrote; the message names the field.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(
            f"{shown(path)}: no such file; `reprise calibration FILE --save {shown(path)}` writes it"
        )
    try:
        content = read_json(path)
    except ValueError as error:
        again = "`reprise calibration FILE --save NAME.json` writes such a file, which comes first here"
        raise ValueError(f"{str(error).removesuffix(REMEDY)}{again}") from None
    try:
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            raise ValueError("not what `reprise calibration --save` writes")
        kind, classes = content.get("kind"), content.get("classes")
        if kind not in KINDS:
            raise ValueError(f"kind is {kind!r}, expected one of {', '.join(KINDS)}")
        least = 1 if kind == "labels" else 2
        if type(classes) is not int or not least <= classes <= 1_000_000:
            raise ValueError(f"classes is {classes!r}, expected a whole number from {least} on")
        probabilities = as_flag(field(content, "probabilities"))
        methods: dict[str, Any] = {UNCALIBRATED: _Uncalibrated(kind)}
        states = content.get("methods")
        if not isinstance(states, dict) or not states.keys() <= STATES.keys():
            raise ValueError(f"methods must be some of {', '.join(STATES)}")
        for name, state in states.items():
            try:
                methods[name] = (
                    _per_label(name, state, classes) if kind == "labels" else method_of(name, state, classes)
                )
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from None
    except ValueError as error:
        raise ValueError(f"{shown(path)}: {error}") from None
    return kind, classes, probabilities, methods


def _saved(name: str, method: Calibrator | PerLabel) -> Any:
    if isinstance(method, PerLabel):
        return [state_of(name, each) for each in method.calibrators]
    return state_of(name, method)


def _per_label(name: str, state: Any, labels: int) -> PerLabel:
    found = PerLabel(METHODS[name])
    wanted = 1 if found.shared else labels
    if not isinstance(state, list) or len(state) != wanted:
        raise ValueError(f"expected a list of {wanted}")
    found.labels, found.calibrators = labels, [method_of(name, each, 2) for each in state]
    return found

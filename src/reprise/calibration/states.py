"""A fitted calibrator's numbers as plain values, and back: what is missing, misshapen or not finite is named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from reprise.calibration.affine import Frame
from reprise.calibration.base import Calibrator
from reprise.calibration.bayesian_binning import Staircase
from reprise.calibration.binning import HistogramBinning
from reprise.calibration.isotonic import Steps
from reprise.calibration.platt import Sigmoid
from reprise.calibration.report import METHODS

MOST = float(np.finfo(float).max)
Read = Callable[[Any, int], Any]


def state_of(name: str, method: Calibrator) -> dict[str, Any]:
    """What ``transform`` of a fitted method reads, as JSON takes it."""
    held = vars(method)
    return {each.lstrip("_"): _plain(held[each]) for each in STATES[name]}


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if hasattr(value, "_asdict"):
        return {name: _plain(each) for name, each in value._asdict().items()}
    return [_plain(each) for each in value] if isinstance(value, list) else value


def method_of(name: str, state: Any, classes: int) -> Calibrator:
    """The calibrator of a state.

    Raises:
        ValueError: it is none of this method's for so many classes; the message names the field.
    """
    if not isinstance(state, dict):
        raise ValueError("expected a mapping")
    method = METHODS[name]()
    for each, read in STATES[name].items():
        try:
            setattr(method, each, read(field(state, each.lstrip("_")), classes))
        except ValueError as error:
            raise ValueError(f"{each.lstrip('_')}: {error}") from None
    if isinstance(method, HistogramBinning):
        method.bins = method.values.shape[1]
    method.classes = classes
    return method


def field(mapping: dict[str, Any], name: str) -> Any:
    """A mapping's value, or a ValueError that names it."""
    if name not in mapping:
        raise ValueError(f"{name} is missing")
    return mapping[name]


def as_flag(value: Any, classes: int = 0) -> bool:
    """A truth value, or a ValueError."""
    if not isinstance(value, bool):
        raise ValueError(f"expected true or false, found {value!r}")
    return value


def _number(value: Any, classes: int) -> float:
    if type(value) not in (int, float) or not abs(value) <= MOST:
        raise ValueError(f"expected a finite number, found {str(value)[:40]}")
    return float(value)


def _positive(value: Any, classes: int) -> float:
    if not _number(value, classes) > 0:
        raise ValueError(f"expected a number above 0, found {value}")
    return float(value)


def _array(value: Any, shape: tuple[int, ...], rising: bool = False) -> np.ndarray:
    """Finite numbers of a shape; -1 in it stands for any length."""
    try:
        found = np.array(value, float)
    except (ValueError, TypeError, OverflowError):
        raise ValueError("expected numbers") from None
    if (
        0 in found.shape
        or found.ndim != len(shape)
        or any(want not in (-1, have) for want, have in zip(shape, found.shape, strict=True))
    ):
        raise ValueError(f"shape {found.shape}, expected {shape}".replace("-1", "any"))
    if not np.isfinite(found).all() or (rising and (np.diff(found) < 0).any()):
        raise ValueError("expected finite numbers" + (" that rise" if rising else ""))
    return found


def _columns(one: Callable[[dict[str, Any]], Any]) -> Read:
    """A list of one a class, of a single one for two classes."""

    def read(value: Any, classes: int) -> list[Any]:
        wanted = 1 if classes == 2 else classes
        if not isinstance(value, list) or len(value) != wanted or not all(isinstance(each, dict) for each in value):
            raise ValueError(f"expected a list of {wanted} mappings")
        return [one(each) for each in value]

    return read


def _steps(state: dict[str, Any]) -> Steps:
    at = _array(field(state, "at"), (-1,), rising=True)
    return Steps(at, _array(field(state, "value"), (len(at),), rising=True))


def _staircase(state: dict[str, Any]) -> Staircase:
    edges = field(state, "edges")
    edges = np.empty(0) if edges == [] else _array(edges, (-1,), rising=True)  # one step for all
    return Staircase(edges, _array(field(state, "value"), (len(edges) + 1,)))


def _frame(value: Any, classes: int) -> Frame:
    if not isinstance(value, dict):
        raise ValueError("expected a mapping")
    gone = field(value, "gone")
    if not isinstance(gone, list) or len(gone) != classes or not all(isinstance(each, bool) for each in gone):
        raise ValueError(f"gone: expected a list of {classes} truth values")
    reach, centre = _positive(field(value, "reach"), classes), _array(field(value, "centre"), (classes,))
    return Frame(reach, np.array(gone), centre)


def _affine(full: bool) -> dict[str, Read]:
    return {
        "weights": lambda value, k: _array(value, (k, k) if full else (k,)),
        "bias": lambda value, k: _array(value, (k,)),
        "converged": as_flag,
        "_beta": _positive,
        "_near": _number,
        "_temperature_alone": as_flag,
        "_frame": _frame,
    }


STATES: dict[str, dict[str, Read]] = {  # of each method, what `transform` reads, and how it is read back
    "histogram": {"values": lambda value, k: _array(value, (k, -1))},
    "isotonic": {"columns": _columns(_steps)},
    "BBQ": {"columns": _columns(_staircase)},
    "Platt": {
        "columns": _columns(lambda each: Sigmoid(*(_number(field(each, name), 0) for name in ("slope", "intercept"))))
    },
    "temperature": {"temperature": _positive, "attained": as_flag},
    "vector": _affine(full=False),
    "matrix": _affine(full=True),
}

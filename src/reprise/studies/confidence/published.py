"""Guo, Pleiss, Sun and Weinberger, "On calibration of modern neural networks" (ICML 2017): the CIFAR rows."""

from __future__ import annotations

from pathlib import Path

from reprise.published import read_published

METHODS = ("uncalibrated", "histogram", "isotonic", "BBQ", "temperature", "vector", "matrix")
PUBLISHED = read_published(Path(__file__).with_name("published.csv"))
ECE = PUBLISHED.rows("ECE")  # "CIFAR-10, ResNet-110" -> method -> %, 15 bins
ERRORS = PUBLISHED.values("test error")  # %
BINNED_ERRORS = PUBLISHED.values("test error, histogram binning")  # %


def published(method: str, data: str = "CIFAR-10") -> str:
    """The uncalibrated errors, and a method's beside them, for a finding."""
    shown = dict.fromkeys(("uncalibrated", method))
    rows = [[row[each] for each in shown] for name, row in ECE.items() if name.startswith(f"{data}, ")]
    numbers = ", ".join(" → ".join(f"{error:g}" for error in errors) for errors in rows)
    return f"{data}, five networks, ECE in %: {numbers} (Guo et al., Table 1)"

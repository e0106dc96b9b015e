"""Guo, Pleiss, Sun and Weinberger, "On calibration of modern neural networks" (ICML 2017): the CIFAR rows."""

from __future__ import annotations

from typing import NamedTuple

METHODS = ("uncalibrated", "histogram", "isotonic", "BBQ", "temperature", "vector", "matrix")


class Row(NamedTuple):
    """One network of the paper: ECE in % by METHODS with 15 bins (Table 1) and test error in % (Table S2)."""

    data: str
    network: str
    ece: tuple[float, ...]
    error: float


ROWS = (
    Row("CIFAR-10", "ResNet-110", (4.6, 0.58, 0.81, 0.54, 0.83, 0.88, 1.0), 6.21),
    Row("CIFAR-10", "ResNet-110, stochastic depth", (4.12, 0.67, 1.11, 0.9, 0.6, 0.64, 0.72), 5.64),
    Row("CIFAR-10", "Wide ResNet-32", (4.52, 0.72, 1.08, 0.74, 0.54, 0.6, 0.72), 6.96),
    Row("CIFAR-10", "DenseNet-40", (3.28, 0.44, 0.61, 0.81, 0.33, 0.41, 0.41), 5.91),
    Row("CIFAR-10", "LeNet-5", (3.02, 1.56, 1.85, 1.59, 0.93, 1.15, 1.16), 15.57),
    Row("CIFAR-100", "ResNet-110", (16.53, 2.66, 4.99, 5.46, 1.26, 1.32, 25.49), 27.83),
    Row("CIFAR-100", "ResNet-110, stochastic depth", (12.67, 2.46, 4.16, 3.58, 0.96, 0.9, 20.09), 24.91),
    Row("CIFAR-100", "Wide ResNet-32", (15.0, 3.01, 5.85, 5.77, 2.32, 2.57, 24.44), 28.0),
    Row("CIFAR-100", "DenseNet-40", (10.37, 2.68, 4.51, 3.59, 1.18, 1.09, 21.87), 26.45),
    Row("CIFAR-100", "LeNet-5", (4.85, 6.48, 2.35, 3.77, 2.02, 2.09, 13.24), 44.92),
)


def published(method: str, data: str = "CIFAR-10") -> str:
    """The uncalibrated errors, and a method's beside them, for a finding."""
    place = METHODS.index(method)
    rows = [row.ece[: place + 1 : place or 1] for row in ROWS if row.data == data]
    numbers = ", ".join(" → ".join(f"{error:g}" for error in errors) for errors in rows)
    return f"{data}, five networks, ECE in %: {numbers} (Guo et al., Table 1)"

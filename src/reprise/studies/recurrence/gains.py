"""Claims 136 and 137: products of Jacobians over many steps vanish or explode."""

from __future__ import annotations

from typing import Any

import numpy as np

from reprise.claims.declarations import Declarations
from reprise.claims.evidence import Finding, Metric, above, below, primary
from reprise.statistics import SHARE, Effect, mean_effect
from reprise.studies.recurrence.lesson.cells import RNN, initial_weights
from reprise.studies.recurrence.lesson.jacobians import ACTIVATIONS, growth_rate, jacobian_gains, recurrent_matrix
from reprise.studies.recurrence.networks import INPUTS
from reprise.studies.recurrence.settings import Gains

TENFOLD = 10.0  # what claims 136 and 137 take for vanished or exploded
BOUNDED = ("sigmoid", "tanh")  # whose slopes are below 1
Measured = dict[tuple[str, float], np.ndarray]  # (activation, radius) -> (steps, networks)


def measure(config: Gains) -> Measured:
    """Gain of ds_t/ds_0 in random networks that random inputs drive."""
    result = {}
    for activation in ACTIVATIONS:
        for radius in config.radii:
            rng = np.random.default_rng(136)  # the same matrices, up to scale, and the same inputs everywhere
            U = recurrent_matrix(rng, config.networks, config.hidden, radius)
            weights = initial_weights(rng, RNN, INPUTS, config.hidden, config.networks)
            inputs = rng.normal(size=(config.steps, config.networks, INPUTS))
            drive = np.einsum("mhd,tmd->tmh", weights.W, inputs) + weights.b
            result[activation, radius] = jacobian_gains(U, drive, activation)
    return result


def turned(gains: Measured, radii: list[float]) -> tuple[np.ndarray, np.ndarray]:
    """(networks,) shares of the source's activations and all radii at which the gain has changed more than tenfold.

    Up or down; and up alone.
    """
    last = np.array([gains[activation, radius][-1] for activation in ("sigmoid", "tanh", "ReLU") for radius in radii])
    up, down = last > TENFOLD, last < 1 / TENFOLD
    return (up | down).mean(axis=0), up.mean(axis=0)


def shrunk(gains: Measured, radii: list[float]) -> np.ndarray:
    """(networks,) shares of sigmoid and tanh and all radii at which the gain is less than a tenth at the last step."""
    return np.mean([gains[name, radius][-1] < 1 / TENFOLD for name in BOUNDED for radius in radii], axis=0)


def findings(declared: Declarations, gains: Measured, config: Gains) -> list[Finding]:
    """How often the gradient shrinks, grows or is left as it was, and growth per step by activation and radius."""
    shown = ("recurrence_gains",)
    largest = max(config.radii)
    changed, grown = turned(gains, config.radii)

    def rate(activation: str, radius: float, together: int = 1) -> Effect:
        return mean_effect(growth_rate(gains[activation, radius]), unit="per step", together=together)

    def beside(claim: int, activation: str, radius: float, *, together: int = 1, **more: Any) -> Finding:
        words = f"Growth of log ‖∂s_t/∂s_0‖ per step, {activation}, spectral radius {radius:g}"
        return Finding(claim, words, rate(activation, radius, together), figures=shown, **more)

    vanishes = {"kind": "secondary", "together": 2 * len(BOUNDED), "expect": below(0.0)}
    large = "The size of the weights decides with the slopes, which are the sentence's only reason."
    return [
        primary(declared[136], mean_effect(shrunk(gains, config.radii), "share of cases", SHARE), figures=shown),
        *(beside(136, name, largest, note=large, **vanishes) for name in BOUNDED),
        *(beside(136, name, 1.0, **vanishes) for name in BOUNDED),
        beside(136, "ReLU", 1.0, note="ReLU is no exception: units that are off pass nothing back."),
        primary(declared[137], mean_effect(changed, "share of cases", SHARE), figures=shown),
        Finding(
            137,
            "Share of the same in which it has grown more than tenfold",
            mean_effect(grown, "share of cases", SHARE, together=2),
            above(0.0),
            kind="secondary",
            figures=shown,
        ),
        beside(137, "ReLU", 2.0, together=2, expect=above(0.0), kind="secondary"),
        beside(137, "linear", 2.0, note="Without saturation the radius decides alone: log 2 = 0.693 a step."),
        beside(137, "tanh", 2.0, note="Where units saturate, a radius above 1 is not sufficient."),
        beside(137, "sigmoid", 2.0, note="A sigmoid's slope is at most 1/4."),
    ]


def metric(gains: Measured) -> Metric:
    """The rate of tanh networks at radius 1, over the random networks."""
    return Metric.over_seeds(growth_rate(gains["tanh", 1.0]), "equal")

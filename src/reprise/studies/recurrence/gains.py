"""Claims 136 and 137: products of Jacobians over many steps vanish or explode."""

from __future__ import annotations

from typing import Any

import numpy as np

from reprise.claims.evidence import Finding, Metric, above, below
from reprise.statistics import mean_effect
from reprise.studies.recurrence.lesson.cells import RNN, initial_weights
from reprise.studies.recurrence.lesson.jacobians import ACTIVATIONS, growth_rate, jacobian_gains, recurrent_matrix
from reprise.studies.recurrence.networks import INPUTS
from reprise.studies.recurrence.settings import Gains

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


def findings(gains: Measured, config: Gains) -> list[Finding]:
    """Growth per step at the radii at which the claims are judged, and where more than the radius decides."""

    def rate(claim: int, activation: str, radius: float, **more: Any) -> Finding:
        return Finding(
            claim,
            f"Growth of log ‖∂s_t/∂s_0‖ per step, {activation}, spectral radius {radius:g}",
            mean_effect(growth_rate(gains[activation, radius]), unit="per step"),
            figures=("recurrence_gains",),
            **more,
        )

    def context(claim: int, activation: str, radius: float, note: str) -> Finding:
        return rate(claim, activation, radius, kind="context", note=note)

    vanishing = "S3: the derivatives are less than 1, therefore the term tends to converge to 0"
    return [
        rate(136, "tanh", 1.0, expect=below(0.0), published=vanishing),
        rate(136, "sigmoid", 1.0, expect=below(0.0), published=vanishing),
        context(136, "tanh", max(config.radii), "Slopes below 1 are not enough: large weights outweigh them."),
        context(136, "ReLU", 1.0, "ReLU is no exception: units that are off pass nothing back."),
        rate(
            137,
            "linear",
            2.0,
            expect=above(0.0),
            published="S3: the gradient tends to vanish or to explode",
            note="Without saturation the radius decides alone: the rate tends to its logarithm, log 2 = 0.693.",
        ),
        rate(137, "ReLU", 2.0, expect=above(0.0)),
        context(137, "tanh", 2.0, "Where units saturate, a radius above 1 is not sufficient."),
        context(137, "sigmoid", 2.0, "A sigmoid's slope is at most 1/4."),
    ]


def metric(gains: Measured) -> Metric:
    """The rate of tanh networks at radius 1, over the random networks."""
    return Metric.over_seeds(growth_rate(gains["tanh", 1.0]), "equal")

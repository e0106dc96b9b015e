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
HALF = 0.5  # "tends to": more often than not
BOUNDED = ("sigmoid", "tanh")  # whose slopes are below 1
Measured = dict[tuple[str, float], np.ndarray]  # (activation, radius) -> (steps, networks)


def measure(config: Gains) -> Measured:
    """Gain of ds_t/ds_0 in random networks that random inputs drive."""
    return {
        (activation, radius): _gains(config, activation, radius, config.hidden)
        for activation in ACTIVATIONS
        for radius in config.radii
    }


def choices(config: Gains) -> dict[str, np.ndarray]:
    """What claim 136 is judged by, (networks,) shares, under other choices that its source leaves open as well."""
    other, above_1 = config.otherwise, above_one(config.radii)
    shares = {
        f"spectral radii {', '.join(f'{radius:g}' for radius in other.radii)}": (other.radii, config.hidden, 1.0),
        f"{other.hidden} hidden units": (above_1, other.hidden, 1.0),
        f"inputs {other.inputs:g} times as large": (above_1, config.hidden, other.inputs),
    }
    return {
        name: shrunk(np.array([_gains(config, "tanh", radius, hidden, scale)[-1] for radius in radii]))
        for name, (radii, hidden, scale) in shares.items()
    }


def _gains(config: Gains, activation: str, radius: float, hidden: int, scale: float = 1.0) -> np.ndarray:
    rng = np.random.default_rng(136)  # the same matrices, up to scale, and the same inputs everywhere
    U = recurrent_matrix(rng, config.networks, hidden, radius)
    weights = initial_weights(rng, RNN, INPUTS, hidden, config.networks)
    inputs = scale * rng.normal(size=(config.steps, config.networks, INPUTS))
    drive = np.einsum("mhd,tmd->tmh", weights.W, inputs) + weights.b
    return jacobian_gains(U, drive, activation)


def above_one(radii: list[float]) -> list[float]:
    """Spectral radii at which the slopes' and the weights' product is open."""
    return [radius for radius in radii if radius > 1]


def ended(gains: Measured, activations: tuple[str, ...], radii: list[float]) -> np.ndarray:
    """(cases, networks) gains at the last step, one case for each activation and radius."""
    return np.array([gains[activation, radius][-1] for activation in activations for radius in radii])


def shrunk(last: np.ndarray) -> np.ndarray:
    """(networks,) shares of the cases in which the gain is less than a tenth."""
    return (last < 1 / TENFOLD).mean(axis=0)


def grown(last: np.ndarray) -> np.ndarray:
    """(networks,) shares of the cases in which the gain is more than ten."""
    return (last > TENFOLD).mean(axis=0)


def findings(declared: Declarations, gains: Measured, otherwise: dict[str, np.ndarray], config: Gains) -> list[Finding]:
    """How often the gradient shrinks, grows or is left as it was, and growth per step by activation and radius."""
    shown = ("recurrence_gains",)
    largest, above_1 = max(config.radii), above_one(config.radii)
    tanh, both = ended(gains, ("tanh",), above_1), ended(gains, ("tanh", "ReLU"), above_1)
    bounded = ended(gains, BOUNDED, config.radii)
    every = ended(gains, (*BOUNDED, "ReLU"), config.radii)

    def rate(activation: str, radius: float, together: int = 1) -> Effect:
        return mean_effect(growth_rate(gains[activation, radius]), unit="per step", together=together)

    def beside(claim: int, activation: str, radius: float, *, together: int = 1, **more: Any) -> Finding:
        words = f"Growth of log ‖∂s_t/∂s_0‖ per step, {activation}, spectral radius {radius:g}"
        return Finding(claim, words, rate(activation, radius, together), figures=shown, **more)

    vanishes = {"kind": "secondary", "together": 2 * len(BOUNDED), "expect": below(0.0)}
    large = "The size of the weights decides with the slopes, which are the sentence's only reason."
    chosen = mean_effect(shrunk(tanh), "share of cases", SHARE)
    return [
        primary(declared[136], chosen, undecided=left_open(chosen.value, otherwise), note=large, figures=shown),
        *(
            Finding(136, f"The same, {name}", mean_effect(share, "share of cases", SHARE), figures=shown)
            for name, share in otherwise.items()
        ),
        Finding(
            136,
            "The same of sigmoid and tanh at all spectral radii, as many below 1 as above",
            mean_effect(shrunk(bounded), "share of cases", SHARE),
            note="Where slopes or weights are small gradients vanish, as the sentence has it.",
            figures=shown,
        ),
        *(beside(136, name, largest, **vanishes) for name in BOUNDED),
        *(beside(136, name, 1.0, **vanishes) for name in BOUNDED),
        beside(136, "ReLU", 1.0, note="ReLU is no exception: units that are off pass nothing back."),
        primary(declared[137], mean_effect(shrunk(both) + grown(both), "share of cases", SHARE), figures=shown),
        Finding(
            137,
            "The same of sigmoid, tanh and ReLU at all spectral radii, as many below 1 as above",
            mean_effect(shrunk(every) + grown(every), "share of cases", SHARE),
            figures=shown,
        ),
        Finding(
            137,
            "Share of the cases that decide in which it has grown more than tenfold",
            mean_effect(grown(both), "share of cases", SHARE),
            figures=shown,
        ),
        beside(137, "ReLU", 2.0, expect=above(0.0), kind="secondary"),
        beside(137, "linear", 2.0, note="Without saturation the radius decides alone: log 2 = 0.693 a step."),
        beside(137, "tanh", 2.0, note="Where units saturate, a radius above 1 is not sufficient."),
        beside(137, "sigmoid", 2.0, note="A sigmoid's slope is at most 1/4."),
    ]


def left_open(share: float, otherwise: dict[str, np.ndarray]) -> str:
    """Why claim 136 may not be judged: choices that its source leaves open lie on both sides of one half."""
    means = {name: values.mean() for name, values in otherwise.items()}
    across = {name: mean for name, mean in means.items() if (mean > HALF) != (share > HALF)}
    told = "; ".join(f"{mean:.2f} with {name}" for name, mean in across.items())
    return f"it hangs on what the source leaves open: {share:.2f} as declared, {told}" if across else ""


def metric(gains: Measured) -> Metric:
    """The rate of tanh networks at radius 1, over the random networks."""
    return Metric.over_seeds(growth_rate(gains["tanh", 1.0]), "equal")

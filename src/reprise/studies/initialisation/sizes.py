"""Claim 159: weights that are too big make activations explode, weights that are too small let gradients vanish."""

from __future__ import annotations

from reprise.claims.evidence import Finding, above, below
from reprise.statistics import mean_effect
from reprise.studies.initialisation.settings import Config
from reprise.studies.initialisation.signals import Signals, growth


def findings(config: Config, signals: Signals) -> list[Finding]:
    """Growth of activations and gradients through the depth, and what becomes of bounded units."""
    layers = f"{config.depth} layers of {config.width}"
    shown = ("initialisation-signals",)
    return [
        Finding(
            159,
            f"log10 growth of the activations' variance through {layers} ReLU units, weights N(0, 1)",
            mean_effect(growth(signals["ReLU", "N(0, 1)"]["variances"]), unit="log10"),
            above(3),
            note=f"Theory: a factor n/2 = {config.width / 2:g} a layer.",
            figures=shown,
        ),
        Finding(
            159,
            f"log10 of the gradient at the first over that at the last of {layers} ReLU units, weights N(0, 0.01²)",
            mean_effect(-growth(signals["ReLU", "N(0, 0.01²)"]["gradients"]), unit="log10"),
            below(-3),
            note="A gradient that is multiplied by less than one in every layer: the first layers do not learn.",
            figures=shown,
        ),
        Finding(
            159,
            f"The same for {layers} tanh units, weights N(0, 0.01²)",
            mean_effect(-growth(signals["tanh", "N(0, 0.01²)"]["gradients"]), unit="log10"),
            below(-3),
            figures=shown,
        ),
        Finding(
            159,
            "Share of tanh units beyond ±0.99 in the last layer, weights N(0, 1)",
            mean_effect(signals["tanh", "N(0, 1)"]["saturated"][:, -1]),
            kind="context",
            note="Bounded activations cannot explode: too large weights saturate them instead.",
        ),
    ]

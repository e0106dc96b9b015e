"""Claim 159: weights that are too big make activations explode, weights that are too small let gradients vanish."""

from __future__ import annotations

from reprise.claims.declarations import Declaration
from reprise.claims.evidence import Finding, above, primary
from reprise.statistics import Effect, mean_effect
from reprise.studies.initialisation.settings import Config
from reprise.studies.initialisation.signals import Signals, growth


def findings(declared: Declaration, config: Config, signals: Signals) -> list[Finding]:
    """Growth of activations and gradients through the depth, and what becomes of bounded units."""
    shown = ("initialisation-signals",)

    def smaller(activation: str, together: int) -> Effect:
        gradients = signals[activation, "N(0, 0.01²)"]["gradients"]
        return mean_effect(growth(gradients), unit="log10", together=together)

    return [
        primary(
            declared,
            mean_effect(growth(signals["ReLU", "N(0, 1)"]["variances"]), unit="log10", together=2),
            of="the activations' variance, last over first, weights N(0, 1)",
            note=f"Theory: a factor n/2 = {config.width / 2:g} a layer.",
            figures=shown,
        ),
        primary(
            declared,
            smaller("ReLU", 2),
            of="the gradient, last over first, weights N(0, 0.01²)",
            note="A gradient that is multiplied by less than one in every layer: the first layers do not learn.",
            figures=shown,
        ),
        Finding(
            159,
            "The same for the gradient with tanh units, weights N(0, 0.01²)",
            smaller("tanh", 1),
            above(3),
            kind="secondary",
            figures=shown,
        ),
        Finding(
            159,
            "Share of tanh units beyond ±0.99 in the last layer, weights N(0, 1)",
            mean_effect(signals["tanh", "N(0, 1)"]["saturated"][:, -1]),
            note="Bounded activations cannot explode: too large weights saturate them instead.",
        ),
    ]

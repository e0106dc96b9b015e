"""Claim 159: weights that are too big make activations explode, weights that are too small let gradients vanish."""

from __future__ import annotations

from reprise.claims.declarations import Declaration
from reprise.claims.evidence import Finding, primary
from reprise.statistics import SHARE, mean_effect
from reprise.studies.initialisation.settings import Config
from reprise.studies.initialisation.signals import Signals, growth, smaller


def findings(declared: Declaration, config: Config, signals: Signals) -> list[Finding]:
    """Growth of activations and gradients through the depth, and what becomes of bounded units."""
    shown = ("initialisation-signals",)

    def judged(part: str, activation: str, scheme: str, note: str) -> Finding:
        words = {"variances": "the activations' variance", "gradients": "the gradient"}[part]
        return primary(
            declared,
            mean_effect(growth(signals[activation, scheme][part]), unit="log10", together=4),
            of=f"{words}, last over first, {activation} units, weights {scheme}",
            note=note,
            figures=shown,
        )

    small = "The gradient by what a layer adds up, multiplied by less than one in every layer on its way back."
    return [
        judged("variances", "ReLU", "N(0, 1)", f"Theory: a factor n/2 = {config.width / 2:g} a layer."),
        judged("variances", "tanh", "N(0, 1)", "Bounded activations cannot explode: too large weights saturate them."),
        judged("gradients", "ReLU", "N(0, 0.01²)", small),
        judged("gradients", "tanh", "N(0, 0.01²)", small),
        *(
            Finding(
                159,
                f"log10 of the gradient by the weights, {which} layer, N(0, 0.01²) over He's, {activation} units",
                mean_effect(smaller(signals, activation, place), unit="log10"),
                note="By which weights learn: what comes in shrinks on the way forth as the gradient does on its way "
                "back, so that no layer learns.",
            )
            for activation in ("ReLU", "tanh")
            for which, place in (("first", 0), ("last", -1))
        ),
        Finding(
            159,
            "Share of tanh units beyond ±0.99 in the last layer, weights N(0, 1)",
            mean_effect(signals["tanh", "N(0, 1)"]["saturated"][:, -1], possible=SHARE),
        ),
    ]

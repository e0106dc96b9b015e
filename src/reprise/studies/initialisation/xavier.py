"""Claim 161: which first weights keep a signal's size, for linear, tanh and ReLU units."""

from __future__ import annotations

from functools import partial

from reprise.claims.declarations import Declaration
from reprise.claims.evidence import Finding, between, primary
from reprise.statistics import exact, mean_effect
from reprise.studies.initialisation import lesson
from reprise.studies.initialisation.identity import VARIANCE
from reprise.studies.initialisation.settings import Config
from reprise.studies.initialisation.signals import Signals, factor


def findings(declared: Declaration, config: Config, signals: Signals) -> list[Finding]:
    """The rule as published, its correction for ReLU, and the theory of infinitely wide layers."""
    return [*_rules(declared, config, signals), *_tanh(config, signals), _as_a_variance(config)]


def _rules(declared: Declaration, config: Config, signals: Signals) -> list[Finding]:
    moments = {key: found["moments"] for key, found in signals.items()}
    shown = partial(Finding, 161, figures=("initialisation-signals",))
    return [
        primary(
            declared,
            exact(VARIANCE),
            variant="text",
            note="Var(max(0, z)) = ½ - 1/2π for z ~ N(0, 1). The derivation drops g.",
        ),
        shown(
            "The variance of the first layer's ReLU units in random networks, minus that",
            mean_effect(signals["ReLU", "Xavier"]["variances"][:, 0] - VARIANCE),
            between(-0.02, 0.02),
            kind="oracle",
            oracle="networks with drawn weights",
            note=f"{config.seeds} networks",
        ),
        shown(
            "Factor on the second moment a layer, linear units, Xavier",
            mean_effect(factor(moments["linear", "Xavier"])),
            between(0.98, 1.02),
            kind="secondary",
            note=f"The derivation's own case. A width of {config.width} loses about 1/{config.width} a layer on the "
            "geometric mean.",
        ),
        shown(
            "Factor on the second moment a layer, ReLU units, Xavier",
            mean_effect(factor(moments["ReLU", "Xavier"])),
            between(0.95, 1.05),
            kind="slip",
            variant="text",
            published="'We can apply this rule on all weights' (S3)",
            defect=17,
            note=f"One half a layer: after {config.depth} layers 2^-{config.depth - 1} is left.",
        ),
        shown(
            "Factor on the second moment a layer, ReLU units, He: N(0, √(2/n))",
            mean_effect(factor(moments["ReLU", "He"])),
            between(0.95, 1.05),
            kind="oracle",
            variant="corrected",
            oracle="E[max(0, z)²] = E[z²]/2 for symmetric z, so n Var(W) = 2 keeps it (He et al. 2015)",
            defect=17,
        ),
    ]


def _tanh(config: Config, signals: Signals) -> list[Finding]:
    last = signals["tanh", "Xavier"]["moments"][:, -1]
    expected = lesson.expected_moments("tanh", 1.0, config.depth)[-1]
    return [
        Finding(
            161,
            f"Second moment in layer {config.depth}, tanh units, Xavier",
            mean_effect(last),
            note=f"Not 1 either: tanh shrinks what it squashes. Infinitely wide layers would have {expected:.4f}.",
            figures=("initialisation-signals",),
        ),
        Finding(
            161,
            f"The same over its infinite-width value, layer {config.depth}",
            mean_effect(last / expected),
            between(0.9, 1.1),
            kind="oracle",
            oracle="mean-field recursion by Gauss-Hermite quadrature",
            note=f"Corrections are of the order depth/width = {config.depth / config.width:.2f}.",
        ),
    ]


def _as_a_variance(config: Config) -> Finding:
    return Finding(
        161,
        "Factor a layer, linear units, if 1/√n is read as the variance (as N(μ, σ²) usually is)",
        exact(config.width**0.5),
        variant="text",
        note="n · 1/√n = √n: it explodes. The deviation 1/√n is meant.",
    )

"""Claims 72, 73 and 75: arithmetic alone."""

from __future__ import annotations

import numpy as np

from reprise.claims.evidence import Expect, Finding, above, equals
from reprise.statistics import exact
from reprise.studies.unitnorm.lesson import unit_norm, unit_norm_gradient

ROUNDING = 1e-9  # sums of some hundred float64 numbers around 1


def exact_findings() -> list[Finding]:
    """Layers in a row, the aligned input, and scale: drawn at random, answered without training."""
    rng = np.random.default_rng(0)
    layers = [rng.standard_normal((12, 12)) / np.sqrt(12) for _ in range(5)]
    inputs = rng.standard_normal((12, 200))
    stack = inputs
    for layer in layers:
        stack = layer @ stack
    condensed = np.linalg.multi_dot(layers[::-1]) @ inputs
    rectified = inputs
    for layer in layers:
        rectified = np.maximum(layer @ rectified, 0)

    weight = rng.standard_normal(16)
    others = rng.standard_normal((2000, 16))
    others *= np.linalg.norm(weight) / np.linalg.norm(others, axis=1, keepdims=True)
    responses = others @ weight
    cosines = responses / weight.dot(weight)
    angles = np.degrees(np.arccos(np.clip(cosines, -1, 1)))
    order = np.argsort(angles)

    weights, upstream = rng.standard_normal((2, 64, 27))
    scaled = [np.abs(unit_norm(weights * factor) - unit_norm(weights)).max() for factor in (1e-3, 0.1, 10, 1e3)]
    gradient = unit_norm_gradient(weights, upstream)
    radial = np.abs((gradient * weights).sum(axis=1)).max()
    step = 1e-6
    direction = rng.standard_normal(weights.shape)
    numeric = ((unit_norm(weights + step * direction) - unit_norm(weights - step * direction)) * upstream).sum() / (
        2 * step
    )
    return [
        Finding(
            72,
            "Five linear layers and the one layer that is their product: largest difference of outputs",
            exact(np.abs(stack - condensed).max(), inputs.size),
            equals(0, ROUNDING),
            note=f"with a ReLU after each layer: {np.abs(rectified - condensed).max():.2f}",
        ),
        Finding(
            73,
            "Response to inputs as long as the weights: the aligned one minus the largest of 2,000 others",
            exact(weight @ weight - responses.max(), len(others)),
            above(0),
            figures=("cosine",),
        ),
        Finding(
            73,
            "Inputs in order of their angle to the weights: largest rise of the response from one to the next",
            exact(np.diff(responses[order]).max(), len(others)),
            Expect(high=ROUNDING, closed=True),
            figures=("cosine",),
        ),
        Finding(
            75,
            "Normalised weights times 0.001 to 1,000: largest change",
            exact(max(scaled), 4 * weights.size),
            equals(0, 1e-5),
            note="the source's ε of 1e-8 beside lengths of 0.005 leaves 2e-6 of them",
        ),
        Finding(75, "Largest |gradient · weight| of 64 filters", exact(radial, 64), equals(0, ROUNDING)),
        Finding(
            75,
            "The closed-form gradient along a random direction, minus finite differences",
            exact(numeric - (gradient * direction).sum(), 1),
            equals(0, 1e-5),
            kind="oracle",
            oracle="central differences of the source's formula",
        ),
    ]

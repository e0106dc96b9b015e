"""Claims 72, 73 and 75: theorems, on numbers drawn at random."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize

from reprise.claims.declarations import Declarations
from reprise.claims.evidence import Finding, above, equals, primary
from reprise.statistics import exact, proportion
from reprise.studies.unitnorm.lesson import Layers, best_layer, cosine, stack, unit_norm, unit_norm_gradient

ROUNDING = 1e-9  # sums of some hundred float64 numbers around 1
STARTS = 20  # of the optimiser
STEP = 1e-6  # of finite differences


def exact_findings(declared: Declarations) -> list[Finding]:
    """Layers in a row, the aligned input, and scale: on numbers drawn at random."""
    return [*_condensed(declared), *_aligned(declared), *_scaled(declared)]


def _condensed(declared: Declarations) -> list[Finding]:
    """Claim 72: a single layer is fitted to what five answer, and asked about inputs that it has not seen."""
    rng = np.random.default_rng(0)
    layers = [(rng.standard_normal((12, 12)) / np.sqrt(12), rng.standard_normal(12)) for _ in range(5)]
    seen, fresh = rng.standard_normal((2, 200, 12))
    left, matrix = _left(layers, seen, fresh, rectified=False)
    product = np.linalg.multi_dot([weights for weights, _ in reversed(layers)])
    written = np.linalg.multi_dot([weights for weights, _ in layers])
    return [
        primary(declared[72], exact(left, fresh.size)),
        Finding(
            72,
            "The same with a ReLU after each layer: a single layer does not do",
            exact(_left(layers, seen, fresh, rectified=True)[0], fresh.size),
            above(0.01),
            kind="secondary",
        ),
        Finding(
            72,
            "Weights of the fitted layer minus the product of the five layers' weights, largest difference",
            exact(np.abs(matrix - product).max(), product.size),
            equals(0, ROUNDING),
            kind="secondary",
            note=f"last weights on the left; the other way round: {np.abs(matrix - written).max():.2f}",
        ),
    ]


def _left(layers: Layers, seen: np.ndarray, fresh: np.ndarray, rectified: bool) -> tuple[float, np.ndarray]:
    """Share of the variance of answers to ``fresh`` that the layer fitted on ``seen`` leaves, and its weights."""
    weights, bias = best_layer(seen, stack(layers, seen, rectified))
    wanted = stack(layers, fresh, rectified)
    error = (fresh @ weights.T + bias - wanted) ** 2
    return float(error.mean() / wanted.var(axis=0).mean()), weights


def _aligned(declared: Declarations) -> list[Finding]:
    """Claim 73: the best input is searched for, by one who does not know where it lies."""
    rng = np.random.default_rng(1)
    weights = rng.standard_normal(16)
    found = [best_input(weights, start) for start in rng.standard_normal((STARTS, 16))]
    apart = [np.linalg.norm(x / np.linalg.norm(x) - weights / np.linalg.norm(weights)) for x in found]
    degrees = np.degrees(2 * np.arcsin(np.max(apart) / 2))
    one, other = rng.standard_normal((2, 2000, 2))
    polar = np.arctan2(*one.T[::-1]) - np.arctan2(*other.T[::-1])
    crowds = rng.standard_normal((2000, 20, 16))
    answers = crowds @ weights
    nearest = (answers / np.linalg.norm(crowds, axis=2)).argmax(axis=1)
    return [
        primary(
            declared[73],
            exact(round(degrees, 3), STARTS, "degrees"),  # what is beyond differs between processors
            figures=("cosine",),
        ),
        Finding(
            73,
            "W.X / (|W||X|) of 2,000 pairs in the plane, minus the cosine of the difference of their polar angles",
            exact(np.abs(cosine(one, other) - np.cos(polar)).max(), len(one)),
            equals(0, ROUNDING),
            kind="oracle",
            oracle="polar angles by the arc tangent",
            figures=("cosine",),
        ),
        Finding(
            73,
            "Of 20 inputs of unequal length the best aligned has the largest response, share of 2,000 draws",
            proportion(int((nearest == answers.argmax(axis=1)).sum()), len(crowds), "share"),
            note="the source says so itself: outputs differ when vectors align and differ in magnitude",
        ),
    ]


def best_input(weights: np.ndarray, start: np.ndarray, norm: float = 2) -> np.ndarray:
    """The input of length one with the largest response that an optimiser finds, which knows neither slope nor weights.

    Args:
        weights: (n,).
        start: (n,) where it sets out.
        norm: in which the length is measured.
    """
    length = {"type": "eq", "fun": lambda inputs: np.sum(np.abs(inputs) ** norm) - 1}
    return minimize(lambda inputs: -(weights @ inputs), start, method="SLSQP", constraints=length, tol=1e-12).x


def _scaled(declared: Declarations) -> list[Finding]:
    """Claim 75: outputs and their slopes, by differences of the source's own formula."""
    rng = np.random.default_rng(2)
    weights, upstream, direction = rng.standard_normal((3, 64, 27))
    inputs = rng.standard_normal((27, 100))
    plain = unit_norm(weights) @ inputs
    changes = [np.abs(unit_norm(weights * factor) @ inputs - plain).max() for factor in (1e-3, 0.1, 10, 1e3)]

    def slopes(towards: np.ndarray) -> np.ndarray:
        ahead, behind = (unit_norm(weights + sign * STEP * towards) for sign in (1, -1))
        return ((ahead - behind) * upstream).sum(axis=1) / (2 * STEP)

    outward = weights / np.linalg.norm(weights, axis=1, keepdims=True)
    along = (unit_norm_gradient(weights, upstream) * direction).sum(axis=1)
    return [
        primary(declared[75], exact(max(changes) / np.abs(plain).max(), 4 * plain.size)),
        Finding(
            75,
            "Largest slope of 64 neurons' loss along their own weights, by finite differences",
            exact(np.abs(slopes(outward)).max().round(7), 64),
            equals(0, 1e-5),
            kind="secondary",
            note=f"along random directions of this length up to {np.abs(slopes(direction / 27**0.5)).max():.2f}",
        ),
        Finding(
            75,
            "The closed-form gradient along random directions, minus finite differences, largest of 64",
            exact(np.abs(slopes(direction) - along).max().round(7), 64),
            equals(0, 1e-5),
            kind="oracle",
            oracle="central differences of the source's formula",
        ),
    ]

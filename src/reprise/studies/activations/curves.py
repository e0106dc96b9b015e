"""Claims 175, 176, 178, 180 and 183: identities of activations and their derivatives."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F

from reprise.claims.declarations import Declarations
from reprise.claims.evidence import Finding, equals, primary
from reprise.statistics import exact
from reprise.studies.activations import lesson

X = np.concatenate([np.linspace(-20, 20, 8001), [0.0]])
SAID_MOST = 0.235  # what the source has as the largest slope of the sigmoid
LAYERS, WIDTH = 5, 30
XOR = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=float), np.array([0, 1, 1, 0])
SCALE = 1e6


def slopes(function: Callable[[torch.Tensor], torch.Tensor]) -> np.ndarray:
    """The derivative at ``X`` by automatic differentiation."""
    x = torch.tensor(X, requires_grad=True)
    function(x).sum().backward()
    return x.grad.numpy()


def linear_layers() -> float:
    """Largest relative difference of five linear layers from one."""
    rng = np.random.default_rng(175)
    weights = [rng.normal(size=(WIDTH, WIDTH)) / WIDTH**0.5 for _ in range(LAYERS)]
    biases = [rng.normal(size=WIDTH) for _ in range(LAYERS)]
    x = rng.normal(size=(200, WIDTH))
    out, weight, bias = x, np.eye(WIDTH), np.zeros(WIDTH)
    for w, b in zip(weights, biases, strict=True):
        out = out @ w.T + b
        weight, bias = w @ weight, w @ bias + b
    one = x @ weight.T + bias
    return float(np.abs(out - one).max() / np.abs(one).max())


def best_on_xor() -> float:
    """The best share of XOR's four cases that a linear function can have right, over a grid of directions and cuts."""
    x, y = XOR
    angles = np.linspace(0, 2 * np.pi, 721)
    scores = x @ np.stack([np.cos(angles), np.sin(angles)])  # (4, angles)
    cuts = np.linspace(-2, 2, 401)
    right = (scores[:, :, None] > cuts) == y[:, None, None]
    return float(right.mean(axis=0).max())


def largest(scale: float, activation: Callable[[np.ndarray], np.ndarray]) -> float:
    """Largest activation after eight random layers without biases."""
    rng = np.random.default_rng(180)
    x = rng.normal(size=(50, WIDTH)) * scale
    for _ in range(8):
        x = activation(x @ (rng.normal(size=(WIDTH, WIDTH)) * (2 / WIDTH) ** 0.5))
    return float(x.max())


def findings(declared: Declarations) -> list[Finding]:
    """All five."""
    sigmoid = float(np.abs(lesson.sigmoid_slope(X) - slopes(torch.sigmoid)).max())
    x = torch.tensor(X)
    relu = max(
        float(np.abs(lesson.relu(X) - F.relu(x).numpy()).max()),
        float(np.abs(lesson.relu_slope(X) - slopes(F.relu)).max()),
    )
    plain = lambda x: torch.log1p(torch.exp(-x.abs())) + x.clamp(min=0)  # noqa: E731  softplus without a threshold
    softplus = float(np.abs(lesson.sigmoid(X) - slopes(plain))[X != 0].max())
    most = lesson.sigmoid_slope(np.zeros(1)).item()
    grown = largest(SCALE, lesson.relu) / largest(1.0, lesson.relu)
    return [
        primary(declared[175], exact(linear_layers(), 200)),
        Finding(
            175,
            "Best share of XOR's four cases that any linear function has right",
            exact(best_on_xor(), 4),
            equals(0.75),
            kind="oracle",
            oracle="Minsky and Papert (1969): XOR cannot be separated by a line",
        ),
        primary(declared[176], exact(sigmoid, len(X))),
        Finding(
            176,
            "Largest slope of the sigmoid minus the 0.235 that the source writes",
            exact(most - SAID_MOST),
            equals(0, 0.0005),
            kind="slip",
            published="max 0.235 @ x=0 (S4)",
            defect=20,
            note="At x = 0 it is 1/2 · 1/2 = 0.25.",
        ),
        primary(declared[178], exact(relu, len(X))),
        primary(declared[180], exact(grown)),
        Finding(
            180,
            "The same for eight layers of sigmoid units",
            exact(largest(SCALE, lesson.sigmoid) / largest(1.0, lesson.sigmoid)),
            note="A sigmoid ends at 1, whatever it is given.",
        ),
        primary(declared[183], exact(softplus, len(X))),
        Finding(
            183,
            "Largest difference of softplus from the rectifier, minus ln 2",
            exact(float(np.abs(lesson.softplus(X) - lesson.relu(X)).max()) - math.log(2)),
            equals(0, 1e-12),
            kind="oracle",
            oracle="at 0, where they are furthest apart, softplus is ln 2",
        ),
    ]

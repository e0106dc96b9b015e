"""Claim 177: what a deep network's activation does to the gradient on its way back; saturation and zero-centred."""

from __future__ import annotations

import numpy as np
import torch

from reprise.claims.declarations import Declaration
from reprise.claims.evidence import Finding, above, primary
from reprise.statistics import exact, mean_effect
from reprise.studies.activations import lesson

LAYERS, WIDTH, BATCH = 8, 64, 32
# the usual first weights: Glorot's variance 2 / (in + out) for the sigmoid, He's 2 / in for the rectifier
KINDS = {"sigmoid": (torch.sigmoid, (1 / WIDTH) ** 0.5), "rectifier": (torch.relu, (2 / WIDTH) ** 0.5)}


def norms(networks: int) -> dict[str, np.ndarray]:
    """(networks, layers) norm of the loss's gradient by each layer's weights, first layer first."""
    return {kind: np.stack([_norms(seed, kind) for seed in range(networks)]) for kind in KINDS}


def _norms(seed: int, kind: str) -> np.ndarray:
    rng = np.random.default_rng([177, seed])
    activation, scale = KINDS[kind]
    weights = [torch.tensor(rng.standard_normal((WIDTH, WIDTH)) * scale, requires_grad=True) for _ in range(LAYERS)]
    x, target = (torch.tensor(rng.standard_normal((BATCH, WIDTH))) for _ in range(2))
    for weight in weights:
        x = activation(x @ weight.T)
    ((x - target) ** 2).mean().backward()
    return np.array([float(weight.grad.norm()) for weight in weights])


def findings(declared: Declaration, found: dict[str, np.ndarray]) -> list[Finding]:
    """Vanishing decides; the other drawbacks beside it."""
    shrunk = {kind: np.log10(rows[:, 0] / rows[:, -1]) for kind, rows in found.items()}
    networks = len(shrunk["sigmoid"])
    inputs = np.random.default_rng(177).normal(size=10_000)
    return [
        primary(
            declared,
            mean_effect(shrunk["sigmoid"] - shrunk["rectifier"], "log10"),
            note=f"Over {LAYERS} layers the sigmoid's shrinks to 10^{shrunk['sigmoid'].mean():.1f}, the rectifier's "
            f"changes to 10^{shrunk['rectifier'].mean():.1f}; {networks} networks each.",
            figures=("activations-depth",),
        ),
        Finding(
            177,
            "Slope of the sigmoid at 0 over that at 10",
            exact(float(lesson.sigmoid_slope(np.zeros(1))[0] / lesson.sigmoid_slope(np.full(1, 10.0))[0])),
            above(1000),
            kind="secondary",
            note="Far large input values: the output saturates and kills the gradient.",
        ),
        Finding(
            177,
            "Mean output of a sigmoid for inputs around 0",
            mean_effect(lesson.sigmoid(inputs)),
            note="Not zero-centred: it is one half.",
        ),
    ]

"""The oracle: networks of a sweep against torch.optim, one at a time."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from reprise.claims.evidence import Finding, between
from reprise.models.digitnet import DigitNet
from reprise.statistics import exact
from reprise.sweep import Network
from reprise.sweep.masks import keys
from reprise.sweep.rules import RULES
from reprise.sweep.stacked import train_stacked
from reprise.sweep.work import Work

STEPS, BATCH, CLASSES, SIDE = 20, 8, 10, 10
RATES = (0.001, 0.01)
NEAR = 1e-4  # float32 rounds at 6e-8, and Adam's first steps divide by a gradient near 0


def build() -> nn.Module:
    return DigitNet(CLASSES, SIDE, width=2, hidden=8, dropout=0.5)


def furthest(optimizer: str, dropout: float) -> float:
    """Largest difference of a parameter after twenty steps, over the largest parameter, two rates side by side."""
    rng = np.random.default_rng(23)
    images = torch.from_numpy(rng.random((64, 1, SIDE, SIDE), np.float32))
    labels = torch.from_numpy(rng.integers(CLASSES, size=64))
    work = Work(build, (images, labels), None, BATCH, STEPS, (STEPS,))
    networks = [Network(optimizer, rate, seed=seed, dropout=dropout) for seed, rate in enumerate(RATES)]
    _, stack = train_stacked(work, networks)
    apart = 0.0
    for place, network in enumerate(networks):
        model = _alone(work, network)
        for name, value in model.named_parameters():
            gap = (stack.parameters[name][place] - value.detach()).abs().max()
            apart = max(apart, float(gap / value.detach().abs().max()))
    return apart


def _alone(work: Work, network: Network) -> nn.Module:
    """The plain loop that anyone writes, with the sweep's order of examples and its dropout masks."""
    model, drops = work.start(network)
    update = RULES[network.optimizer].optimizer(model.parameters(), lr=network.learning_rate)
    noted, (images, labels) = keys(network.seed, 0, STEPS), work.train
    for step in range(STEPS):
        index = torch.from_numpy(work.order(network.seed, step // work.per_epoch)[step % work.per_epoch])
        for drop in drops:
            drop.key.fill_(int(noted[step]))
        update.zero_grad()
        F.cross_entropy(model(images[index]), labels[index]).backward()
        update.step()
    return model


def findings() -> list[Finding]:
    """All four optimizers, with dropout and without."""
    worst = max(furthest(optimizer, dropout) for optimizer in RULES for dropout in (0.0, 0.5))
    return [
        Finding(
            23,
            "Largest difference of a parameter of networks trained side by side from the same network trained alone, "
            f"over the layer's largest, after {STEPS} steps: four optimizers, two rates, with dropout and without",
            exact(worst, 2 * len(RULES) * len(RATES)),
            between(0, NEAR),
            kind="oracle",
            oracle="torch.optim",
        )
    ]

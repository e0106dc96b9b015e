"""Claims 184-187 and 190: what batch norm computes."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import torch

from reprise.claims.declarations import Declaration, Declarations
from reprise.claims.evidence import Finding, between, equals, primary
from reprise.statistics import exact
from reprise.studies.normed import lesson

SHAPE = (8, 14, 14, 128)  # the source's feature maps
STEPS = 50  # of moving averages, and of draws of weights
SIZES = (0.1, 1.0, 10.0)  # of weights that are drawn anew


def maps(seed: int) -> np.ndarray:
    """Feature maps whose channels differ in mean and spread."""
    rng = np.random.default_rng([185, seed])
    return rng.normal(size=SHAPE) * rng.uniform(0.5, 3, SHAPE[-1]) + rng.normal(size=SHAPE[-1])


def _library() -> torch.nn.BatchNorm2d:
    layer = torch.nn.BatchNorm2d(SHAPE[-1], eps=lesson.SMALL, momentum=1 - lesson.MOMENTUM).double()
    with torch.no_grad():
        layer.weight.copy_(torch.linspace(0.5, 2, SHAPE[-1]))
        layer.bias.copy_(torch.linspace(-1, 1, SHAPE[-1]))
    return layer


def _through(layer: torch.nn.Module, x: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        return layer(torch.from_numpy(x).permute(0, 3, 1, 2)).permute(0, 2, 3, 1).numpy()


def findings(declared: Declarations) -> list[Finding]:
    """All five, against PyTorch as well."""
    x, ones, zeros = maps(0), np.ones(SHAPE[-1]), np.zeros(SHAPE[-1])
    mean, variance = lesson.statistics(lesson.train(x, ones, zeros))
    layer = _library()
    gamma, beta = layer.weight.detach().numpy(), layer.bias.detach().numpy()
    averages = [zeros, ones]
    for step in range(STEPS):
        batch = maps(step)
        trained = np.abs(_through(layer, batch) - lesson.train(batch, gamma, beta)).max()
        found_mean, found_variance = lesson.statistics(batch)
        count = batch.size // SHAPE[-1]
        # PyTorch keeps the variance of n - 1, Keras and the source that of n
        averages = [
            lesson.moved(averages[0], found_mean),
            lesson.moved(averages[1], found_variance * count / (count - 1)),
        ]
    kept = max(
        float(np.abs(layer.running_mean.numpy() - averages[0]).max()),
        float(np.abs(layer.running_var.numpy() - averages[1]).max()),
    )
    layer.eval()
    asked = lesson.infer(x, gamma, beta, *averages)
    factor, summand = lesson.affine(gamma, beta, *averages)
    original_mean, original_variance = lesson.statistics(x)
    again = lesson.train(x, np.sqrt(original_variance), original_mean, small=0.0)
    apart = np.abs(lesson.infer(x[:1], gamma, beta, *averages) - asked[:1]).max()
    by_sample = np.stack([lesson.train(each[None], ones, zeros)[0] for each in x])
    vectors = {
        "γ": layer.weight,
        "β": layer.bias,
        "the moving mean": layer.running_mean,
        "the moving variance": layer.running_var,
    }
    return [
        *_shift(declared[184]),
        primary(declared[185], exact(max(float(np.abs(mean).max()), float(np.abs(variance - 1).max())), SHAPE[-1])),
        _oracle(185, "Largest difference from PyTorch's batch norm in training", float(trained)),
        Finding(
            185,
            "Largest difference when mean and variance of each sample are taken, as the source has it",
            exact(float(np.abs(by_sample - lesson.train(x, ones, zeros)).max()), len(x)),
            between(0, 1e-4),
            kind="slip",
            published="mean and variance of the each sample of mini-batch is calculated (S4)",
            defect=20,
            note="They are the whole mini-batch's, per channel.",
        ),
        primary(declared[186], exact(float((np.abs(again - x) / np.sqrt(original_variance)).max()), x.size)),
        primary(declared[187], exact(float(np.abs(asked - (factor * x + summand)).max()), x.size)),
        _oracle(187, "Largest difference of the moving averages from PyTorch's, momentum 0.99 (there 0.01)", kept),
        _oracle(
            187,
            "Largest difference from PyTorch's batch norm at inference",
            float(np.abs(_through(layer, x) - asked).max()),
        ),
        Finding(
            187,
            "Largest difference of an image's result alone from its result in a batch",
            exact(float(apart)),
            equals(0, 1e-12),
            kind="secondary",
        ),
        *(primary(declared[190], exact(values.numel()), of=name) for name, values in vectors.items()),
        Finding(
            190,
            "Values that are trained, of all four vectors",
            exact(sum(each.numel() for each in layer.parameters())),
            equals(256),
            kind="oracle",
            oracle="256 that are trained and 256 that are not, as Keras counts them",
        ),
    ]


def _shift(declared: Declaration) -> list[Finding]:
    """How a layer's inputs change when the weights before it do, normalised and as they are."""
    rng = np.random.default_rng(184)
    x = rng.random((256, 64))  # positive inputs, whose sums have means of all sizes
    sums = [x @ (size * rng.standard_normal((64, 64))) for size in SIZES for _ in range(STEPS)]
    ones, zeros = np.ones(64), np.zeros(64)

    def change(inputs: list[np.ndarray]) -> float:
        told = [lesson.statistics(each) for each in inputs]
        pairs = [(abs(m2 - m1) / v1**0.5, abs((v2 / v1) ** 0.5 - 1)) for (m1, v1), (m2, v2) in pairwise(told)]
        return float(np.max(pairs))

    normed = [lesson.train(each, ones, zeros) for each in sums]
    layer = torch.nn.BatchNorm1d(64, eps=lesson.SMALL).double()
    with torch.no_grad():
        gap = max(
            float(np.abs(layer(torch.from_numpy(a)).numpy() - b).max()) for a, b in zip(sums, normed, strict=True)
        )
    return [
        primary(declared, exact(change(normed), len(sums)), note="γ is 1 and β is 0, which training may change."),
        Finding(184, "The same of inputs that are not normalised", exact(change(sums), len(sums))),
        _oracle(184, "Largest difference of the normalised inputs from PyTorch's", gap),
    ]


def _oracle(claim: int, measures: str, value: float) -> Finding:
    return Finding(claim, measures, exact(value), between(0, 1e-10), kind="oracle", oracle="torch.nn.BatchNorm2d")

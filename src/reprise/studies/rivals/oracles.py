"""What claim 100 is checked against: convolutions in place of dense layers, by loops. Nothing is trained."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.signal import correlate2d
from scipy.special import expit

from reprise.claims.evidence import Finding, between, equals
from reprise.runs import Run
from reprise.statistics import exact
from reprise.studies.rivals.settings import CLASSES, JUDGE, SHAPES

CODES, LATENT, WIDTH, SIDE = 2, 5, 3, 8
ROUNDING = 1e-5  # of batch norm, as PyTorch has it
Weights = Mapping[str, np.ndarray]


def oracles(runs: Mapping[str, Run]) -> list[Finding]:
    """The convolutional pair by loops, and the parameters of every pair, counted by hand."""
    gaps = pair_gaps()
    pairs = [run for name, run in runs.items() if name != JUDGE]
    wrong = [run.name for run in pairs if run.record["parameters"] != by_hand(run.settings)]
    return [
        Finding(
            100,
            "What a convolutional generator draws and its critic says, largest difference from loops over pixels",
            exact(max(gaps), len(gaps)),
            between(0, 1e-10),
            kind="oracle",
            oracle="each pixel adds its filter to the larger picture, two pixels apart; scipy.signal.correlate2d at "
            "every second row and column",
        ),
        Finding(
            100,
            "Pairs whose number of parameters is not the sum over their layers",
            exact(len(wrong), len(pairs), "pairs"),
            equals(0),
            kind="oracle",
            oracle="filters x (16 x maps + 1), units x (inputs + 1), two for each map that is normed",
            note=", ".join(wrong),
        ),
    ]


def pair_gaps() -> list[float]:
    """Of every pixel that is drawn, and of every answer to it."""
    import torch

    from reprise.models.gan import Gan

    rng = np.random.default_rng(100)
    model = Gan("conv", LATENT, WIDTH, CLASSES, SIDE, 1).double().eval()
    with torch.no_grad():
        for name, array in model.state_dict().items():
            if array.dtype == torch.float64:
                low = 0.5 if name.endswith("running_var") else -0.5
                array.copy_(torch.from_numpy(rng.uniform(low, low + 1, tuple(array.shape))))
        codes, labels = rng.normal(size=(CODES, LATENT)), np.arange(CODES)
        images = model.draw(torch.from_numpy(codes), torch.from_numpy(labels))
        logits = model.judge(images, torch.from_numpy(labels)).tolist()
    weights = {name: array.numpy() for name, array in model.state_dict().items()}
    told = np.eye(CLASSES)[labels]
    wanted = [drawn(weights, np.append(code, more)) for code, more in zip(codes, told, strict=True)]
    answers = [said(weights, image, more) for image, more in zip(wanted, told, strict=True)]
    apart = np.abs(images[:, 0].numpy() - wanted).ravel().tolist()
    return apart + [abs(one - other) for one, other in zip(logits, answers, strict=True)]


def drawn(weights: Weights, code: np.ndarray) -> np.ndarray:
    """(side, side) of one code."""
    start = 2 * WIDTH
    x = weights["generator.project.weight"] @ code + weights["generator.project.bias"]
    x = np.maximum(normed(weights, "generator.norm1", x.reshape(start, SIDE // 4, SIDE // 4)), 0)
    x = np.maximum(normed(weights, "generator.norm2", enlarged(weights, "generator.up1", x)), 0)
    return 2 * expit(2 * enlarged(weights, "generator.up2", x)[0]) - 1  # the hyperbolic tangent


def enlarged(weights: Weights, name: str, x: np.ndarray) -> np.ndarray:
    """(maps, h, w) -> (filters, 2 h, 2 w): every pixel adds its filters, and a border of one is cut off."""
    filters = weights[f"{name}.weight"]
    out = np.zeros((filters.shape[1], 2 * x.shape[1] + 2, 2 * x.shape[2] + 2))
    for m, i, j in np.ndindex(x.shape):
        out[:, 2 * i : 2 * i + 4, 2 * j : 2 * j + 4] += x[m, i, j] * filters[m]
    return out[:, 1:-1, 1:-1] + weights[f"{name}.bias"][:, None, None]


def said(weights: Weights, image: np.ndarray, more: np.ndarray) -> float:
    """The critic's answer to one picture; further inputs are maps of one value each."""
    x = np.stack([image, *(np.full(image.shape, each) for each in more)])
    x = leaky(halved(weights, "critic.down1", x))
    x = leaky(normed(weights, "critic.norm", halved(weights, "critic.down2", x)))
    return float(weights["critic.output.weight"][0] @ x.ravel() + weights["critic.output.bias"][0])


def halved(weights: Weights, name: str, x: np.ndarray) -> np.ndarray:
    """(maps, h, w) -> (filters, h / 2, w / 2)."""
    around = np.pad(x, ((0, 0), (1, 1), (1, 1)))
    whole = [
        sum(correlate2d(of, each, mode="valid") for of, each in zip(around, filters, strict=True)) + bias
        for filters, bias in zip(weights[f"{name}.weight"], weights[f"{name}.bias"], strict=True)
    ]
    return np.array(whole)[:, ::2, ::2]


def leaky(x: np.ndarray) -> np.ndarray:
    """A fifth of what is below 0."""
    return np.where(x > 0, x, 0.2 * x)


def normed(weights: Weights, name: str, x: np.ndarray) -> np.ndarray:
    """Each map by the running mean and variance."""
    mean, variance, scale, shift = (
        weights[f"{name}.{each}"][:, None, None] for each in ("running_mean", "running_var", "weight", "bias")
    )
    return (x - mean) / np.sqrt(variance + ROUNDING) * scale + shift


def by_hand(settings: Mapping[str, Any]) -> int:
    """Parameters of both networks of a pair."""
    width, more = settings["width"], CLASSES if settings["labelled"] else 0
    code, pixels = settings["latent"] + more, SHAPES["image"][0] ** 2
    if settings["network"] == "dense":
        sizes = (code, width, 2 * width, pixels), (pixels + more, 2 * width, width, 1)
        return sum(units * (inputs + 1) for each in sizes for inputs, units in pairwise(each))
    corner = pixels // 16  # of the maps that are halved twice
    generator = 2 * width * corner * (code + 1) + 2 * (2 * width + width)
    generator += width * (16 * 2 * width + 1) + (16 * width + 1)
    critic = width * (16 * (1 + more) + 1) + 2 * width * (16 * width + 1) + 2 * 2 * width + 2 * width * corner + 1
    return generator + critic

"""What claim 46 is checked against: the loss that asks a code for both, and what it pulls at, by loops."""

from __future__ import annotations

import math
from collections.abc import Sequence
from types import SimpleNamespace

import numpy as np

from reprise.claims.evidence import Finding, between
from reprise.statistics import exact

IMAGES, SIDE, CODE, CLASSES = 6, 8, 3, 10
PLACES = 6  # decimals that are kept: networks compute in single precision, and differ beyond between processors
BAND = 1e-5


def oracle(weights: Sequence[float]) -> Finding:
    """The largest difference of the loss, and of its slopes at both ends of the network, from sums over images.

    Args:
        weights: of the labels' loss beside the reconstruction's, as networks were trained with.
    """
    gaps = [gap for weight in (0.0, *weights) for gap in differences(weight)]
    return Finding(
        46,
        "Loss of a code that has to tell classes too, and its slopes in the layer that tells them and in the decoder's "
        "last, largest difference from sums over images",
        exact(round(max(gaps), PLACES), len(gaps)),
        between(0, BAND),
        kind="oracle",
        oracle="loops over images, pixels and classes: the mean squared error plus the weight times the cross-entropy, "
        "and without labels the error alone",
        note="labels weighed " + ", ".join(f"{weight:g}" for weight in (0.0, *weights)),
    )


def differences(weight: float) -> list[float]:
    """Of the task's loss and its slopes, each from the definition, on random digits and a random network."""
    import torch

    from reprise.models.autoencoder import AutoEncoder
    from reprise.tasks.reconstruct import Reconstruct

    rng = np.random.default_rng(46)
    images = rng.integers(0, 256, (IMAGES, SIDE, SIDE, 1)).astype(np.uint8)
    labels = rng.integers(0, CLASSES, IMAGES)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(46)
        model = AutoEncoder(CODE, size=SIDE, width=2, classes=CLASSES)
    task = Reconstruct(model, SimpleNamespace(label_weight=weight))
    loss = task.loss({"image": torch.from_numpy(images), "label": torch.from_numpy(labels)})
    loss.backward()
    with torch.no_grad():
        code, decoded = model(torch.from_numpy(images).permute(0, 3, 1, 2) / 255)
        logits = model.labels(code).tolist()
    squares = slope = 0.0
    for image, back in zip(images.reshape(IMAGES, -1).tolist(), decoded.flatten(1).tolist(), strict=True):
        for pixel, other in zip(image, back, strict=True):
            squares += (other - pixel / 255) ** 2 / images.size
            slope += 2 * (other - pixel / 255) / images.size
    entropy, pulls = 0.0, [[0.0] * CODE for _ in range(CLASSES)]
    for row, label, numbers in zip(logits, labels.tolist(), code.tolist(), strict=True):
        whole = sum(math.exp(each) for each in row)
        entropy -= math.log(math.exp(row[label]) / whole) / IMAGES
        for name, each in enumerate(row):
            for place, number in enumerate(numbers):
                pulls[name][place] += weight * (math.exp(each) / whole - (name == label)) * number / IMAGES
    told = model.labels.weight.grad
    found = [0.0] * (CLASSES * CODE) if told is None else told.flatten().tolist()
    return [
        abs(loss.item() - (squares + weight * entropy)),
        abs(model.decoder.conv2.bias.grad.item() - slope),
        *(abs(one - other) for one, other in zip(found, (each for row in pulls for each in row), strict=True)),
    ]

"""Claims 114 and 120, as context: the general pattern of a convolutional network on scikit-learn's small digits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view
from sklearn.datasets import load_digits
from sklearn.metrics import accuracy_score
from torch import nn
from torch.nn.functional import cross_entropy

from reprise.claims.evidence import Finding, equals
from reprise.models.zoo.cost import parameter_count
from reprise.statistics import exact, paired_effect
from reprise.studies.architectures.settings import Pattern

# filters x (9 x channels + 1), and outputs x (inputs + 1)
BY_HAND = 16 * (9 * 1 + 1) + 32 * (9 * 16 + 1) + 32 * (9 * 32 + 1) + 10 * (32 * 4 * 4 + 1)


@dataclass(frozen=True)
class Trained:
    """(seeds, test images) 1 where a network was right.

    Attributes:
        network: of the general pattern.
        linear: one dense softmax layer, for comparison.
        parameters: of the general pattern's network.
        told_apart: answers that are not those of the oracles, and how many were compared.
    """

    network: np.ndarray
    linear: np.ndarray
    parameters: int
    told_apart: tuple[int, int] = (0, 0)


def network() -> nn.Module:
    """conv-relu-conv-relu-pool-conv-relu-dense for (n, 1, 8, 8); the softmax is in the loss."""
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 32, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(32 * 4 * 4, 10),
    )  # fmt: skip


def linear() -> nn.Module:
    """One dense layer."""
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 10))


def train(config: Pattern) -> Trained:
    """Trains both from every seed on the same images."""
    digits = load_digits()
    order = np.random.default_rng(114).permutation(len(digits.target))
    images = torch.tensor(digits.images[order] / 16, dtype=torch.float32)[:, None]
    labels = torch.tensor(digits.target[order])
    held = config.test_images
    right: dict[str, list[np.ndarray]] = {"network": [], "linear": []}
    answers = []
    for seed in range(config.seeds):
        for name, build in (("network", network), ("linear", linear)):
            torch.manual_seed(seed)
            model = build()
            fit(model, images[held:], labels[held:], config)
            with torch.no_grad():
                right[name].append((model(images[:held]).argmax(1) == labels[:held]).numpy())
            if name == "network":
                answers.append(tags(model, images[:held].numpy().astype(float)))
    scores = {name: np.array(rows, dtype=float) for name, rows in right.items()}
    apart = sum(
        abs(round(accuracy_score(labels[:held], named) * held) - int(hits.sum()))
        + int(((named == labels[:held].numpy()) != hits).sum())
        for named, hits in zip(answers, scores["network"], strict=True)
    )
    return Trained(**scores, parameters=parameter_count(network()), told_apart=(apart, scores["network"].size))


def tags(model: nn.Module, images: np.ndarray) -> np.ndarray:
    """(n, 1, 8, 8) -> (n,) what the network of the general pattern calls them, by NumPy in double precision."""
    one, two, three, last = (
        [each.detach().numpy().astype(float) for each in layer.parameters()]
        for layer in model
        if isinstance(layer, nn.Conv2d | nn.Linear)
    )
    x = convolved(convolved(images, *one), *two)
    x = x.reshape(*x.shape[:2], x.shape[2] // 2, 2, x.shape[3] // 2, 2).max(axis=(3, 5))
    return (convolved(x, *three).reshape(len(x), -1) @ last[0].T + last[1]).argmax(axis=1)


def convolved(x: np.ndarray, filters: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Each place's patch times each filter, zeros around the picture, and nothing below 0."""
    patches = sliding_window_view(np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1))), (3, 3), axis=(2, 3))
    return np.maximum(np.einsum("nchwij,fcij->nfhw", patches, filters, optimize=True) + bias[:, None, None], 0)


def fit(model: nn.Module, images: torch.Tensor, labels: torch.Tensor, config: Pattern) -> None:
    """Adam on the softmax cross-entropy."""
    optimizer = torch.optim.Adam(model.parameters(), lr=config.learning_rate)
    for _ in range(config.epochs):
        for batch in torch.randperm(len(labels)).split(config.batch_size):
            optimizer.zero_grad()
            cross_entropy(model(images[batch]), labels[batch]).backward()
            optimizer.step()


def findings(trained: Trained) -> list[Finding]:
    """Accuracy, alone and against the dense layer: context, for the claims are about other images."""
    on_digits = "scikit-learn's 8×8 digits, not MNIST: the claim's 98.5 % is about MNIST: the study saliency."
    accuracy = paired_effect(100 * trained.network, unit="%", possible=(0, 100))
    return [
        Finding(
            114,
            "Parameters of the small network of the general pattern",
            exact(trained.parameters),
            equals(BY_HAND),
            kind="oracle",
            oracle="summed by hand over its four layers",
        ),
        Finding(114, "Accuracy of the general pattern on small digits", accuracy, note=on_digits),
        Finding(
            114,
            "Accuracy of the general pattern minus that of one dense softmax layer, small digits",
            paired_effect(100 * (trained.network - trained.linear), unit="%", possible=(-100, 100)),
            note=on_digits,
        ),
        Finding(
            120,
            "Accuracy of tagging small digits with the same network",
            accuracy,
            note="Tagging is classification: the same measurement. CIFAR-10 is not tested here.",
        ),
        Finding(
            120,
            "Small digits of which it is counted otherwise whether they are tagged rightly, all networks",
            exact(trained.told_apart[0], trained.told_apart[1], "images"),
            equals(0),
            kind="oracle",
            oracle="the network's layers by NumPy in double precision, scikit-learn's accuracy of their tags",
        ),
    ]

"""Claims 114 and 120, as context: the general pattern of a convolutional network on scikit-learn's small digits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from sklearn.datasets import load_digits
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
    """

    network: np.ndarray
    linear: np.ndarray
    parameters: int


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
    for seed in range(config.seeds):
        for name, build in (("network", network), ("linear", linear)):
            torch.manual_seed(seed)
            model = build()
            fit(model, images[held:], labels[held:], config)
            with torch.no_grad():
                right[name].append((model(images[:held]).argmax(1) == labels[:held]).numpy())
    scores = {name: np.array(rows, dtype=float) for name, rows in right.items()}
    return Trained(**scores, parameters=parameter_count(network()))


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
    ]

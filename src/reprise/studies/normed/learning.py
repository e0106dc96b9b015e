"""Networks of two hidden layers that learn handwritten digits, normalised or not."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn

from reprise.data.handwritten import Handwritten
from reprise.models.first import usual
from reprise.studies.normed import lesson
from reprise.studies.normed.settings import Learning
from reprise.sweep import Network
from reprise.sweep.splits import CLASSES, Parts, accuracies, by_rate, parted
from reprise.sweep.stacked import Stack, train_stacked

ACTIVATIONS = {"rectifier": nn.ReLU, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh}
PLACES = ("none", "before", "after")
VARIES = 1e-3  # standard deviation from which on a unit counts: others are silent for every image


def build(activation: str, place: str, hidden: int, pixels: int) -> Callable[[], nn.Module]:
    """What makes a network with batch norm ``before`` or ``after`` each activation, or ``none``, and usual weights."""

    def made() -> nn.Module:
        layers: list[nn.Module] = []
        for inputs in (pixels, hidden):
            norm = [] if place == "none" else [nn.BatchNorm1d(hidden, eps=lesson.SMALL, momentum=1 - lesson.MOMENTUM)]
            bend = ACTIVATIONS[activation]()
            layers += [nn.Linear(inputs, hidden), *([bend, *norm] if place == "after" else [*norm, bend])]
        return usual(nn.Sequential(*layers, nn.Linear(hidden, CLASSES)), activation)

    return made


def parts_of(config: Learning, images: Handwritten, noise: float = 0.0) -> Parts:
    """A split a seed, a share of the training labels drawn anew."""
    return parted(images, config.seeds, config.examples, config.tested, noise)


def learned(config: Learning, images: Handwritten, activation: str, place: str) -> dict[str, np.ndarray]:
    """Every rate and seed of one kind of network: columns, one row a network."""
    network = build(activation, place, config.hidden, images.inputs.shape[1])
    return by_rate(network, parts_of(config, images), config.rates, config.batch, config.steps)


def watched(config: Learning, images: Handwritten, place: str) -> dict[str, np.ndarray]:
    """How much the distribution of the second layer's inputs changes, a row a seed.

    Returns:
        ``drift`` of what the layer is given in training, where the images themselves normalise; ``drift_moving`` of
        what it would be given at inference, where moving averages do. The same without batch norm.
    """
    parts = parts_of(config, images)
    points = tuple(round(config.steps * (i + 1) / config.readings) for i in range(config.readings))
    work = parts.work(
        build("rectifier", place, config.hidden, images.inputs.shape[1]), config.batch, config.steps, points
    )
    x = torch.from_numpy(images.inputs[parts.train])
    seen: dict[bool, list[tuple[Tensor, Tensor]]] = {False: [], True: []}

    def told(step: int, stack: Stack) -> None:
        for moving, found in seen.items():
            inner = inputs_of_second(stack, x, place, moving)
            found.append((inner.mean(dim=1), inner.std(dim=1)))

    train_stacked(work, [Network("sgd", config.rate, seed) for seed in range(config.seeds)], told)
    drift, moved = (_drift(seen[moving]) for moving in (False, True))
    return {"seed": np.arange(config.seeds), "drift": drift, "drift_moving": moved}


def _drift(seen: list[tuple[Tensor, Tensor]]) -> np.ndarray:
    """(networks,) mean change of the units' means from reading to reading, in their standard deviations."""
    changes = []
    for (mean, spread), (later, _) in pairwise(seen):
        counted = spread > VARIES
        change = torch.where(counted, (later - mean).abs() / spread.clamp(min=VARIES), 0.0)
        changes.append(change.sum(dim=1) / counted.sum(dim=1).clamp(min=1))
    return torch.stack(changes).mean(dim=0).numpy()


def first_layer(stack: Stack, x: Tensor) -> Tensor:
    """(networks, n, hidden) what the first linear layer gives for each network's own (networks, n, pixels)."""
    return torch.einsum("kni,khi->knh", x, stack.parameters["0.weight"]) + stack.parameters["0.bias"][:, None]


def inputs_of_second(stack: Stack, x: Tensor, place: str, moving: bool = False) -> Tensor:
    """(networks, n, hidden) what the second linear layer is given.

    Args:
        stack: the networks.
        x: (networks, n, pixels).
        place: of batch norm.
        moving: normalised by the networks' moving averages, as at inference; else by all of ``x``, as in training.
    """
    inner = first_layer(stack, x)
    if place == "none":
        return inner.relu()
    inner = inner.relu() if place == "after" else inner
    name = "1" if place == "before" else "2"
    gamma, beta = (stack.parameters[f"{name}.{kind}"][:, None] for kind in ("weight", "bias"))
    if moving:
        mean, variance = (stack.buffers[f"{name}.running_{kind}"][:, None] for kind in ("mean", "var"))
    else:
        mean, variance = inner.mean(dim=1, keepdim=True), inner.var(dim=1, keepdim=True, correction=0)
    normed = gamma * (inner - mean) / (variance + lesson.SMALL).sqrt() + beta
    return normed.relu() if place == "before" else normed


def overfitted(config: Learning, images: Handwritten, place: str) -> dict[str, np.ndarray]:
    """Training and test accuracy where labels are wrong, a row a seed; how far γ and β end from deviation and mean."""
    parts = parts_of(config, images, config.noise)
    network = build("rectifier", place, config.hidden, images.inputs.shape[1])
    work = parts.work(network, config.batch, config.overfit)
    _, stack = train_stacked(work, [Network("sgd", config.rate, seed) for seed in range(config.seeds)])
    found = {
        "seed": np.arange(config.seeds),
        "train_accuracy": accuracies(stack, parts, "train"),
        "test_accuracy": accuracies(stack, parts, "test"),
    }
    if place == "before":
        inner = first_layer(stack, torch.from_numpy(images.inputs[parts.train]))
        spread, mean = inner.std(dim=1), inner.mean(dim=1)
        gamma, beta = stack.parameters["1.weight"], stack.parameters["1.bias"]
        found["gamma_off"] = (gamma / spread - 1).abs().median(dim=1).values.numpy()
        found["beta_off"] = ((beta - mean).abs() / spread).median(dim=1).values.numpy()
    return found

"""Networks of two hidden layers that learn handwritten digits, normalised or not."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn

from reprise.data.handwritten import Handwritten
from reprise.studies.normed import lesson
from reprise.studies.normed.settings import Learning
from reprise.sweep import Network, grid, sweep
from reprise.sweep.stacked import Stack, train_stacked
from reprise.sweep.work import Examples, Work

CLASSES = 10
ACTIVATIONS = {"rectifier": nn.ReLU, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh}
PLACES = ("none", "before", "after")
VARIES = 1e-3  # standard deviation from which on a unit counts: others are silent for every image


def build(activation: str, place: str, hidden: int, pixels: int) -> Callable[[], nn.Module]:
    """What makes a network with batch norm ``before`` or ``after`` each activation, or ``none``."""

    def made() -> nn.Module:
        layers: list[nn.Module] = []
        for inputs in (pixels, hidden):
            norm = [] if place == "none" else [nn.BatchNorm1d(hidden, eps=lesson.SMALL, momentum=1 - lesson.MOMENTUM)]
            bend = ACTIVATIONS[activation]()
            layers += [nn.Linear(inputs, hidden), *([bend, *norm] if place == "after" else [*norm, bend])]
        return nn.Sequential(*layers, nn.Linear(hidden, CLASSES))

    return made


def digits(config: Learning, images: Handwritten, noise: float = 0.0) -> tuple[Examples, Examples]:
    """Training and test images, (n, pixels) in [0, 1], with their labels, a share of the training ones drawn anew.

    Raises:
        ValueError: there are not so many images.
    """
    tested, count = config.tested, config.tested + config.examples
    if count > len(images.labels):
        raise ValueError(f"learning: {count} images are asked for, {len(images.labels)} are there; lower `examples`")
    rng = np.random.default_rng(162)
    order = rng.permutation(len(images.labels))[:count]
    x, y = torch.from_numpy(images.inputs[order]), torch.from_numpy(images.labels[order])
    anew = torch.from_numpy(rng.random(len(y)) < noise)
    taught = torch.where(anew, torch.from_numpy(rng.integers(CLASSES, size=len(y))), y)
    return (x[tested:], taught[tested:]), (x[:tested], y[:tested])


def learned(config: Learning, images: Handwritten, activation: str, place: str) -> dict[str, np.ndarray]:
    """Every rate and seed of one kind of network: columns, one row a network."""
    train, test = digits(config, images)
    table = sweep(
        build(activation, place, config.hidden, train[0].shape[1]),
        train,
        grid(["sgd"], config.rates, range(config.seeds)),
        test=test,
        batch_size=config.batch,
        steps=config.steps,
        readings=10,
        engine="stacked",
        device="cpu",
    )
    last = table["step"] == config.steps
    names = ("learning_rate", "seed", "loss", "test_accuracy", "diverged")
    return {name: table[name][last] for name in names}


def watched(config: Learning, images: Handwritten, place: str) -> dict[str, np.ndarray]:
    """How much the distribution of the second layer's inputs changes, a row a seed."""
    train, _ = digits(config, images)
    points = tuple(round(config.steps * (i + 1) / config.readings) for i in range(config.readings))
    build_one = build("rectifier", place, config.hidden, train[0].shape[1])
    work = Work(build_one, train, None, config.batch, config.steps, points)
    seen: list[tuple[Tensor, Tensor]] = []

    def told(step: int, stack: Stack) -> None:
        inner = inputs_of_second(stack, train[0], place)
        seen.append((inner.mean(dim=1), inner.std(dim=1)))

    networks = [Network("sgd", config.rate, seed) for seed in range(config.seeds)]
    train_stacked(work, networks, told)
    changes = []
    for (mean, spread), (later, _) in pairwise(seen):
        counted = spread > VARIES
        change = torch.where(counted, (later - mean).abs() / spread.clamp(min=VARIES), 0.0)
        changes.append(change.sum(dim=1) / counted.sum(dim=1).clamp(min=1))
    return {"seed": np.arange(config.seeds), "drift": torch.stack(changes).mean(dim=0).numpy()}


def first_layer(stack: Stack, x: Tensor) -> Tensor:
    """(networks, n, hidden) what the first linear layer gives."""
    weight, bias = stack.parameters["0.weight"], stack.parameters["0.bias"]
    return torch.einsum("ni,khi->knh", x, weight) + bias[:, None]


def inputs_of_second(stack: Stack, x: Tensor, place: str) -> Tensor:
    """(networks, n, hidden) what the second linear layer is given, normalised by all of ``x``."""
    inner = first_layer(stack, x)
    if place == "none":
        return inner.relu()
    inner = inner.relu() if place == "after" else inner
    name = "1" if place == "before" else "2"
    gamma, beta = (stack.parameters[f"{name}.{kind}"][:, None] for kind in ("weight", "bias"))
    mean, variance = inner.mean(dim=1, keepdim=True), inner.var(dim=1, keepdim=True, correction=0)
    normed = gamma * (inner - mean) / (variance + lesson.SMALL).sqrt() + beta
    return normed.relu() if place == "before" else normed


def overfitted(config: Learning, images: Handwritten, place: str) -> dict[str, np.ndarray]:
    """Training and test accuracy where labels are wrong, a row a seed; how far γ and β end from deviation and mean."""
    train, test = digits(config, images, config.noise)
    build_one = build("rectifier", place, config.hidden, train[0].shape[1])
    work = Work(build_one, train, None, config.batch, config.overfit, (config.overfit,))
    networks = [Network("sgd", config.rate, seed) for seed in range(config.seeds)]
    _, stack = train_stacked(work, networks)
    found = {
        "seed": np.arange(config.seeds),
        "train_accuracy": stack.examined(train)[1].numpy(),
        "test_accuracy": stack.examined(test)[1].numpy(),
    }
    if place == "before":
        inner = first_layer(stack, train[0])
        spread, mean = inner.std(dim=1), inner.mean(dim=1)
        gamma, beta = stack.parameters["1.weight"], stack.parameters["1.bias"]
        found["gamma_off"] = (gamma / spread - 1).abs().median(dim=1).values.numpy()
        found["beta_off"] = ((beta - mean).abs() / spread).median(dim=1).values.numpy()
    return found

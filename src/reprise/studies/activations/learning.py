"""Networks of two hidden layers that learn handwritten digits, with one activation or another."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from reprise.data.handwritten import Handwritten
from reprise.layers import Maxout
from reprise.models.first import usual
from reprise.studies.activations.rectifiers import AT_ZERO
from reprise.studies.activations.settings import Learning
from reprise.sweep import Network
from reprise.sweep.splits import CLASSES, Parts, accuracies, by_rate, parted
from reprise.sweep.stacked import train_stacked

LEAK = 0.01  # the source's
BURIED = -1.0  # bias with which every unit begins that is to be dead; pixels lie in [0, 1]
RATE = 0.003  # of Adam, for those
RATE_AT_ZERO = 0.3  # where the derivative at 0 alone differs
FUNCTIONS: dict[str, Callable[[], nn.Module]] = {
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
    "rectifier": nn.ReLU,
    "leaky": lambda: nn.LeakyReLU(LEAK),
    "parametric": nn.PReLU,
    "exponential": nn.ELU,
    "softplus": nn.Softplus,
    "maxout": nn.Identity,
}


class Of(nn.Module):
    """An activation that is a function."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        """Any shape -> the same."""
        return self.function(x)


def build(name: str, hidden: int, pixels: int, bias: float | None = None) -> Callable[[], nn.Module]:
    """What makes a network: two hidden layers with an activation of FUNCTIONS or AT_ZERO, and usual first weights.

    Args:
        name: of the activation.
        hidden: units of each layer.
        pixels: inputs.
        bias: with which the hidden units begin, beside torch's own weights; None leaves it at 0.
    """

    def made() -> nn.Module:
        layers: list[nn.Module] = []
        for inputs in (pixels, hidden):
            layer = Maxout(inputs, hidden, 2) if name == "maxout" else nn.Linear(inputs, hidden)
            if bias is not None:
                nn.init.constant_(layer.bias, bias)
            layers += [layer, Of(AT_ZERO[name]) if name in AT_ZERO else FUNCTIONS[name]()]
        network = nn.Sequential(*layers, nn.Linear(hidden, CLASSES))
        return usual(network, name) if bias is None else network

    return made


def parts_of(config: Learning, images: Handwritten) -> Parts:
    """A split a seed."""
    return parted(images, config.seeds, config.examples, config.tested)


def learned(config: Learning, images: Handwritten, name: str) -> dict[str, np.ndarray]:
    """Every rate and seed with one activation: columns, one row a network; with those of AT_ZERO one rate alone."""
    network = build(name, config.hidden, images.inputs.shape[1])
    rates = [RATE_AT_ZERO] if name in AT_ZERO else config.rates
    found = by_rate(network, parts_of(config, images), rates, config.batch, config.steps)
    return {"activation": np.full(len(found["seed"]), name)} | found


def buried(config: Learning, images: Handwritten, name: str, bias: float | None) -> dict[str, np.ndarray]:
    """What becomes of networks whose hidden units begin with a bias: columns, a row a seed.

    Returns:
        ``dead``: share of hidden units of the first layer that are negative for every training image at the end;
        ``test_accuracy`` by then.
    """
    parts = parts_of(config, images)
    work = parts.work(build(name, config.hidden, images.inputs.shape[1], bias), config.batch, config.revived)
    _, stack = train_stacked(work, [Network("adam", RATE, seed) for seed in range(config.seeds)])
    weight, first = stack.parameters["0.weight"], stack.parameters["0.bias"]
    inputs = torch.einsum("kni,khi->knh", torch.from_numpy(images.inputs[parts.train]), weight) + first[:, None]
    return {
        "activation": np.full(config.seeds, name),
        "seed": np.arange(config.seeds),
        "dead": (inputs <= 0).all(dim=1).float().mean(dim=1).numpy(),
        "test_accuracy": accuracies(stack, parts, "test"),
    }


def descended(config: Learning, images: Handwritten, name: str) -> dict[str, np.ndarray]:
    """Networks that begin buried, by plain gradient descent at every rate and seed: columns, a row a network.

    Adam divides each gradient by its size and so undoes the factor that a leak puts on it; plain descent does not.
    """
    network = build(name, config.hidden, images.inputs.shape[1], BURIED)
    found = by_rate(network, parts_of(config, images), config.rates, config.batch, config.revived)
    return {"activation": np.full(len(found["seed"]), name)} | found


def silent(config: Learning, images: Handwritten, name: str, seed: int) -> float:
    """Share of a new network's activations that are zero, both hidden layers together, for its training images."""
    torch.manual_seed(seed)
    model, zeros = build(name, config.hidden, images.inputs.shape[1])(), []
    x = torch.from_numpy(images.inputs[parts_of(config, images).train[seed]])
    with torch.no_grad():
        for linear, activation in ((model[0], model[1]), (model[2], model[3])):
            x = activation(linear(x))
            zeros.append((x == 0).float().mean())
    return float(torch.stack(zeros).mean())

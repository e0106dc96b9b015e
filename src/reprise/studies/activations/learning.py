"""Networks of two hidden layers that learn scikit-learn's handwritten digits, with one activation or another."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import Tensor, nn

from reprise.layers import Maxout
from reprise.studies.activations.settings import Learning
from reprise.sweep import Network, grid, sweep
from reprise.sweep.stacked import train_stacked
from reprise.sweep.work import Work

TESTED, PIXELS, CLASSES = 500, 64, 10
LEAK = 0.01  # the source's
BURIED = -1.0  # bias with which every unit begins that is to be dead; pixels lie in [0, 1]
RATE = 0.003  # of Adam, for those
AT_ZERO = {"0": F.relu, "0.5": lambda x: (x + x.abs()) / 2, "1": lambda x: torch.where(x >= 0, x, 0.0)}
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


def build(name: str, hidden: int, bias: float | None = None) -> Callable[[], nn.Module]:
    """What makes a network: two hidden layers with an activation of FUNCTIONS or AT_ZERO.

    Args:
        name: of the activation.
        hidden: units of each layer.
        bias: with which the hidden units begin; None leaves torch's.
    """

    def made() -> nn.Module:
        layers: list[nn.Module] = []
        for inputs in (PIXELS, hidden):
            layer = Maxout(inputs, hidden, 2) if name == "maxout" else nn.Linear(inputs, hidden)
            if bias is not None:
                nn.init.constant_(layer.bias, bias)
            layers += [layer, Of(AT_ZERO[name]) if name in AT_ZERO else FUNCTIONS[name]()]
        return nn.Sequential(*layers, nn.Linear(hidden, CLASSES))

    return made


def digits() -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Training and test images, (n, 64) in [0, 1], with their labels."""
    found = load_digits()
    order = np.random.default_rng(179).permutation(len(found.target))
    x, y = torch.from_numpy((found.data[order] / 16).astype(np.float32)), torch.from_numpy(found.target[order])
    return (x[TESTED:], y[TESTED:]), (x[:TESTED], y[:TESTED])


def learned(config: Learning, name: str) -> dict[str, np.ndarray]:
    """Every rate and seed with one activation: columns, one row a network."""
    train, test = digits()
    table = sweep(
        build(name, config.hidden),
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
    columns = ("learning_rate", "seed", "loss", "test_accuracy", "diverged")
    return {"activation": np.full(last.sum(), name)} | {column: table[column][last] for column in columns}


def buried(config: Learning, name: str) -> np.ndarray:
    """(seeds,) share of hidden units of the first layer that are negative for every training image at the end."""
    train, _ = digits()
    work = Work(build(name, config.hidden, BURIED), train, None, config.batch, config.revived, (config.revived,))
    _, stack = train_stacked(work, [Network("adam", RATE, seed) for seed in range(config.seeds)])
    weight, bias = stack.parameters["0.weight"], stack.parameters["0.bias"]
    inputs = torch.einsum("ni,khi->knh", train[0], weight) + bias[:, None]
    return (inputs <= 0).all(dim=1).float().mean(dim=1).numpy()


def silent(hidden: int, name: str, seed: int) -> float:
    """Share of a new network's activations that are zero, both hidden layers together."""
    torch.manual_seed(seed)
    model, zeros = build(name, hidden)(), []
    x = digits()[0][0]
    with torch.no_grad():
        for linear, activation in ((model[0], model[1]), (model[2], model[3])):
            x = activation(linear(x))
            zeros.append((x == 0).float().mean())
    return float(torch.stack(zeros).mean())

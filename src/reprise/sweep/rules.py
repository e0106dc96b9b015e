"""The four optimizers of the sweep, as torch.optim has them, for one network and for many stacked ones.

Stacked, every tensor has the networks along its first axis and the learning rate is a tensor with one value a network;
element by element the arithmetic is that of torch.optim.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

Options = Mapping[str, float]
# (parameter, gradient, state tensors, learning rate, step from 1, options); changes the first and third in place
Update = Callable[[Tensor, Tensor, Sequence[Tensor], Tensor, Tensor, Options], None]


@dataclass(frozen=True)
class Rule:
    """One optimizer.

    Attributes:
        optimizer: its class in torch.optim.
        update: the same for stacked networks.
        states: how many tensors of a parameter's shape it keeps.
        options: what can be set, with torch's defaults.
        fused: whether torch.optim has it fused on a CPU.
        start: the option that its first state starts from; the others start from 0.
    """

    optimizer: type[torch.optim.Optimizer]
    update: Update
    states: int
    options: Options
    fused: bool
    start: str | None = None

    def of(self, options: Options) -> dict[str, float]:
        """All options, those that are given laid over the defaults.

        Raises:
            ValueError: there is no such option.
        """
        unknown = sorted(set(options) - set(self.options))
        if unknown:
            name = self.optimizer.__name__
            raise ValueError(f"{name} has no option {', '.join(unknown)} (valid: {', '.join(self.options) or 'none'})")
        return {**self.options, **options}

    def first_states(self, parameter: Tensor, options: Options) -> list[Tensor]:
        """What is kept beside a parameter before the first step."""
        states = [torch.zeros_like(parameter) for _ in range(self.states)]
        if self.start is not None:
            states[0].fill_(options[self.start])
        return states

    def alone(self, parameters: list[Tensor], rate: float, options: Options) -> torch.optim.Optimizer:
        """torch.optim's own, fused where it can be."""
        settings = {key: value for key, value in options.items() if not key.startswith("beta")}
        if "beta1" in options:
            settings["betas"] = (options["beta1"], options["beta2"])
        if self.fused and all(parameter.device.type in ("cpu", "cuda") for parameter in parameters):
            settings["fused"] = True
        return self.optimizer(parameters, lr=rate, **settings)


def _sgd(p: Tensor, g: Tensor, states: Sequence[Tensor], rate: Tensor, step: Tensor, options: Options) -> None:
    p.sub_(rate * g)


def _adam(p: Tensor, g: Tensor, states: Sequence[Tensor], rate: Tensor, step: Tensor, options: Options) -> None:
    first, second = states
    beta1, beta2 = options["beta1"], options["beta2"]
    first.lerp_(g, 1 - beta1)
    second.mul_(beta2).addcmul_(g, g, value=1 - beta2)
    scale = rate / (1 - beta1**step)
    p.sub_(scale * first / (second.sqrt() / (1 - beta2**step).sqrt() + options["eps"]))


def _adagrad(p: Tensor, g: Tensor, states: Sequence[Tensor], rate: Tensor, step: Tensor, options: Options) -> None:
    (total,) = states
    total.addcmul_(g, g)
    p.sub_(rate * g / (total.sqrt() + options["eps"]))


def _adadelta(p: Tensor, g: Tensor, states: Sequence[Tensor], rate: Tensor, step: Tensor, options: Options) -> None:
    squares, moves = states
    rho, eps = options["rho"], options["eps"]
    squares.mul_(rho).addcmul_(g, g, value=1 - rho)
    move = (moves + eps).sqrt() / (squares + eps).sqrt() * g
    moves.mul_(rho).addcmul_(move, move, value=1 - rho)
    p.sub_(rate * move)


RULES = {
    "sgd": Rule(torch.optim.SGD, _sgd, 0, {}, fused=True),
    "adam": Rule(torch.optim.Adam, _adam, 2, {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8}, fused=True),
    "adagrad": Rule(
        torch.optim.Adagrad,
        _adagrad,
        1,
        {"initial_accumulator_value": 0.0, "eps": 1e-10},
        fused=True,
        start="initial_accumulator_value",
    ),
    "adadelta": Rule(torch.optim.Adadelta, _adadelta, 2, {"rho": 0.9, "eps": 1e-6}, fused=False),
}

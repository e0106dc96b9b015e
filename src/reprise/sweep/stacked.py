"""Many networks as one: parameters, optimizer state, learning rates and dropout keys stacked along a first axis.

Networks do not see each other, so that one that diverges spoils no other; it is taken out at the next reading.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.func import functional_call, grad_and_value, vmap

from reprise.sweep.masks import keys
from reprise.sweep.networks import Curve, Network
from reprise.sweep.rules import RULES
from reprise.sweep.work import Examples, Work

TEST_BATCH = 200
Tensors = dict[str, Tensor]


class Stack:
    """Networks with the same optimizer that train side by side.

    Attributes:
        networks: which, in the order of the first axis.
        parameters, buffers: stacked, by name.
    """

    def __init__(self, work: Work, networks: Sequence[Network]) -> None:
        if len({network.optimizer for network in networks}) != 1:
            raise ValueError("networks that train as one need the same optimizer")
        self.work, self.networks = work, list(networks)
        self.device = work.train[0].device
        self.rule = RULES[networks[0].optimizer]
        self.options = work.options_of(networks[0].optimizer)
        started = [work.start(network) for network in networks]
        self.parameters = self._stacked([dict(model.named_parameters()) for model, _ in started])
        self.buffers = self._stacked([dict(model.named_buffers()) for model, _ in started])
        self.model = started[0][0].to("meta")  # its shapes; values are handed in
        for drops in zip(*(drops for _, drops in started), strict=True):
            drops[0].active = any(drop.active for drop in drops)
        self.states = {name: self.rule.first_states(each, self.options) for name, each in self.parameters.items()}
        self.rates = torch.tensor([network.learning_rate for network in networks], device=self.device)
        seeds = sorted({network.seed for network in networks})
        self.seeds = seeds
        self.own = torch.tensor([seeds.index(network.seed) for network in networks], device=self.device)
        self.diverged = torch.zeros(len(networks), dtype=torch.int64, device=self.device)

    def _stacked(self, each: list[Tensors]) -> Tensors:
        return {name: torch.stack([one[name].detach() for one in each]).to(self.device) for name in each[0]}

    def __len__(self) -> int:
        return len(self.rates)

    def step(self, index: Tensor, key: Tensor, number: int) -> tuple[Tensor, Tensor]:
        """One step of all networks.

        Args:
            index: (seeds, batch) positions of the examples.
            key: (seeds,) int32, of the dropout masks.
            number: of the step, from 1.

        Returns:
            (networks,) loss and number of correct answers, before the step.
        """
        work = self.work
        alike = len(self.seeds) == 1  # then all networks see the same examples, and no copy is made for each
        index = index[0] if alike else index[self.own]
        x, y = work.train[0][index], work.train[1][index]
        for name, buffer in self.buffers.items():
            if name.rpartition(".")[2] == "key" and buffer.dtype == torch.int32:
                buffer.copy_(key[self.own])

        def loss_of(parameters: Tensors, buffers: Tensors, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
            outputs = work.outputs(lambda x: functional_call(self.model, {**parameters, **buffers}, (x,)), x)
            return work.loss(outputs, y), work.correct(outputs.detach(), y)

        examples = None if alike else 0
        gradients, (loss, correct) = vmap(grad_and_value(loss_of, has_aux=True), in_dims=(0, 0, examples, examples))(
            self.parameters, self.buffers, x, y
        )
        bad = ~torch.isfinite(loss) & (self.diverged == 0)
        self.diverged = torch.where(bad, number, self.diverged)
        count = torch.tensor(float(number), device=self.device)
        for name, parameter in self.parameters.items():
            rates = self.rates.view(-1, *[1] * (parameter.dim() - 1))
            self.rule.update(parameter, gradients[name], self.states[name], rates, count, self.options)
        return loss, correct

    @torch.inference_mode()
    def examined(self, test: Examples | None) -> tuple[Tensor, Tensor]:
        """(networks,) mean loss and accuracy on examples, with dropout off; nan without any."""
        work = self.work
        losses = torch.zeros(len(self), device=self.device)
        correct = torch.zeros(len(self), device=self.device)
        if test is None:
            return losses + math.nan, correct + math.nan

        def result(parameters: Tensors, buffers: Tensors, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
            outputs = work.outputs(lambda x: functional_call(self.model, {**parameters, **buffers}, (x,)), x)
            return work.loss(outputs, y) * len(y), work.correct(outputs, y)

        self.model.eval()
        for x, y in zip(*(part.split(TEST_BATCH) for part in test), strict=True):
            loss, right = vmap(result, in_dims=(0, 0, None, None))(self.parameters, self.buffers, x, y)
            losses += loss
            correct += right
        self.model.train()
        return losses / len(test[1]), correct / len(test[1])

    def keep(self, chosen: Tensor) -> None:
        """Takes out all networks but the chosen ones; ``chosen`` holds their places."""
        self.parameters = {name: each[chosen] for name, each in self.parameters.items()}
        self.buffers = {name: each[chosen] for name, each in self.buffers.items()}
        self.states = {name: [state[chosen] for state in each] for name, each in self.states.items()}
        self.rates, self.own, self.diverged = self.rates[chosen], self.own[chosen], self.diverged[chosen]
        self.networks = [self.networks[place] for place in chosen.tolist()]


def train_stacked(
    work: Work, networks: Sequence[Network], told: Callable[[int, Stack], None] = lambda step, stack: None
) -> tuple[list[Curve], Stack]:
    """Trains networks with the same optimizer as one.

    Args:
        work: with its examples on the device.
        networks: as many as its memory holds.
        told: called at every reading with the number of steps, and the stack, whose networks may be asked anything.

    Returns:
        A curve each, and the stack of those that are left.
    """
    stack = Stack(work, networks)
    curves = [Curve(work.readings) for _ in networks]
    alive = np.arange(len(networks))
    noted = torch.from_numpy(np.stack([keys(seed, 0, work.steps) for seed in stack.seeds], axis=1)).to(stack.device)
    losses, correct, last, order = torch.zeros_like(stack.rates), torch.zeros_like(stack.rates), 0, None
    for step in range(work.steps):
        if step % work.per_epoch == 0:
            epoch = np.stack([work.order(seed, step // work.per_epoch) for seed in stack.seeds], axis=1)
            order = torch.from_numpy(epoch.astype(np.int32)).to(stack.device)
        loss, right = stack.step(order[step % work.per_epoch].long(), noted[step], step + 1)
        losses += loss
        correct += right
        if step + 1 not in work.readings:
            continue
        count = step + 1 - last
        rows = torch.stack([losses / count, correct / (count * work.batch_size), *stack.examined(work.test)]).T.tolist()
        diverged = stack.diverged.tolist()
        for place, row, gone in zip(alive, rows, diverged, strict=True):
            curves[place].end(gone) if gone else curves[place].add(*row)
        if any(diverged):
            left = [place for place, gone in enumerate(diverged) if not gone]
            alive = alive[left]
            stack.keep(torch.tensor(left, dtype=torch.int64, device=stack.device))
        told(step + 1, stack)
        if not len(alive):
            break
        losses, correct, last = torch.zeros_like(stack.rates), torch.zeros_like(stack.rates), step + 1
    return curves, stack

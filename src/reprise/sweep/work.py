"""What every engine trains with: the architecture, the examples, the order that they come in, and what is noted."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, get_args

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from reprise.data.batches import epoch_seed
from reprise.sweep.masks import SeededDropout, seed_dropout
from reprise.sweep.networks import Network
from reprise.sweep.rules import RULES

Examples = tuple[Tensor, Tensor]
Loss = Callable[[Tensor, Tensor], Tensor]  # outputs and targets of a batch -> their mean loss, ()
Precision = Literal["float32", "bfloat16"]


@dataclass(frozen=True)
class Work:
    """One sweep's settings, checked.

    Attributes:
        build: makes a module with fresh weights; its shapes are always the same.
        train, test: inputs and targets with the examples along the first axis; test None for none.
        batch_size: examples of a step; what is left over at an epoch's end is left out.
        steps: of each network.
        readings: after which steps the curves are read, rising; the last is ``steps``.
        loss: of a batch.
        options: of the optimizers, by their names.
        precision: of the products on the way through the networks; parameters and optimizers stay float32.
    """

    build: Callable[[], nn.Module]
    train: Examples
    test: Examples | None
    batch_size: int
    steps: int
    readings: tuple[int, ...]
    loss: Loss = F.cross_entropy
    options: dict[str, dict[str, float]] = field(default_factory=dict)
    precision: Precision = "float32"

    @property
    def per_epoch(self) -> int:
        """Steps of an epoch."""
        return len(self.train[0]) // self.batch_size

    @cached_property
    def classifies(self) -> bool:
        """Whether targets are class numbers, so that there is an accuracy."""
        return not self.train[1].is_floating_point() and self.train[1].dim() == 1

    def fresh(self, seed: int) -> nn.Module:
        """The module with the first weights of a seed; torch's own generator stays as it is."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return self.build()

    def start(self, network: Network) -> tuple[nn.Module, list[SeededDropout]]:
        """A network with its first weights, in training mode, and its dropout layers."""
        model = self.fresh(network.seed)
        drops = seed_dropout(model, network.dropout)
        return model.train(), drops

    def order(self, seed: int, epoch: int) -> np.ndarray:
        """(steps of an epoch, batch_size) positions of the examples."""
        drawn = np.random.default_rng(epoch_seed(seed, epoch)).permutation(len(self.train[0]))
        return drawn[: self.per_epoch * self.batch_size].reshape(self.per_epoch, self.batch_size)

    def outputs(self, network: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
        """What a network makes of a batch, with its products in this precision."""
        if self.precision == "float32":
            return network(x)
        with torch.autocast(x.device.type, torch.bfloat16, cache_enabled=False):  # weights change between two calls
            return network(x).float()

    def options_of(self, optimizer: str) -> dict[str, float]:
        """All options of an optimizer."""
        return RULES[optimizer].of(self.options.get(optimizer, {}))

    def correct(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """(): how many of a batch are right; nan where there is no such thing."""
        if not self.classifies:
            return torch.full((), torch.nan, device=outputs.device)
        return (outputs.argmax(dim=-1) == targets).sum().to(torch.float32)

    def to(self, device: torch.device) -> Work:
        """The same with its examples on a device."""
        train = tuple(each.to(device) for each in self.train)
        test = None if self.test is None else tuple(each.to(device) for each in self.test)
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return Work(**values | {"train": train, "test": test})

    @cached_property
    def digest(self) -> str:
        """Changes with the data, the architecture, and every setting that a network's result depends on."""
        digest = hashlib.blake2b(digest_size=16)
        model = self.fresh(0)
        digest.update(repr(model).encode())
        for name, value in model.state_dict().items():
            digest.update(name.encode() + _bytes(value))
        for tensor in (*self.train, *(self.test or ())):
            digest.update(f"{tensor.dtype}{tuple(tensor.shape)}".encode() + _bytes(tensor))
        loss = getattr(self.loss, "__qualname__", repr(self.loss))
        settings = (self.batch_size, self.steps, self.readings, loss, sorted(map(str, self.options.items())))
        digest.update(repr(settings).encode() + (b"" if self.precision == "float32" else self.precision.encode()))
        return digest.hexdigest()


def _bytes(tensor: Tensor) -> bytes:
    return np.ascontiguousarray(tensor.detach().cpu().numpy()).tobytes()


def check(work: Work) -> None:
    """Refuses what cannot be trained.

    Raises:
        ValueError: no or unequal examples, too few for a batch, readings that do not rise to the last step, or a
            module without parameters, or a precision that is none.
    """
    for name, examples in (("train", work.train), ("test", work.test)):
        if examples is not None and not 0 < len(examples[0]) == len(examples[1]):
            raise ValueError(f"{name}: {len(examples[0])} inputs and {len(examples[1])} targets")
    if not 1 <= work.batch_size <= len(work.train[0]):
        raise ValueError(f"batch_size={work.batch_size}: expected 1 to {len(work.train[0])}, the training examples")
    if work.precision not in get_args(Precision):
        raise ValueError(f"precision={work.precision!r}: expected one of {', '.join(get_args(Precision))}")
    rising = all(a < b for a, b in zip((0, *work.readings), work.readings, strict=False))
    if not work.readings or not rising or work.readings[-1] != work.steps:
        raise ValueError(f"readings={work.readings}: expected rising steps that end with {work.steps}")
    if not any(True for _ in work.fresh(0).parameters()):
        raise ValueError("build() gives a module without parameters")

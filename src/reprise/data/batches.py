"""Data that lives on the device, served in slices: no workers, no copies, no collation.

A DataLoader costs a tiny network more time than its arithmetic does; a permutation and an index do the same work. The
order of epoch *e* depends on (seed, e) alone, so that a run that was killed and resumed sees what it would have seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

Batch = dict[str, Tensor]


def epoch_seed(seed: int, epoch: int) -> int:
    """A well-mixed 63-bit seed for one epoch of one run."""
    return int(np.random.SeedSequence([seed, epoch]).generate_state(2, np.uint32).view(np.uint64)[0] >> 1)


def resident(arrays: dict[str, np.ndarray], device: torch.device | str) -> Batch:
    """Moves arrays to the device once. Integers and bytes stay as they are: they are widened batch by batch."""
    return {name: torch.from_numpy(np.ascontiguousarray(array)).to(device) for name, array in arrays.items()}


class Batches:
    """An iterable of batches (dicts of slices) that Lightning takes in place of a DataLoader.

    Args:
        tensors: all with the examples along the first axis.
        batch_size: examples a batch; the last one of an unshuffled pass may be smaller.
        seed: shuffles by (seed, epoch) and drops the incomplete last batch; None keeps the order and all examples.
        epoch: called when a pass begins; the trainer's current epoch.
        rank: this process among ``world`` (data-parallel training): of every batch it gets each world-th example.
        world: number of processes.

    Raises:
        ValueError: no examples, tensors of unequal length, or batches that do not divide among the processes.
    """

    def __init__(
        self,
        tensors: Batch,
        batch_size: int,
        seed: int | None = None,
        epoch: Callable[[], int] = lambda: 0,
        rank: int = 0,
        world: int = 1,
    ) -> None:
        lengths = {name: len(tensor) for name, tensor in tensors.items()}
        least = world if seed is not None else 1
        if len(set(lengths.values())) != 1 or min(lengths.values()) < least:
            raise ValueError(f"every tensor needs the same number of examples, at least {least}; found {lengths}")
        self.tensors, self.seed, self.epoch, self.rank, self.world = tensors, seed, epoch, rank, world
        if seed is not None and batch_size % world:
            raise ValueError(f"batch_size: found {batch_size}, which does not divide among {world} processes")
        self.count = next(iter(lengths.values()))
        self.batch_size = min(batch_size, self.count - (self.count % world if seed is not None else 0))

    def __len__(self) -> int:
        return self.count // self.batch_size if self.seed is not None else -(-self.count // self.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        if self.seed is None:
            for start in range(0, self.count, self.batch_size):
                yield {name: tensor[start : start + self.batch_size] for name, tensor in self.tensors.items()}
            return
        any_tensor = next(iter(self.tensors.values()))
        generator = np.random.default_rng(epoch_seed(self.seed, self.epoch()))
        order = torch.from_numpy(generator.permutation(len(any_tensor))).to(any_tensor.device)
        for step in range(len(self)):
            index = order[step * self.batch_size + self.rank : (step + 1) * self.batch_size : self.world]
            yield {name: tensor.index_select(0, index) for name, tensor in self.tensors.items()}

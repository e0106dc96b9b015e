"""Trains the networks of claim 23: one part holds every rate and seed of one optimizer, with dropout or without."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from threadpoolctl import threadpool_limits
from torch import Tensor

from reprise.closure import code_digest
from reprise.data.cifar import load
from reprise.models.digitnet import DigitNet
from reprise.studies.optimizers.settings import Grid
from reprise.sweep import grid
from reprise.sweep import sweep as train
from reprise.workspace import Workspace

READS = ("grid",)


@threadpool_limits.wrap(limits=1)
def sweep(workspace: Workspace, part: str) -> dict[str, np.ndarray]:
    """One row a network and reading, as ``reprise.sweep.sweep`` returns it, and ``classes``; a killed sweep goes on."""
    torch.set_num_threads(1)
    config: Grid = workspace.config.grid
    chosen = workspace.config.parts[part]
    train_part, test_part, classes = images(workspace)
    code = code_digest(["reprise.sweep", __name__], Path(__file__).parents[3])
    table = train(
        partial(network, config, classes),
        train_part,
        grid([chosen.optimizer], rates(config), range(config.seeds), [chosen.dropout]),
        test=test_part,
        batch_size=config.batch,
        epochs=1,
        readings=config.readings,
        folder=workspace.checkpoints(part) / code,
    )
    return table | {"classes": np.full(len(table["seed"]), classes)}


def rates(config: Grid) -> list[float]:
    """The learning rates, rising."""
    return np.geomspace(config.lowest, config.highest, config.rates).tolist()


def network(config: Grid, classes: int) -> DigitNet:
    """The source's network, as wide as the settings say; how much it drops the sweep says."""
    return DigitNet(classes, 28 // config.shrink, config.width, config.hidden, dropout=0.5)


def images(workspace: Workspace) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor], int]:
    """Training and test images (n, 1, side, side) in [0, 1] with their labels, and the number of classes.

    Raises:
        ValueError: the prepared file has fewer images than the settings ask for.
    """
    config: Grid = workspace.config.grid
    path = workspace.prepared(config.images)
    found = load(path)
    parts = []
    for wanted, pixels, labels in (
        (config.examples, found.train_images, found.train_labels),
        (config.tested, found.test_images, found.test_labels),
    ):
        if wanted > len(labels):
            raise ValueError(f"{path}: {len(labels)} images, grid asks for {wanted}; raise data.{config.images}")
        taken = np.arange(wanted) * len(labels) // wanted  # spread over the file, which may be sorted
        x = torch.from_numpy(pixels[taken]).permute(0, 3, 1, 2).float() / 255
        parts.append((F.avg_pool2d(x, config.shrink), torch.from_numpy(labels[taken].astype(np.int64))))
    return parts[0], parts[1], int(found.train_labels.max()) + 1

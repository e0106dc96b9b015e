"""Trains the networks of claim 23: one part holds every rate and seed of one optimizer, with dropout or without."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from reprise.closure import code_digest
from reprise.models.digitnet import DigitNet
from reprise.studies.optimizers.settings import Grid
from reprise.sweep import grid
from reprise.sweep import sweep as train
from reprise.sweep.images import image_examples
from reprise.workspace import Workspace

READS = ("grid",)


@threadpool_limits.wrap(limits=1)
def sweep(workspace: Workspace, part: str) -> dict[str, np.ndarray]:
    """One row a network and reading, as ``reprise.sweep.sweep`` returns it, and ``classes``; a killed sweep goes on."""
    torch.set_num_threads(1)
    config: Grid = workspace.config.grid
    chosen = workspace.config.parts[part]
    path = workspace.prepared(config.images)
    examples, tested = image_examples(path, config.examples, config.tested, config.shrink)
    classes = int(max(labels.max() for _, labels in (examples, tested))) + 1
    code = code_digest(["reprise.sweep", __name__], Path(__file__).parents[3])
    table = train(
        partial(network, config, classes),
        examples,
        grid([chosen.optimizer], rates(config), range(config.seeds), [chosen.dropout]),
        test=tested,
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

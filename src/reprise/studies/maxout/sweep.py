"""Trains the networks of claim 43: dense and convolutional, of maxout units and of rectifiers; one row a network."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from threadpoolctl import threadpool_limits
from torch import nn

from reprise.layers import Maxout, MaxoutConv2d
from reprise.progress import report_text
from reprise.studies.maxout.settings import Learning
from reprise.sweep import grid
from reprise.sweep import sweep as train
from reprise.sweep.images import image_examples
from reprise.workspace import Workspace

READS = ("learning",)
CLASSES, KERNEL = 10, 3
KINDS = ("dense", "convolutional")
UNITS = ("maxout", "rectifier")


@threadpool_limits.wrap(limits=1)
def sweep(workspace: Workspace) -> dict[str, np.ndarray]:
    """One row a network.

    Returns:
        ``kind`` (dense, convolutional), ``units`` (maxout, rectifier), ``seed``; number of ``parameters``; after the
        last step ``loss`` and ``accuracy`` in training, with dropout, over the last quarter, and ``test_accuracy``.
    """
    torch.set_num_threads(1)
    config: Learning = workspace.config.learning
    path = workspace.prepared("digits")
    examples, tested = image_examples(path, config.examples, config.tested, config.shrink)
    blocks = []
    for kind in KINDS:
        for units in UNITS:
            report_text(f"{kind}, {units}: {config.seeds} networks")
            build = network(config, kind, units)
            table = train(
                build,
                examples,
                grid(["adam"], [config.rate], range(config.seeds)),
                test=tested,
                batch_size=config.batch,
                epochs=config.epochs,
                readings=4,
                engine="alone" if kind == "convolutional" else "auto",
                workers=1,
            )
            last = table["step"] == table["step"].max()
            found = {name: table[name][last] for name in ("seed", "loss", "accuracy", "test_accuracy", "diverged")}
            count = sum(parameter.numel() for parameter in build().parameters())
            words = {"kind": np.full(config.seeds, kind), "units": np.full(config.seeds, units)}
            blocks.append(words | found | {"parameters": np.full(config.seeds, count)})
    return {column: np.concatenate([block[column] for block in blocks]) for column in blocks[0]}


def network(config: Learning, kind: str, units: str) -> Callable[[], nn.Module]:
    """What makes a network of the settings' size; rectifiers stand where maxout units do, one piece each."""
    side, pieces = 28 // config.shrink, config.pieces

    def dense(inputs: int, outputs: int) -> list[nn.Module]:
        if units == "maxout":
            return [Maxout(inputs, outputs, pieces)]
        return [nn.Linear(inputs, outputs), nn.ReLU()]

    def conv(inputs: int, outputs: int) -> list[nn.Module]:
        if units == "maxout":
            return [MaxoutConv2d(inputs, outputs, KERNEL, pieces, padding=1), nn.MaxPool2d(2)]
        return [nn.Conv2d(inputs, outputs, KERNEL, padding=1), nn.ReLU(), nn.MaxPool2d(2)]

    def made() -> nn.Module:
        if kind == "dense":
            layers = [
                nn.Flatten(), nn.Dropout(config.dropped), *dense(side**2, config.hidden), nn.Dropout(config.dropout),
                *dense(config.hidden, config.hidden), nn.Dropout(config.dropout), nn.Linear(config.hidden, CLASSES),
            ]  # fmt: skip
            return nn.Sequential(*layers)
        left = side // 2 // 2
        layers = [
            nn.Dropout(config.dropped), *conv(1, config.width), *conv(config.width, 2 * config.width), nn.Flatten(),
            nn.Dropout(config.dropout), nn.Linear(2 * config.width * left**2, CLASSES),
        ]  # fmt: skip
        return nn.Sequential(*layers)

    return made

"""Trains the networks of claims 179, 181 and 182; one row a network."""

from __future__ import annotations

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from reprise.data.handwritten import handwritten
from reprise.progress import report_text
from reprise.studies.activations.learning import AT_ZERO, BURIED, FUNCTIONS, buried, descended, learned, silent
from reprise.studies.activations.settings import Learning
from reprise.workspace import Workspace

READS = ("learning",)
NUMBERS = ("learning_rate", "loss", "test_accuracy", "diverged", "silent", "dead")


@threadpool_limits.wrap(limits=1)
def sweep(workspace: Workspace) -> dict[str, np.ndarray]:
    """One row a network.

    Returns:
        ``kind`` (learned, buried, begun, descended), ``activation``, ``learning_rate``, ``seed``, and how many
        ``images`` there were to split; ``test_accuracy``; for what learned training ``loss`` over the last tenth of
        the steps, ``diverged``, and the share of activations ``silent`` before the first step; for what began buried,
        and for the same networks begun as usual, the share of hidden units that are ``dead`` at the end; what
        descended began buried as well. Else nan.
    """
    torch.set_num_threads(1)
    config: Learning = workspace.config.learning
    blocks, images = [], handwritten(workspace)
    for name in (*FUNCTIONS, *AT_ZERO):
        report_text(f"{name}: {len(config.rates) * config.seeds} networks")
        found = learned(config, images, name)
        quiet = np.array([silent(config, images, name, seed) for seed in range(config.seeds)])
        blocks.append(_block("learned", **found, silent=quiet[found["seed"]]))
    for kind, bias in (("buried", BURIED), ("begun", None)):
        for name in ("rectifier", "leaky"):
            blocks.append(_block(kind, **buried(config, images, name, bias)))
    blocks.append(_block("descended", **descended(config, images, "leaky")))
    table = {column: np.concatenate([block[column] for block in blocks]) for column in blocks[0]}
    return table | {"images": np.full(len(table["seed"]), len(images.labels))}


def _block(kind: str, **columns: np.ndarray) -> dict[str, np.ndarray]:
    count = len(columns["seed"])
    first = {"kind": np.full(count, kind), "activation": columns["activation"], "seed": columns["seed"]}
    return first | {name: np.full(count, np.nan) for name in NUMBERS} | columns

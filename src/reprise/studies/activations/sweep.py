"""Trains the networks of claims 179, 181 and 182; one row a network."""

from __future__ import annotations

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from reprise.progress import report_text
from reprise.studies.activations.learning import AT_ZERO, FUNCTIONS, buried, learned, silent
from reprise.studies.activations.settings import Learning
from reprise.workspace import Workspace

READS = ("learning",)
NUMBERS = ("learning_rate", "loss", "test_accuracy", "diverged", "silent", "dead")


@threadpool_limits.wrap(limits=1)
def sweep(workspace: Workspace) -> dict[str, np.ndarray]:
    """One row a network.

    Returns:
        ``kind`` (learned, buried), ``activation``, ``learning_rate``, ``seed``; for what learned training ``loss`` over
        the last tenth of the steps, ``test_accuracy``, ``diverged``, and the share of activations ``silent`` before
        the first step; for what began buried the share of hidden units that are still ``dead``. Else nan.
    """
    torch.set_num_threads(1)
    config: Learning = workspace.config.learning
    blocks = []
    for name in (*FUNCTIONS, *AT_ZERO):
        report_text(f"{name}: {len(config.rates) * config.seeds} networks")
        found = learned(config, name)
        quiet = np.array([silent(config.hidden, name, int(seed)) for seed in found["seed"]])
        blocks.append(_block("learned", **found, silent=quiet))
    for name in ("rectifier", "leaky"):
        dead = buried(config, name)
        blocks.append(_block("buried", activation=np.full(len(dead), name), seed=np.arange(len(dead)), dead=dead))
    return {column: np.concatenate([block[column] for block in blocks]) for column in blocks[0]}


def _block(kind: str, **columns: np.ndarray) -> dict[str, np.ndarray]:
    count = len(columns["seed"])
    first = {"kind": np.full(count, kind), "activation": columns["activation"], "seed": columns["seed"]}
    return first | {name: np.full(count, np.nan) for name in NUMBERS} | columns

"""Trains the networks of claims 162, 184, 188 and 189; one row a network."""

from __future__ import annotations

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from reprise.data.handwritten import handwritten
from reprise.progress import report_text
from reprise.studies.normed.learning import ACTIVATIONS, PLACES, learned, overfitted, watched
from reprise.studies.normed.settings import Learning
from reprise.workspace import Workspace

READS = ("learning",)
NUMBERS = (
    "learning_rate", "loss", "test_accuracy", "diverged", "drift", "drift_moving", "train_accuracy", "gamma_off",
    "beta_off",
)  # fmt: skip


@threadpool_limits.wrap(limits=1)
def sweep(workspace: Workspace) -> dict[str, np.ndarray]:
    """One row a network.

    Returns:
        ``kind`` (learned, watched, overfitted), ``activation``, ``place`` of batch norm (none, before, after),
        ``seed``, ``learning_rate``, and how many ``images`` there were to split; training ``loss`` over the last
        tenth of the steps, ``test_accuracy``, ``diverged``; of what was watched the ``drift`` of the second layer's
        inputs between readings, as in training and (``drift_moving``) by moving averages; of what was to overfit
        ``train_accuracy``, and the median distance of γ and β from deviation and mean. Else nan.
    """
    torch.set_num_threads(1)
    config: Learning = workspace.config.learning
    blocks, images = [], handwritten(workspace)
    for activation in ACTIVATIONS:
        for place in PLACES:
            report_text(f"{activation}, {place}: {len(config.rates) * config.seeds} networks")
            blocks.append(_block("learned", activation, place, **learned(config, images, activation, place)))
    for place in PLACES:
        blocks.append(_block("watched", "rectifier", place, **watched(config, images, place)))
    for place in ("none", "before"):
        blocks.append(_block("overfitted", "rectifier", place, **overfitted(config, images, place)))
    table = {column: np.concatenate([block[column] for block in blocks]) for column in blocks[0]}
    return table | {"images": np.full(len(table["seed"]), len(images.labels))}


def _block(kind: str, activation: str, place: str, **columns: np.ndarray) -> dict[str, np.ndarray]:
    count = len(columns["seed"])
    words = {"kind": kind, "activation": activation, "place": place}
    first = {name: np.full(count, word) for name, word in words.items()} | {"seed": columns["seed"]}
    return first | {name: np.full(count, np.nan) for name in NUMBERS} | columns

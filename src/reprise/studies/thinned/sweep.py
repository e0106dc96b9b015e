"""Trains the networks of claims 192-194 and asks each of them what the claims are about; one row a network."""

from __future__ import annotations

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from reprise.data.handwritten import handwritten
from reprise.progress import report_text
from reprise.studies.thinned import lesson
from reprise.studies.thinned.learning import Trained, cells, train
from reprise.studies.thinned.settings import ENSEMBLE_TESTED, Learning
from reprise.workspace import Workspace

READS = ("learning",)
AT_ONCE = 512  # thinned networks
REMOVED = {"lost_quarter": 0.25, "lost_half": 0.5, "lost_most": 0.75}  # shares of the hidden units
COLUMNS = (
    "train", "test", "rise", *REMOVED, "correlation", "silent", "scaled", "average", "agree", "apart", "geometric",
)  # fmt: skip


@threadpool_limits.wrap(limits=1)
def sweep(workspace: Workspace) -> dict[str, np.ndarray]:
    """One row a network.

    Returns:
        ``cell``, ``seed``, and how many ``images`` there were to split; ``train`` and ``test`` accuracy with dropout
        off, and the former's ``rise`` over the last tenth of the steps; test accuracy lost when a quarter, half or
        three quarters of the hidden units are removed (``lost_quarter``, ``lost_half``, ``lost_most``); mean absolute
        ``correlation`` between hidden units; share of their activations that are ``silent`` (zero). For the ensemble:
        test accuracy of the ``scaled`` network and of the ``average`` over all masks, share of images on which they
        ``agree``, mean total variation ``apart``, and the largest difference of the scaled network from the normalised
        ``geometric`` mean where the last layer's inputs alone are dropped. What was not asked is nan.
    """
    torch.set_num_threads(1)
    config: Learning = workspace.config.learning
    rows, images = [], handwritten(workspace)
    for name, cell in cells(config).items():
        report_text(f"{name}: {config.seeds} networks")
        trained = train(config, cell, images)
        for seed in range(config.seeds):
            row = dict.fromkeys(COLUMNS, np.nan) | {
                "train": trained.accuracy["train"][seed],
                "test": trained.accuracy["test"][seed],
                "rise": trained.rise[seed],
            }
            if len(cell.hidden) == 1:
                row |= _units(trained, seed, config.removals)
            else:
                row |= _ensemble(trained, seed, 1 - cell.dropout)
            rows.append({"cell": name, "seed": seed, "images": len(images.labels)} | row)
    return {column: np.array([row[column] for row in rows]) for column in rows[0]}


def _units(trained: Trained, seed: int, removals: int) -> dict[str, float]:
    """How much the hidden units rely on each other, how alike they are, and how often they are silent."""
    index = trained.parts.test[seed]
    (hidden,) = trained.hidden(seed, index)
    truth, units = trained.parts.labels[index], hidden.shape[1]
    whole = (trained.answers(seed, hidden) == truth).mean()
    found = {}
    for name, share in REMOVED.items():
        kept = units - round(units * share)
        rng, left = np.random.default_rng([194, seed]), []
        for _ in range(removals):
            mask = np.zeros(units)
            mask[rng.permutation(units)[:kept]] = units / max(kept, 1)
            left.append((trained.answers(seed, hidden * mask) == truth).mean())
        found[name] = float(whole - np.mean(left))
    varied = hidden[:, hidden.std(axis=0) > 1e-6]
    correlation = np.nan
    if varied.shape[1] > 1:
        between = np.corrcoef(varied.T)
        correlation = np.abs(between[np.triu_indices(len(between), 1)]).mean()
    return found | {"correlation": float(correlation), "silent": float((hidden == 0).mean())}


def _ensemble(trained: Trained, seed: int, keep: float) -> dict[str, float]:
    """The network with all units against the average over every thinned one."""
    index = trained.parts.test[seed][:ENSEMBLE_TESTED]
    inputs, truth = trained.parts.inputs[index].astype(float), trained.parts.labels[index]
    layers = [(weight[seed].astype(float), bias[seed].astype(float)) for weight, bias in trained.layers]
    units = sum(len(bias) for _, bias in layers[:-1])
    masks = lesson.every_mask(units)
    average = np.zeros((len(inputs), len(layers[-1][1])))
    for start in range(0, len(masks), AT_ONCE):
        part = masks[start : start + AT_ONCE]
        drawn = lesson.softmax(lesson.thinned(inputs, layers, part, keep))
        average += np.tensordot(lesson.weights_of(part, keep), drawn, axes=1)
    whole = np.ones((1, units))
    scaled = lesson.softmax(lesson.thinned(inputs, layers, whole * keep, keep)[0])
    return {
        "scaled": float((scaled.argmax(axis=1) == truth).mean()),
        "average": float((average.argmax(axis=1) == truth).mean()),
        "agree": float((scaled.argmax(axis=1) == average.argmax(axis=1)).mean()),
        "apart": float(np.abs(scaled - average).sum(axis=1).mean() / 2),
        "geometric": _geometric(inputs, layers, scaled, keep),
    }


def _geometric(inputs: np.ndarray, layers: list, scaled: np.ndarray, keep: float) -> float:
    """Only the last hidden layer is dropped: the scaled network is the normalised geometric mean, exactly."""
    first, second = len(layers[0][1]), len(layers[1][1])
    masks = lesson.every_mask(second)
    with_first = np.concatenate([np.full((len(masks), first), keep), masks], axis=1)
    logs = np.log(lesson.softmax(lesson.thinned(inputs, layers, with_first, keep)))
    mean = lesson.softmax(np.tensordot(lesson.weights_of(masks, keep), logs, axes=1))
    return float(np.abs(mean - scaled).max())

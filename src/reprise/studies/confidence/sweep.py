"""A family of many small networks for claim 35: each of other settings, one seed each."""

from __future__ import annotations

import numpy as np
import torch

from reprise.calibration import softmax
from reprise.data.parts import TrainingData
from reprise.metrics.calibration import error_rate, expected_calibration_error
from reprise.studies.confidence import train
from reprise.studies.confidence.settings import ConfidenceSettings
from reprise.training import train_seed
from reprise.workspace import Workspace

READS = ("base", "family", "variants")  # of the study's parameters
KINDS = ("resnet", "minivgg", "minivgg_norm", "lenet5")  # variants whose settings the draws begin from, in turn
WIDER = 2.0  # widths lie between half and twice the variant's
DECAYS = (-5.0, -2.0)  # exponents of ten of the weight decay


def sweep(workspace: Workspace) -> dict[str, np.ndarray]:
    """One row a network.

    Returns:
        ``kind`` (a variant's name), ``parameters``, ``weight_decay``; test ``error`` and ``ece`` at the last epoch.
    """
    family, training = workspace.config.family, workspace.params.training
    torch.set_num_threads(training.threads)
    torch.use_deterministic_algorithms(True, warn_only=True)
    rows = []
    for number in range(family.networks):
        kind, settings = drawn(workspace, number)
        whole = train.data(workspace, settings, number)
        data = TrainingData(whole.train, None, whole.test, whole.structure)
        found = train_seed(train, settings, data, number, training)
        logits, labels = found.predictions["test/logits"].astype(np.float64), whole.test["label"].astype(int)
        rows.append(
            {
                "kind": kind,
                "parameters": found.parameters,
                "weight_decay": settings.weight_decay,
                "error": error_rate(softmax(logits), labels),
                "ece": expected_calibration_error(softmax(logits), labels),
            }
        )
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def drawn(workspace: Workspace, number: int) -> tuple[str, ConfidenceSettings]:
    """The variant that a network begins from, and its own settings."""
    family, rng = workspace.config.family, np.random.default_rng((35, number))
    kind = KINDS[number % len(KINDS)]
    settings = workspace.settings(kind)
    own = {
        "width": max(1, round(settings.width * WIDER ** rng.uniform(-1, 1))),
        "weight_decay": float(10 ** rng.uniform(*DECAYS)),
        "epochs": family.epochs,
        "examples": family.examples,
        "keeps": "last",
    }
    return kind, ConfidenceSettings.model_validate(settings.model_dump() | own)

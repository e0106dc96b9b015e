"""The gates of trained networks, read again: what they ended at, and which connections were built at all."""

from __future__ import annotations

import math

import numpy as np
from safetensors.numpy import load_file

from reprise.runs import Run
from reprise.studies.connectivity.settings import LAYERS

CLOSED = 0.1  # what passes such a gate is a tenth at most
MERGES = [(i, j) for i in range(LAYERS) for j in range(i + 2)]  # input j of merge i; input 0 is the image


def final_gates(run: Run) -> np.ndarray:
    """(seeds, 44) every gate in the last epoch, merge by merge, the image's first in each."""
    return np.stack([run.last(f"gate_{i}_{j}") for i, j in MERGES], axis=1)


def kept_connections(run: Run) -> np.ndarray:
    """(seeds, 44) which connections a pruned network was built with."""
    return np.array([[row[i][j] for i, j in MERGES] for row in run.record["structure"]])


def stored_gates(run: Run) -> np.ndarray:
    """All gates of all seeds, from the weights that were kept."""
    raw = [
        array.ravel()
        for folder in run.folders
        for name, array in sorted(load_file(folder / "weights.safetensors").items())
        if name.startswith("seed") and "connections." in name and name.endswith(".weights")  # best/seed..: not kept
    ]
    return 1 / (1 + np.exp(-np.concatenate(raw).astype(np.float64)))


def out_of_reach(run: Run) -> str:
    """Why no gate can have closed: Adam moves a number by about its learning rate a step, so by their sum in all."""
    settings = run.settings
    steps = math.ceil(run.record["examples"]["train"] / settings["batch_size"]) * settings["epochs"]
    reach = settings["learning_rate"] * steps * (0.5 if settings["decay"] == "linear" else 1.0)
    way = settings["init"] - math.log(CLOSED / (1 - CLOSED))
    if reach >= way:
        return ""
    return f"learning rates of {steps:,} steps add up to {reach:.2g}, and a gate of {CLOSED:g} is {way:.2g} away"

"""How many of its own training images a trained network knows, as they are and with the labels that it was given."""

from __future__ import annotations

import numpy as np

from reprise.data.parts import Arrays
from reprise.networks import Network
from reprise.studies.overfitting.train import data
from reprise.workspace import Workspace


def probe(network: Network, workspace: Workspace) -> Arrays:
    """Asks one network.

    Returns:
        ``train/right`` (n,) uint8: 1 where the training label, wrong ones included, is what the network says.
    """
    trained = data(workspace, network.settings, network.seed).train
    logits = network.predict(trained)["logits"]
    return {"train/right": (logits.argmax(axis=1) == trained["label"]).astype(np.uint8)}

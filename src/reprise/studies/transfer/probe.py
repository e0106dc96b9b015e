"""How far each network's reused layers are from those that they started from."""

from __future__ import annotations

import numpy as np

from reprise.data.parts import Arrays
from reprise.networks import Network, start_weights
from reprise.studies.transfer.train import HEAD
from reprise.workspace import Workspace


def probe(network: Network, workspace: Workspace) -> Arrays:
    """``moved`` (1,): largest change of a weight below the last layer; NaN for a network that starts from none."""
    if network.settings.start is None:
        return {"moved": np.array([np.nan])}
    before = start_weights(workspace, network.settings.start, network.seed)
    after = network.model.state_dict()
    moved = max(
        float((after[name].cpu() - tensor).abs().max()) for name, tensor in before.items() if not name.startswith(HEAD)
    )
    return {"moved": np.array([moved])}

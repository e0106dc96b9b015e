"""What a picture costs each trained detector, counted as PyTorch counts operations while it runs."""

from __future__ import annotations

import numpy as np
from torch.utils.flop_counter import FlopCounterMode

from reprise.data.parts import Arrays
from reprise.networks import Network
from reprise.studies.detectors.train import data
from reprise.workspace import Workspace

PICTURES = 8
PARTS = {"backbone": "Backbone", "proposer": "ProposalHead", "head": "RegionHead", "mask": "MaskHead"}


def probe(network: Network, workspace: Workspace) -> Arrays:
    """Asks one network.

    Returns:
        ``operations/total`` and one for each of ``PARTS``: multiply-adds a picture of convolutions and matrix products;
        what selects, sorts and samples is none.
    """
    test = data(workspace, network.settings, network.seed).test
    few = {name: array[:PICTURES] for name, array in test.items()}
    counter = FlopCounterMode(display=False)
    with counter:
        network.predict(few)
    pictures = 2 * len(few["index"])  # a multiply-add is two operations to PyTorch
    counts = counter.get_flop_counts()
    found = {f"operations/{part}": sum(counts.get(name, {}).values()) / pictures for part, name in PARTS.items()}
    found["operations/total"] = counter.get_total_flops() / pictures
    return {name: np.array(value) for name, value in found.items()}

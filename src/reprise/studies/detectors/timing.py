"""Seconds a picture of each rung, selective search included where it is needed (claims 123-130)."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import torch

from reprise.data.selective import selective_search
from reprise.networks import Network, load_networks
from reprise.studies.detectors.train import data
from reprise.workspace import Workspace

ROUNDS, PICTURES = 7, 12
SEARCHED = ("rcnn", "fast")  # kinds that need selective search first
GIVEN = " from given proposals"
SELECTIVE, PROPOSING = "selective search", "region proposal network"


def measure(workspace: Workspace) -> dict[str, np.ndarray]:
    """By variant, selective search and the region proposals of ``faster``: seconds a picture in each round.

    What needs selective search has its time in its own, and stands a second time without it, ``GIVEN`` behind its name.

    Pictures come one by one, as from a camera; the first round warms up and is not kept.
    """
    torch.set_num_threads(1)
    networks = {
        name: next(load_networks(workspace, name))
        for name, settings in workspace.config.variants.items()
        if settings.kind not in ("tagging", "localise")
    }
    work = {name: _detecting(network, workspace) for name, network in networks.items()}
    images = data(workspace, networks["fast"].settings, 0).test["image"]
    work[SELECTIVE] = lambda place: selective_search(images[place])
    work[PROPOSING] = _proposing(networks["faster"], workspace)
    rounds = [{name: _seconds(each) for name, each in work.items()} for _ in range(ROUNDS + 1)][1:]
    alone = {name: np.array([turn[name] for turn in rounds]) for name in work}
    searched = [name for name, network in networks.items() if network.settings.kind in SEARCHED]
    given = {f"{name}{GIVEN}": alone[name] for name in searched}
    return alone | {name: alone[name] + alone[SELECTIVE] for name in searched} | given


def _seconds(work: Callable[[int], object]) -> float:
    """Of the processor, a picture."""
    start = time.process_time()
    for place in range(PICTURES):
        work(place)
    return (time.process_time() - start) / PICTURES


def _detecting(network: Network, workspace: Workspace) -> Callable[[int], object]:
    test = data(workspace, network.settings, network.seed).test
    pictures = len(test["index"])
    singles = [{name: array[i % pictures][None] for name, array in test.items()} for i in range(PICTURES)]
    return lambda place: network.predict(singles[place])


def _proposing(network: Network, workspace: Workspace) -> Callable[[int], object]:
    """The proposal head and the choice among its boxes, from features that the picture has anyway."""
    test = data(workspace, network.settings, network.seed).test
    batches = [{"image": torch.from_numpy(test["image"][[i % len(test["index"])]])} for i in range(PICTURES)]
    with torch.inference_mode():
        pictures = [network.task.images(batch) for batch in batches]
        maps = [list(network.model["backbone"](picture).values()) for picture in pictures]

    def propose(place: int) -> object:
        with torch.inference_mode():
            there, codes = network.model["proposer"](maps[place])
            return network.task.proposed(there, codes, pictures[place].shape[2:])

    return propose

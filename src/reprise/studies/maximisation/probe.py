"""What trained networks make of all starts, for all ten classes at once (claims 5-8 and 10-12)."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from reprise.inside.maximise import Maximised, maximise, maximise_regularised
from reprise.networks import Network
from reprise.studies.maximisation.settings import CONSTANTS
from reprise.studies.maximisation.train import build
from reprise.workspace import Workspace

CLASSES, ONE = 10, 1
SIDE = 28


def probe(network: Network, workspace: Workspace) -> dict[str, np.ndarray]:
    """Asks one network; the random starts are the same for all.

    Returns:
        ``starts`` (starts, 28, 28): the three constants, then random ones; ``images`` (10, starts, 28, 28), the
        results for each class; ``losses`` (10, starts, steps + 1) nats; ``logits`` (10, starts, 10) of the results and
        ``bordered`` alike, of the results with a border of 0; ``long`` (10, 4, long + 1) nats of the source's four
        starts; ``untrained`` (starts - 3, 28, 28), the results for a 1 from random starts of a network of the same kind
        that has learned nothing; ``regularised`` (10, pictures, 28, 28) and ``regularised_logits`` (10, pictures, 10).
    """
    settings, model = workspace.config.probe, network.model
    first = starts(settings.random_starts)
    count = len(first)
    found = _ask(network, first, settings.steps, settings.rate)
    long = _ask(network, first[:4], settings.long, settings.rate)
    torch.manual_seed(network.seed + 1_000_003)
    other = build(network.settings, network.shapes, network.structure).to(network.device).eval()
    noise = first[len(CONSTANTS) :].to(network.device)
    ones = torch.full((len(noise),), ONE, device=network.device)
    untrained = maximise(other, ones, noise, settings.steps, settings.rate)
    classes = torch.arange(CLASSES, device=network.device).repeat_interleave(settings.regularised)
    seen = maximise_regularised(model, classes, (1, SIDE, SIDE), settings.regularised_steps).images
    bordered = found.images.clone()
    bordered[..., [0, -1], :] = 0
    bordered[..., :, [0, -1]] = 0
    with torch.no_grad():
        logits = [model(each) for each in (found.images, bordered, seen)]
    answers = {
        "starts": first[:, 0],
        "images": found.images.view(CLASSES, count, SIDE, SIDE),
        "losses": found.losses.T.reshape(CLASSES, count, -1),
        "logits": logits[0].view(CLASSES, count, CLASSES),
        "bordered": logits[1].view(CLASSES, count, CLASSES),
        "untrained": untrained.images.view(-1, SIDE, SIDE),
        "long": long.losses.T.reshape(CLASSES, 4, -1),
        "regularised": seen.view(CLASSES, settings.regularised, SIDE, SIDE),
        "regularised_logits": logits[2].view(CLASSES, settings.regularised, CLASSES),
    }
    return {name: tensor.detach().cpu().numpy().astype(np.float32) for name, tensor in answers.items()}


def starts(random: int) -> Tensor:
    """(3 + random, 1, 28, 28): ones, one half, zeros and uniform noise."""
    constants = [torch.full((1, 1, SIDE, SIDE), value) for value in CONSTANTS.values()]
    drawn = torch.rand(random, 1, SIDE, SIDE, generator=torch.Generator().manual_seed(42))  # the source's seed
    return torch.cat([*constants, drawn])


def _ask(network: Network, first: Tensor, steps: int, rate: float) -> Maximised:
    classes = torch.arange(CLASSES, device=network.device).repeat_interleave(len(first))
    return maximise(network.model, classes, first.to(network.device).repeat(CLASSES, 1, 1, 1), steps, rate)

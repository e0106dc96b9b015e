"""Three photographs in the style of three paintings, at five weights of the style (claim 24)."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from reprise.inside.gradients import activations
from reprise.inside.style import SOURCE, Aim, Weighting, transfer
from reprise.networks import Network
from reprise.studies.stylisation.painter import trunk
from reprise.studies.stylisation.pictures import painting, photograph
from reprise.studies.stylisation.settings import LAYERS, PAIRS, WEIGHTS
from reprise.workspace import Workspace


def probe(network: Network, workspace: Workspace) -> dict[str, np.ndarray]:
    """Paints every pair from the same noise, as the source begins.

    Returns:
        ``content`` and ``style`` (pairs, weights, 2): losses at first and in the end, unweighted; ``unit`` (pairs,
        2): content loss of the style picture and style loss of the content picture, the units in which the losses are
        weighed; ``source`` (pairs, 2): both losses with the source's own weights; ``pictures`` (pairs, size, size, 3)
        and ``painted`` (pairs, weights, size, size, 3).
    """
    settings = workspace.config.probe
    features = activations(trunk(network), LAYERS)
    shape = (1, 3, settings.size, settings.size)
    noise = torch.rand(shape, generator=torch.Generator().manual_seed(0)).to(network.device)
    found: dict[str, list] = {name: [] for name in ("content", "style", "unit", "source", "painted", "pictures")}
    for photo, kind in PAIRS:
        content, style = (
            _tensor(each, network) for each in (photograph(photo, settings.size), painting(kind, settings.size))
        )
        aim = Aim.of(features, content, style)
        with torch.no_grad():
            unit = float(aim.losses(features(style)).content), float(aim.losses(features(content)).style)
        runs = [
            transfer(features, aim, noise, Weighting(1 / unit[0], weight / unit[1]), settings.steps)
            for weight in WEIGHTS
        ]
        own = transfer(features, aim, noise, SOURCE, settings.steps)
        found["unit"].append(unit)
        found["content"].append([(each.content[0], each.content[-1]) for each in runs])
        found["style"].append([(each.style[0], each.style[-1]) for each in runs])
        found["source"].append((own.content[-1], own.style[-1]))
        found["pictures"].append([_array(content), _array(style)])
        found["painted"].append([_array(each.image) for each in runs])
    return {name: np.array(values, np.float32) for name, values in found.items()}


def _tensor(image: np.ndarray, network: Network) -> Tensor:
    return torch.from_numpy(image).permute(2, 0, 1)[None].contiguous().to(network.device)


def _array(image: Tensor) -> np.ndarray:
    return image[0].permute(1, 2, 0).cpu().numpy()

"""What trained networks make of images that were changed to deceive them (claims 102 and 103)."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from reprise.data import cifar
from reprise.data.parts import Arrays
from reprise.networks import Network, batch_size, load_networks
from reprise.studies.adversarial.settings import JUDGED_AREA, KINDS, SIZES, STICKERS, TURN, Probe
from reprise.tasks.attacks import gradient_sign, iterated, random_signs, random_spots, stick, trained_sticker
from reprise.workspace import Workspace

REACH = 2.5  # steps of the iterated change add up to so much of its size, so that it can turn round (Madry et al.)
RATE = 0.05  # at which stickers are trained
SHOWN = 6  # images that the figures show

Changing = Callable[[Tensor, Tensor], Tensor]  # images, labels -> changed images


def probe(network: Network, workspace: Workspace) -> Arrays:
    """Asks one network about the first test images of its data set.

    Returns:
        ``index``, ``label`` (n,), ``clean`` (n, 10) logits; by kind of change (sizes, n, 10); ``transfer`` (sizes, n,
        10), logits of the iterated change made against the first seed; ``sticker/KIND`` (areas, targets, n, 10);
        ``shown/KIND`` (6, h, w, c) uint8, at the size in the middle, and ``sheet/KIND`` the same with stickers.
    """
    settings, sizes = workspace.config.probe, SIZES[network.settings.images]
    images = cifar.load(workspace.prepared(network.settings.images))
    first = slice(settings.images)
    asked = _Asked(network, images.test_images[first], images.test_labels[first])
    found = {"index": np.arange(len(asked.labels)), "label": asked.labels.cpu().numpy()}
    found["clean"] = asked.answers(asked.images)
    middle = len(sizes) // 2
    for kind in KINDS:
        changed = [_changed(kind, network, asked, size, settings.steps) for size in sizes]
        found[kind] = np.stack([asked.answers(each) for each in changed])
        found[f"shown/{kind}"] = _bytes(changed[middle][:SHOWN])
    other = _first_seed(network, workspace)
    crafted = (_changed("iterated", other, asked, size, settings.steps) for size in sizes)
    found["transfer"] = np.stack([asked.answers(each) for each in crafted])
    found["shown/clean"] = _bytes(asked.images[:SHOWN])
    return found | _stickers(network, asked, images, settings)


class _Asked:
    """Test images on the network's device, and what it answers."""

    def __init__(self, network: Network, pictures: np.ndarray, labels: np.ndarray) -> None:
        self.network, self.batch = network, batch_size(network.settings)
        self.images = scaled(pictures).to(network.device)
        self.labels = torch.from_numpy(labels.astype(np.int64)).to(network.device)

    def answers(self, images: Tensor) -> np.ndarray:
        """(n, 10) float32 logits."""
        with torch.inference_mode():
            return torch.cat([self.network.task.logits(part) for part in images.split(self.batch)]).cpu().numpy()

    def changed(self, change: Changing) -> Tensor:
        """All images, changed batch by batch."""
        pairs = zip(self.images.split(self.batch), self.labels.split(self.batch), strict=True)
        return torch.cat([change(images, labels) for images, labels in pairs])


def scaled(pictures: np.ndarray) -> Tensor:
    """(n, h, w, c) uint8 -> (n, c, h, w) in [0, 1]."""
    return torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255


def _changed(kind: str, network: Network, asked: _Asked, size: float, steps: int) -> Tensor:
    logits = network.task.logits
    if kind == "noise":
        return random_signs(asked.images, size, seed=network.seed)
    if kind == "step":
        return asked.changed(lambda images, labels: gradient_sign(logits, images, labels, size))
    step = REACH * size / steps
    if kind == "targeted":  # towards the class after the right one
        return asked.changed(lambda x, y: iterated(logits, x, (y + 1) % 10, size, step, steps, towards=True))
    return asked.changed(lambda images, labels: iterated(logits, images, labels, size, step, steps))


def _first_seed(network: Network, workspace: Workspace) -> Network:
    """The network of seed 0 of the same variant."""
    if network.seed == 0:
        return network
    variants = workspace.config.variants
    name = next(name for name, settings in variants.items() if settings == network.settings)
    return next(load_networks(workspace, name))


def _stickers(network: Network, asked: _Asked, images: cifar.Images, settings: Probe) -> Arrays:
    """Logits with stickers of each kind on the same places, and pictures of a tenth of the area."""
    side, found = asked.images.shape[-1], {}
    answers: dict[str, list[np.ndarray]] = {kind: [] for kind in STICKERS}
    for area in settings.areas:
        size = side_of(area, side)
        for target in settings.targets:
            spots = random_spots(len(asked.images), size, side, TURN, seed=target)
            for kind, sticker in _four(network, images, target, size, settings).items():
                pasted = stick(asked.images, sticker, spots)
                answers[kind].append(asked.answers(pasted))
                if area == JUDGED_AREA and target == settings.targets[0]:
                    found[f"sheet/{kind}"] = _bytes(pasted[:SHOWN])
    shape = len(settings.areas), len(settings.targets), len(asked.images), -1
    return found | {f"sticker/{kind}": np.stack(each).reshape(shape) for kind, each in answers.items()}


def _four(network: Network, images: cifar.Images, target: int, size: int, settings: Probe) -> dict[str, Tensor]:
    """A trained sticker, and three that are not: random pixels, grey, and the middle of an image of the class."""
    labels, device = images.train_labels, network.device
    others = scaled(images.train_images[labels != target]).to(device)
    example = scaled(images.train_images[labels == target][:1])[0].to(device)
    start = (example.shape[-1] - size) // 2
    generator = torch.Generator().manual_seed(1000 * network.seed + target)
    trained = trained_sticker(
        network.task.logits, others, target, size, settings.updates, settings.batch, RATE, TURN, seed=network.seed
    )
    return {
        "trained": trained,
        "random": torch.rand(trained.shape, generator=generator).to(device),
        "grey": torch.full_like(trained, 0.5),
        "crop": example[:, start : start + size, start : start + size],
    }


def side_of(area: float, side: int) -> int:
    """Side of a square sticker that covers such a share of the image, to the nearest pixel, one at least."""
    return max(1, round(math.sqrt(area) * side))


def _bytes(images: Tensor) -> np.ndarray:
    return (255 * images).round().to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()

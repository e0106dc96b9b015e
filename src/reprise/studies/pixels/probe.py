"""What trained networks use of an image, how long their chains of operations are, and what they draw."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from reprise.data.parts import Arrays
from reprise.networks import Network
from reprise.studies.pixels.train import data
from reprise.workspace import Workspace

SEED = 98  # of all that is drawn, the same for every network


def probe(network: Network, workspace: Workspace) -> Arrays:
    """Asks one network.

    Returns:
        ``chain`` (): operations of the longest chain in a training step; ``later`` (): the largest gradient of a
        pixel's log probability by itself or a later pixel, ``earlier`` () by an earlier one; ``samples`` (n, h, w, 1)
        uint8; ``completed`` (images, times, h, w, 1) uint8, the upper half as in ``truth`` (images, h, w, 1), and
        ``nearest`` (images, h, w, 1), the training image whose upper half is most alike.
    """
    settings, model = workspace.config.probe, network.model
    parts = data(workspace, network.settings, network.seed)
    images = torch.from_numpy(parts.test["image"][: settings.completed]).permute(0, 3, 1, 2).to(network.device)
    rng = np.random.default_rng(SEED)
    side = images.shape[-1]
    pixels = rng.permutation(side * side)[: settings.pixels]
    later, earlier = gradients(model, images[:1].float(), pixels)
    draws = torch.from_numpy(rng.random((settings.samples, *images.shape[1:]), dtype=np.float32))
    samples = model.sample(draws.to(network.device))
    known = images.repeat_interleave(settings.times, dim=0)
    draws = torch.from_numpy(rng.random(known.shape, dtype=np.float32)).to(network.device)
    completed = model.sample(draws, known, given=side // 2)
    near = nearest(parts.test["image"][: settings.completed], parts.train["image"], side // 2)
    return {
        "chain": np.array(longest_chain(-model.log_probability(images).mean())),
        "later": np.array(later),
        "earlier": np.array(earlier),
        "samples": _stored(samples),
        "completed": _stored(completed).reshape(settings.completed, settings.times, side, side, 1),
        "truth": parts.test["image"][: settings.completed],
        "nearest": parts.train["image"][near],
    }


def gradients(model: nn.Module, image: Tensor, pixels: np.ndarray) -> tuple[float, float]:
    """Largest gradients of a pixel's log probability, over the given pixels of a (1, 1, h, w) image.

    Returns:
        By the pixel itself or a later one, and by an earlier one.
    """
    image = image.clone().requires_grad_()
    chances = model(image)[0, 0, 0].flatten()
    later = earlier = 0.0
    for pixel in pixels:
        (gradient,) = torch.autograd.grad(chances[int(pixel)], image, retain_graph=True)
        sizes = gradient.flatten().abs()
        later = max(later, float(sizes[pixel:].max()))
        earlier = max(earlier, float(sizes[:pixel].max()) if pixel else 0.0)
    return later, earlier


def longest_chain(loss: Tensor) -> int:
    """Operations on the longest path of the graph that computed ``loss``, each of which waits for the one before."""
    lengths: dict[object, int] = {}
    waiting = [loss.grad_fn]
    while waiting:
        node = waiting[-1]
        before = [parent for parent, _ in node.next_functions if parent is not None]
        missing = [parent for parent in before if parent not in lengths]
        if missing:
            waiting += missing
        else:
            lengths[node] = 1 + max((lengths[parent] for parent in before), default=0)
            waiting.pop()
    return lengths[loss.grad_fn]


def nearest(images: np.ndarray, others: np.ndarray, rows: int) -> np.ndarray:
    """(n,) for each image the number of the one of ``others`` whose first rows differ in the fewest pixels."""
    upper, all_upper = (each[:, :rows].reshape(len(each), -1).astype(np.float32) for each in (images, others))
    differing = upper.sum(axis=1)[:, None] + all_upper.sum(axis=1) - 2 * upper @ all_upper.T
    return differing.argmin(axis=1)


def _stored(images: Tensor) -> np.ndarray:
    return images.permute(0, 2, 3, 1).to(torch.uint8).cpu().numpy()

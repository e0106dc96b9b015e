"""Which pixels trained networks look at, and what their layers keep (claims 131 and 132)."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from reprise.data import cifar
from reprise.inside.deletion import deletion_curve, insertion_curve, random_maps
from reprise.inside.gradients import Score, activations, class_logit, frozen
from reprise.inside.invert import Features, invert, peak_signal_to_noise
from reprise.inside.saliency import by_pixel, edges, gradient, integrated_gradients, occlusion, smooth_grad
from reprise.networks import Network
from reprise.studies.saliency.orders import ORDERS, as_smooth
from reprise.studies.saliency.settings import HIDDEN, LAYERS, LOGITS, Probe
from reprise.studies.saliency.train import build
from reprise.workspace import Workspace

SHOWN = 4  # images whose maps and inversions are kept to be seen


def probe(network: Network, workspace: Workspace) -> dict[str, np.ndarray]:
    """Asks one network about the first test images; what is explained is the class that it names itself.

    Returns:
        for every map of ``ORDERS``: ``deletion/NAME`` and ``insertion/NAME`` (images, steps + 1) probabilities of that
        class; ``maps/NAME`` (SHOWN, h, w); ``images`` (SHOWN, h, w, c); ``untrained`` (images,) rank correlation of
        the gradient's map with that of a network that was never trained; ``inversion`` (images,) squared distance of
        the features that the inversion came to, relative to the square of those it looks for; ``widths`` (images,)
        pixels by which the difference from the fill was blurred to be as smooth as the inversion; and for the layers of
        ``LAYERS`` ``psnr/plain`` and ``psnr/smooth`` (layers, images) dB, ``agrees/...`` alike (1 where the inversion
        is given the same class), ``inversions`` (layers, SHOWN, h, w, c).
    """
    settings, data = workspace.config.probe, cifar.load(workspace.prepared(network.settings.data))
    pictures = _pictures(network, data.test_images[: settings.images])
    images = _seen(network, pictures)
    average = data.train_images.mean(axis=0, keepdims=True, dtype=np.float64).astype(np.float32)
    fill = _pictures(network, average)  # of what is deleted
    mean = _seen(network, fill)
    model = network.model
    with torch.no_grad():
        labels = model(images).argmax(dim=1)

    def probability(asked: Tensor) -> Tensor:
        return model(asked).softmax(dim=1).gather(1, labels[:, None])[:, 0]

    with frozen(model):
        restored, distance = _restored(network, pictures, fill, settings)
        maps = _maps(network, images, labels, mean, settings)
        maps |= {"inversion": by_pixel(restored - fill), "picture": by_pixel(pictures - fill)}
        smooth, widths = as_smooth(*(maps[name].double().cpu().numpy() for name in ("picture", "inversion")))
        maps["smooth_picture"] = torch.from_numpy(smooth).to(images)
        found: dict[str, Tensor] = {"inversion": distance, "widths": torch.from_numpy(widths)}
        for name in ORDERS:
            found[f"deletion/{name}"] = deletion_curve(probability, images, maps[name], mean, settings.steps)
            found[f"insertion/{name}"] = insertion_curve(probability, images, maps[name], mean, settings.steps)
            found[f"maps/{name}"] = maps[name][:SHOWN]
        found["untrained"] = _rank_correlation(maps["gradient"], maps["untrained"])
        found["images"] = pictures[:SHOWN].permute(0, 2, 3, 1)
        found |= _inversions(network, pictures[: settings.inverted], labels, settings)
    return {name: tensor.detach().cpu().numpy().astype(np.float32) for name, tensor in found.items()}


def _pictures(network: Network, images: np.ndarray) -> Tensor:
    """(n, h, w, c) as stored -> (n, c, h, w) in [0, 1]."""
    return torch.from_numpy(images).to(network.device).permute(0, 3, 1, 2).float() / 255


def _seen(network: Network, pictures: Tensor) -> Tensor:
    """Pictures in [0, 1] as the network sees them."""
    return network.task.images({"image": 255 * pictures.permute(0, 2, 3, 1)}).contiguous()


def _maps(network: Network, images: Tensor, labels: Tensor, mean: Tensor, settings: Probe) -> dict[str, Tensor]:
    score = class_logit(network.model, labels)
    torch.manual_seed(network.seed + 1_000_003)
    other = build(network.settings, network.shapes, network.structure).to(network.device).eval()
    with frozen(other):
        untrained = gradient(class_logit(other, labels), images)
    slope, shape = gradient(score, images), (len(images), *images.shape[-2:])
    return {
        "gradient": by_pixel(slope),
        "weighted": _deleted(slope, images - mean),
        "integrated": by_pixel(integrated_gradients(score, images, mean, settings.path)),
        "smooth": by_pixel(smooth_grad(score, images, settings.noise, settings.samples, network.seed)),
        "occlusion": _covered(score, images, mean, settings),
        "edges": edges(images),
        "untrained": by_pixel(untrained),
        "untrained_weighted": _deleted(untrained, images - mean),
        "chance": random_maps(shape, network.seed).to(images.device),
    }


def _deleted(slope: Tensor, difference: Tensor) -> Tensor:
    """(n, h, w): how much deleting a pixel, all its channels, changes the score to first order, up or down."""
    return (slope * difference).sum(dim=1).abs()


def _covered(score: Score, images: Tensor, mean: Tensor, settings: Probe) -> Tensor:
    """Signed: a square whose covering raises the score speaks against the class."""
    return occlusion(score, images, settings.window, settings.stride, mean).amax(dim=1)


def _restored(network: Network, pictures: Tensor, fill: Tensor, settings: Probe) -> tuple[Tensor, Tensor]:
    """Inversions of the last hidden layer, and how far their features are from the pictures'.

    They begin with what a deleted pixel becomes: where the features tell nothing, nothing is marked. As Mahendran and
    Vedaldi (2015) have it, differences of neighbouring pixels have a weight: without, what comes back is full of them.
    """
    ask = _layer(network, HIDDEN[network.settings.data])
    with torch.no_grad():
        targets = ask(pictures)
    return _known(ask, targets, pictures, settings.inversion_steps, settings.smoothness, start=fill)


def _inversions(network: Network, pictures: Tensor, labels: Tensor, settings: Probe) -> dict[str, Tensor]:
    found: dict[str, list[Tensor]] = {}
    for name in LAYERS[network.settings.data]:
        ask = _layer(network, name)
        with torch.no_grad():
            targets = ask(pictures)
        for form, weight in (("plain", 0.0), ("smooth", settings.smoothness)):
            back, _ = _known(ask, targets, pictures, settings.inversion_steps, weight)
            with torch.no_grad():
                agrees = network.model(_seen(network, back)).argmax(dim=1) == labels[: len(pictures)]
            found.setdefault(f"psnr/{form}", []).append(peak_signal_to_noise(back, pictures))
            found.setdefault(f"agrees/{form}", []).append(agrees.float())
            if form == "smooth":
                found.setdefault("inversions", []).append(back[:SHOWN].permute(0, 2, 3, 1))
    return {name: torch.stack(parts) for name, parts in found.items()}


def _layer(network: Network, name: str) -> Features:
    """Of pictures in [0, 1]; rectified, but for the logits."""
    ask = activations(network.model, [name], rectified=name not in LOGITS)
    return lambda pictures: ask(_seen(network, pictures))[0]


def _known(
    ask: Features, targets: Tensor, pictures: Tensor, steps: int, smoothness: float = 0.0, start: Tensor | float = 0.5
) -> tuple[Tensor, Tensor]:
    """Inversions and their distances; a picture whose features are all 0 stays as begun: nothing is known of it."""
    back = torch.as_tensor(start, device=pictures.device).expand_as(pictures).clone()
    distance = torch.ones(len(pictures), device=pictures.device)
    some = targets.flatten(1).square().sum(dim=1) > 0
    if some.any():
        found = invert(ask, targets[some], tuple(pictures.shape[1:]), steps, smoothness=smoothness, start=start)
        back[some], distance[some] = found.images, found.distance
    return back, distance


def _rank_correlation(one: Tensor, other: Tensor) -> Tensor:
    """(n,) Spearman's, of maps (n, h, w); ties in reading order."""
    ranks = [each.flatten(1).argsort(dim=1, stable=True).argsort(dim=1).double() for each in (one, other)]
    centred = [each - each.mean(dim=1, keepdim=True) for each in ranks]
    return (centred[0] * centred[1]).sum(dim=1) / (centred[0].norm(dim=1) * centred[1].norm(dim=1))

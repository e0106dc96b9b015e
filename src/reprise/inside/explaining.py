"""``reprise saliency``: which pixels of the user's own picture a trained network's answer depends on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from reprise.files import check_writable, shown
from reprise.inside.gradients import Score, class_logit, frozen
from reprise.inside.pictures import read_colour, spared
from reprise.inside.saliency import by_pixel, gradient, integrated_gradients, occlusion, smooth_grad
from reprise.inside.trained import check_trained
from reprise.networks import Network, load_networks
from reprise.plotting import figure
from reprise.registry import nearest
from reprise.workspace import Workspace

GREY = torch.tensor([0.299, 0.587, 0.114])[:, None, None]  # ITU-R 601, as everywhere here


def explain(picture: Path, network: str, out: Path, method: str, label: int | None = None, seed: int = 0) -> str:
    """Writes the picture as the network sees it beside its map.

    Args:
        picture: the file.
        network: ``STUDY/VARIANT`` of networks that were trained on images.
        out: a PNG.
        method: a key of ``METHODS``.
        label: class to explain; by default the one that the network names.
        seed: which of the variant's networks.

    Returns:
        What the network names and how sure it is.

    Raises:
        ValueError: no such network, a damaged one or not one that classifies images, or a picture that cannot be read.
        OSError: a file cannot be read or written.
    """
    if out.suffix.lower() != ".png":
        raise ValueError(f"{shown(out)}: name it .png")
    spared(out, picture)
    check_writable(out)
    asked = _network(network, seed)
    side, shape = asked.shapes["image"][0], asked.shapes["image"]
    small = _fitted(read_colour(picture), shape)
    images = asked.task.images({"image": (small * 255).round().permute(0, 2, 3, 1).to(asked.device)}).contiguous()
    with torch.no_grad():
        sure = asked.model(images).softmax(dim=1)[0]
    named = int(sure.argmax())
    chosen = named if label is None else label
    if not 0 <= chosen < len(sure):
        raise ValueError(f"--label {chosen}: the network has the classes 0 to {len(sure) - 1}")
    with frozen(asked.model):
        score = class_logit(asked.model, torch.tensor([chosen], device=asked.device))
        values = METHODS[method](score, images)[0].cpu().numpy()
    _draw(out, small[0].permute(1, 2, 0).numpy(), values, f"{method}, class {chosen}")
    return (
        f"{out}: {side} x {side} pixels of {shape[2]} channels; the network names class {named} with "
        f"{float(sure[named]):.3f}" + ("" if chosen == named else f", class {chosen} with {float(sure[chosen]):.3f}")
    )


def _smooth(score: Score, images: Tensor) -> Tensor:
    return by_pixel(smooth_grad(score, images, 0.15 * float(images.max() - images.min()), samples=50))


def _occluded(score: Score, images: Tensor) -> Tensor:
    window = max(2, images.shape[-1] // 5)
    return occlusion(score, images, window, max(1, window // 3), images.mean()).amax(dim=1)


METHODS = {
    "gradient": lambda score, images: by_pixel(gradient(score, images)),
    "integrated": lambda score, images: by_pixel(integrated_gradients(score, images, images.mean(), 100)),
    "smooth": _smooth,
    "occlusion": _occluded,
}


def _network(name: str, seed: int) -> Network:
    study, _, variant = name.partition("/")
    workspace = Workspace(study)
    variants = getattr(workspace.config, "variants", {})
    if variant not in variants:
        raise ValueError(f"{shown(name)}: expected STUDY/VARIANT{nearest(variant, variants)}")
    check_trained(workspace, variant)
    seen = []
    for network in load_networks(workspace, variant):
        seen.append(network.seed)
        if network.seed == seed:
            if set(network.shapes) < {"image", "label"} or not hasattr(network.task, "images"):
                raise ValueError(f"{shown(name)}: its networks do not classify images")
            return network
    raise ValueError(f"{shown(name)}: no seed {seed}; there are {', '.join(map(str, seen))}")


def _fitted(image: Tensor, shape: tuple[int, ...]) -> Tensor:
    """(1, 3, h, w) -> (1, c, side, side): the middle square, made small; grey where the network sees grey."""
    h, w = image.shape[-2:]
    side = min(h, w)
    top, left = (h - side) // 2, (w - side) // 2
    square = image[0, :, top : top + side, left : left + side].permute(1, 2, 0).numpy()
    drawn = Image.fromarray((square * 255 + 0.5).astype(np.uint8)).resize(shape[1::-1], Image.Resampling.LANCZOS)
    small = torch.from_numpy(np.asarray(drawn, np.float32) / 255).permute(2, 0, 1)[None]
    return small if shape[2] == 3 else (small * GREY).sum(dim=1, keepdim=True)


def _draw(out: Path, image: np.ndarray, values: np.ndarray, title: str) -> None:
    with figure(out, 6, 3, ncols=2) as (_, axes):
        axes[0].imshow(image.squeeze(), cmap="gray", vmin=0, vmax=1)
        axes[1].imshow(values, cmap="magma")
        for axis, words in zip(axes, ("what the network sees", title), strict=True):
            axis.set_title(words, fontsize=9)
            axis.set(xticks=[], yticks=[])
            axis.spines[:].set_visible(False)

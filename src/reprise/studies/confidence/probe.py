"""How sure trained networks are of distorted images (claims 29 and 30)."""

from __future__ import annotations

import io
from typing import Literal

import numpy as np
import torch
from PIL import Image
from scipy.ndimage import gaussian_filter

from reprise.data import cifar
from reprise.data.batches import Batches, resident
from reprise.data.parts import Arrays
from reprise.networks import Network
from reprise.studies.confidence.settings import INFLATION, STRENGTHS
from reprise.workspace import Workspace


def probe(network: Network, workspace: Workspace) -> Arrays:
    """Asks one network about the first test images.

    Returns:
        float32 logits: ``distorted/KIND`` (strengths, n, k) for each of STRENGTHS, and ``inflated/logits`` (n, k) of
        the images multiplied by 1.3, beyond the range of pixels.
    """
    images = cifar.load(workspace.prepared("cifar"))
    first = slice(workspace.config.probe.images)
    pictures, labels = images.test_images[first], images.test_labels[first]
    test = cifar.as_arrays(pictures, labels, np.arange(len(labels)))
    inflated = test | {"image": pictures.astype(np.float32) * np.float32(INFLATION)}
    found = {"inflated/logits": network.predict(inflated)["logits"]}
    views = {kind: distort(pictures, kind) for kind in ("blur", "jpeg", "noise")}
    views["fgsm"] = attack(network, test)
    for kind, stack in views.items():
        count = len(stack)
        tiled = {name: np.tile(array, (count,) + (1,) * (array.ndim - 1)) for name, array in test.items()}
        logits = network.predict(tiled | {"image": stack.reshape(-1, *stack.shape[2:])})["logits"]
        found[f"distorted/{kind}"] = logits.reshape(count, -1, logits.shape[1])
    return found


def distort(images: np.ndarray, kind: Literal["blur", "jpeg", "noise"]) -> np.ndarray:
    """Distorted copies in the strengths of STRENGTHS.

    Args:
        images: (n, h, w, 3) uint8.
        kind: Gaussian blur within each colour (edges repeated), JPEG, or Gaussian noise from a fixed seed; noise of
            growing strength is one draw multiplied.

    Returns:
        (strengths, n, h, w, 3) uint8, in growing strength.
    """
    if kind == "jpeg":
        return np.stack([np.stack([_jpeg(image, quality) for image in images]) for quality in STRENGTHS[kind]])
    floats = images.astype(np.float32)
    if kind == "blur":
        views = [gaussian_filter(floats, (0, sigma, sigma, 0), mode="nearest") for sigma in STRENGTHS[kind]]
    else:
        draw = np.random.default_rng(0).standard_normal(images.shape, dtype=np.float32)
        views = [floats + np.float32(sigma) * draw for sigma in STRENGTHS[kind]]
    return np.clip(np.rint(np.stack(views)), 0, 255).astype(np.uint8)


def _jpeg(image: np.ndarray, quality: int) -> np.ndarray:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer))


def attack(network: Network, test: Arrays) -> np.ndarray:
    """(strengths, n, h, w, 3) uint8: one step along the sign of the loss's gradient (Goodfellow et al., 2015)."""
    signs = []
    for batch in Batches(resident(test, network.device), 256):
        image = batch["image"].float().requires_grad_()
        loss = network.task.loss(batch | {"image": image})
        signs.append(torch.autograd.grad(loss, image)[0].sign().cpu().numpy().astype(np.int16))
    sign = np.concatenate(signs)
    views = [test["image"].astype(np.int16) + step * sign for step in STRENGTHS["fgsm"]]
    return np.clip(np.stack(views), 0, 255).astype(np.uint8)

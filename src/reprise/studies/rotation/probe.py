"""What trained networks make of turned test images, and rotated networks of the baseline's weights (claims 66-69)."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
from scipy.ndimage import rotate

from reprise.data import cifar
from reprise.data.parts import Arrays
from reprise.networks import Network
from reprise.studies.rotation.settings import TRANSPLANTS, Probe
from reprise.studies.rotation.train import build, task
from reprise.workspace import Workspace


def probe(network: Network, workspace: Workspace) -> Arrays:
    """Asks one network.

    Returns:
        ``turned/index`` (images * angles,) and ``turned/label``: which test images; ``turned/logits`` (.., 10), image
        by image, all angles of each. Of networks without rotated filters also ``transplant/K_rot_N`` (images * angles,)
        uint8: the classes that a rotated network predicts with this one's weights, untrained.
    """
    path = workspace.prepared("cifar")
    turned = _turned_once(path, path.stat().st_mtime_ns, workspace.config.probe)
    found = {f"turned/{name}": turned[name] for name in ("index", "label")}
    found["turned/logits"] = network.predict(turned)["logits"]
    if network.settings.rotated_last:
        return found
    for k, n in TRANSPLANTS:
        settings = network.settings.model_copy(update={"rotations": k, "rotated_last": n})
        other = build(settings, network.shapes)
        other.load_state_dict(network.model.state_dict())
        logits = network.with_task(task(other, settings, network.seed)).predict(turned)["logits"]
        found[f"transplant/{k}_rot_{n}"] = logits.argmax(axis=1).astype(np.uint8)
    return found


@functools.lru_cache(maxsize=1)
def _turned_once(path: Path, changed: int, settings: Probe) -> Arrays:
    """The same for all seeds of a variant: at ``full`` turning a thousand images takes longer than some trainings."""
    return turned(cifar.load(path), settings)


def turned(images: cifar.Images, settings: Probe) -> Arrays:
    """(images * angles) test images turned about their centre, cubic splines with zeros outside, as the source did.

    ``index`` is the test image's number, the source's own image first, then a seeded choice of others.
    """
    count = len(images.test_labels)
    order = np.random.default_rng(1337).permutation(count)
    first = min(settings.image, count - 1)
    chosen = np.concatenate([[first], order[order != first]])[: settings.images]
    stack = images.test_images[chosen].transpose(1, 2, 0, 3).reshape(32, 32, -1).astype(np.float32)
    angles = np.arange(settings.angles) * 360 / settings.angles
    out = np.empty((len(chosen), settings.angles, 32, 32, 3), np.uint8)
    for i, angle in enumerate(angles):
        view = rotate(stack, angle, axes=(0, 1), reshape=False, order=3) if angle else stack
        out[:, i] = np.clip(view + 0.5, 0, 255).reshape(32, 32, len(chosen), 3).transpose(2, 0, 1, 3).astype(np.uint8)
    index = np.repeat(chosen, settings.angles)
    return cifar.as_arrays(out.reshape(-1, 32, 32, 3), images.test_labels[index], index)

"""Rotated copies of every filter, and the strongest response of them (claims 60-71).

Source: "Rotational convolutions" (raghakot). Each 3 x 3 filter is applied in 4 or 8 orientations, made by shifting its
ring of eight weights, and the maximum over orientations goes on; ``k_rot_n`` rotates the last n of the mini-VGG's four
convolutions k times. The write-up expects rotation invariance for free; its own figures show validation accuracies of
.8269 (baseline), .8170 (8_rot_1), .8146 (4_rot_1) down to .7055 (8_rot_4).

What is varied: k and n; how orientations are merged (max, concatenated, or concatenated and squeezed by a 1 x 1
convolution); the protocol. The source chose its learning rate, epoch and weights on the test images: the variant
``baseline_source_protocol`` repeats that, all others hold out 5,000 training images.

Every network is probed with test images turned by all angles; the baseline's weights are also put into every rotated
network without training it (claim 68).

Cost: ``small`` about half a minute a variant on two cores; ``full`` (50,000 images, at most 200 epochs with early
stopping) is for a GPU: the source took about ten hours for nine networks.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import Field

from reprise.config import Strict, StudyConfig, VariantName
from reprise.data import cifar
from reprise.studies._images import SHAPE, ImageSettings, as_arrays, image_data
from reprise.studies._images import classify as task

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from torch import nn

    from reprise.tasks.classify import Classify
    from reprise.training import TrainingData
    from reprise.workspace import Workspace

__all__ = ["DATA", "PARAMETERS", "SHAPE", "Config", "RotationSettings", "after", "build", "data", "task"]

DATA = "cifar"
PARAMETERS = {"baseline": 1_250_858, "4_rot_4": 1_250_858, "8_rot_1": 1_250_858, "8_rot_4": 1_250_858}
TRANSPLANTS = tuple((k, n) for k in (4, 8) for n in (1, 2, 3, 4))


class RotationSettings(ImageSettings):
    """What a variant can turn."""

    width: int = Field(32, ge=1)
    rotations: Literal[1, 2, 4, 8] = 8
    rotated_last: int = Field(0, ge=0, le=4)
    merge: Literal["max", "concat", "squeeze"] = "max"


class Probe(Strict):
    """Turned test images."""

    images: int = Field(ge=1)
    angles: int = Field(ge=4, multiple_of=4, description="evenly over the circle, the first is 0")
    image: int = Field(5, ge=0, description="the source's single test image")


class Config(StudyConfig):
    """The section ``rotation`` of params.yaml."""

    probe: Probe
    base: RotationSettings
    variants: dict[VariantName, RotationSettings]


def data(workspace: Workspace, settings: RotationSettings, seed: int) -> TrainingData:
    """CIFAR-10, and the probe: image by image, all angles of each."""
    path = workspace.prepared(DATA)
    probe = _turned_once(path, path.stat().st_mtime_ns, workspace.config.probe)
    return image_data(workspace, settings, probes={"turned": probe})


@functools.lru_cache(maxsize=1)
def _turned_once(path: Path, changed: int, probe: Probe) -> dict[str, np.ndarray]:
    """The same for all seeds of a variant: at ``full`` turning a thousand images takes longer than some trainings."""
    return turned(cifar.load(path), probe)


def turned(images: cifar.Images, probe: Probe) -> dict[str, np.ndarray]:
    """(images * angles) test images turned about their centre, cubic splines with zeros outside, as the source did.

    ``index`` is the test image's number, the source's own image first, then a seeded choice of others.
    """
    from scipy.ndimage import rotate

    count = len(images.test_labels)
    order = np.random.default_rng(1337).permutation(count)
    first = min(probe.image, count - 1)
    chosen = np.concatenate([[first], order[order != first]])[: probe.images]
    stack = images.test_images[chosen].transpose(1, 2, 0, 3).reshape(32, 32, -1).astype(np.float32)
    angles = np.arange(probe.angles) * 360 / probe.angles
    out = np.empty((len(chosen), probe.angles, 32, 32, 3), np.uint8)
    for i, angle in enumerate(angles):
        view = rotate(stack, angle, axes=(0, 1), reshape=False, order=3) if angle else stack
        out[:, i] = np.clip(view + 0.5, 0, 255).reshape(32, 32, len(chosen), 3).transpose(2, 0, 1, 3).astype(np.uint8)
    index = np.repeat(chosen, probe.angles)
    return as_arrays(out.reshape(-1, 32, 32, 3), images.test_labels[index], index)


def build(settings: RotationSettings, shape: tuple[int, ...], structure: None = None) -> nn.Module:
    """The mini-VGG, its last convolutions rotated."""
    from reprise.models.minivgg import MiniVGG

    return MiniVGG(
        size=shape[0],
        width=settings.width,
        hidden=16 * settings.width,
        rotations=settings.rotations,
        rotated_last=settings.rotated_last,
        merge=settings.merge,
    )


def after(task: Classify, data: TrainingData, predict: Callable[..., dict[str, np.ndarray]]) -> dict[str, Any]:
    """The baseline's trained weights in every rotated network, as they are (claim 68).

    Returns:
        ``transplant/K_rot_N`` (probe,) uint8: the predicted classes; nothing for rotated networks.
    """
    if task.settings.rotated_last:
        return {}
    weights = task.model.state_dict()
    arrays = {}
    for k, n in TRANSPLANTS:
        settings = task.settings.model_copy(update={"rotations": k, "rotated_last": n})
        other = build(settings, data.shape)
        other.load_state_dict(weights)
        logits = predict(type(task)(other, settings, task.seed), data.probes["turned"])["logits"]
        arrays[f"transplant/{k}_rot_{n}"] = logits.argmax(axis=1).astype(np.uint8)
    return arrays

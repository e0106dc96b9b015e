"""How sure networks are, and how sure they should be (claims 29-41).

Sources: Guo, Pleiss, Sun and Weinberger, "On calibration of modern neural networks" (ICML 2017), and Subramanya,
Srinivas and Babu, "Confidence estimation in deep neural networks via density modelling" (2017), as the source sums them
up: deep, wide networks with little regularisation are surer than they are right; one temperature mends it; a density on
the logits notices distorted images where the softmax does not.

What is varied: a residual network's depth, width and weight decay, one at a time; beside it the mini-VGG with and
without batch norm (a residual network without it hardly trains) and LeNet-5. All are trained to the last epoch, as in
the paper, and predicted with those weights; with those of the least validation loss too, for comparison. The methods
are fitted on validation images, held out from training.

The first test images are also predicted distorted: blurred, compressed, noisy, and moved along the sign of the loss's
gradient, each in growing strengths; and multiplied by 1.3.

Cost: ``small`` 24-77 s a variant with one thread on a busy machine; ``full`` (45,000 images, 164 epochs, up to 110
layers) is for a GPU.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import Field

from reprise.config import StudyConfig, VariantName
from reprise.data import cifar
from reprise.studies._images import SHAPE, SPLIT_SEED, ImageSettings, as_arrays

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

    from reprise.tasks.stepwise import Stepwise
    from reprise.training import TrainingData
    from reprise.workspace import Workspace

__all__ = [
    "DATA",
    "INFLATION",
    "PARAMETERS",
    "SHAPE",
    "STRENGTHS",
    "ConfidenceSettings",
    "Config",
    "after",
    "build",
    "data",
    "distort",
    "task",
]

DATA = "cifar"
PARAMETERS = {"resnet": 269_722, "minivgg": 1_250_858, "lenet5": 62_006}
STRENGTHS = {
    "blur": (0.5, 1.0, 1.5, 2.0, 3.0),  # standard deviation, pixels
    "jpeg": (60, 30, 15, 8, 3),  # quality
    "noise": (8, 16, 32, 48, 64),  # standard deviation, of 255
    "fgsm": (1, 2, 4, 8, 16),  # step, of 255
}
INFLATION = 1.3  # the source's own example of claim 29


class ConfidenceSettings(ImageSettings):
    """What a variant can turn."""

    network: Literal["resnet", "minivgg", "lenet5"] = "resnet"
    depth: int = Field(20, ge=8, description="of the residual network: 6n + 2")
    width: int = Field(16, ge=1, description="channels of the first stage (resnet) or layer (minivgg)")
    batch_norm: bool = True
    momentum: float = Field(0.9, ge=0, lt=1, description="of gradient descent; 0: Adam")
    drops: list[float] = Field([0.5, 0.75], description="shares of the epochs after which the rate falls tenfold")
    protocol: Literal["held_out"] = Field("held_out", description="calibration needs images that were not trained on")
    held_out: float = Field(0.1, gt=0, lt=1, description="share of the training images kept for validation")
    examples: int | None = Field(None, ge=10, description="train on the first so many of what remains; null: all")
    distorted: int = Field(ge=1, description="test images that are predicted distorted")


class Config(StudyConfig):
    """The section ``confidence`` of params.yaml."""

    base: ConfidenceSettings
    variants: dict[VariantName, ConfidenceSettings]


def data(workspace: Workspace, settings: ConfidenceSettings, seed: int) -> TrainingData:
    """CIFAR-10 or CIFAR-100; ``structure`` is the number of classes."""
    from reprise.training import TrainingData

    images = cifar.load(workspace.prepared(DATA))
    train, validation, test = cifar.parts(images, SPLIT_SEED, settings.protocol, settings.held_out)
    train = cifar.Part(*(array[: settings.examples] for array in train))
    return TrainingData(as_arrays(*train), as_arrays(*validation), as_arrays(*test), structure=images.classes)


def build(settings: ConfidenceSettings, shape: tuple[int, ...], structure: int | None = None) -> nn.Module:
    """The variant's network; ``structure`` is the number of classes, ten where it is not said."""
    from reprise.models.lenet import LeNet5
    from reprise.models.minivgg import MiniVGG
    from reprise.models.resnet import ResNet

    size, _, channels = shape
    classes = structure or 10
    if settings.network == "lenet5":
        return LeNet5(classes, channels, size)
    if settings.network == "minivgg":
        width, norm = settings.width, settings.batch_norm
        return MiniVGG(classes, channels, width, hidden=16 * width, size=size, batch_norm=norm)
    return ResNet(settings.depth, settings.width, classes, channels, settings.batch_norm)


def task(model: nn.Module, settings: ConfidenceSettings, seed: int) -> Stepwise:
    """Gradient descent with momentum or Adam, to the last epoch."""
    from reprise.tasks.stepwise import Stepwise

    return Stepwise(model, settings, seed)


def after(task: Stepwise, data: TrainingData, predict: Callable[..., dict[str, np.ndarray]]) -> dict[str, Any]:
    """What the last epoch's weights predict.

    Returns:
        float32 logits: ``last/validation/logits`` and ``last/test/logits`` (n, k); of the first ``distorted`` test
        images ``distorted/KIND`` (strengths, n, k) for each of STRENGTHS, and ``inflated/logits`` (n, k) of the images
        multiplied by 1.3, beyond the range of pixels.
    """
    if hasattr(task, "last_weights"):
        task.model.load_state_dict(task.last_weights)
    test = {name: array[: task.settings.distorted] for name, array in data.test.items()}
    arrays = {
        "last/validation/logits": predict(task, data.validation)["logits"],
        "last/test/logits": predict(task, data.test)["logits"],
        "inflated/logits": predict(task, test | {"image": test["image"].astype(np.float32) * np.float32(INFLATION)})[
            "logits"
        ],
    }
    views = {kind: distort(test["image"], kind) for kind in ("blur", "jpeg", "noise")}
    views["fgsm"] = _attack(task, test)
    for kind, stack in views.items():
        count = len(stack)
        tiled = {name: np.tile(array, (count,) + (1,) * (array.ndim - 1)) for name, array in test.items()}
        logits = predict(task, tiled | {"image": stack.reshape(-1, *stack.shape[2:])})["logits"]
        arrays[f"distorted/{kind}"] = logits.reshape(count, -1, logits.shape[1])
    return arrays


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
        from scipy.ndimage import gaussian_filter

        views = [gaussian_filter(floats, (0, sigma, sigma, 0), mode="nearest") for sigma in STRENGTHS[kind]]
    else:
        draw = np.random.default_rng(0).standard_normal(images.shape, dtype=np.float32)
        views = [floats + np.float32(sigma) * draw for sigma in STRENGTHS[kind]]
    return np.clip(np.rint(np.stack(views)), 0, 255).astype(np.uint8)


def _jpeg(image: np.ndarray, quality: int) -> np.ndarray:
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer))


def _attack(task: Stepwise, test: dict[str, np.ndarray]) -> np.ndarray:
    """(strengths, n, h, w, 3) uint8: one step along the sign of the loss's gradient (Goodfellow et al., 2015)."""
    import torch

    from reprise.data.batches import Batches, resident

    model = task.model.eval()
    device = next(model.parameters()).device
    signs = []
    for batch in Batches(resident(test, device), 256):
        image = batch["image"].float().requires_grad_()
        loss = task.loss(batch | {"image": image})
        signs.append(torch.autograd.grad(loss, image)[0].sign().cpu().numpy().astype(np.int16))
    sign = np.concatenate(signs)
    views = [test["image"].astype(np.int16) + step * sign for step in STRENGTHS["fgsm"]]
    return np.clip(np.stack(views), 0, 255).astype(np.uint8)

"""Fully convolutional networks (Long, Shelhamer and Darrell 2015): VGG-16 that answers for every pixel.

The dense layers become convolutions, fc6 with a filter of 7 x 7 and fc7 of 1 x 1; a 1 x 1 convolution gives scores of
the classes at a stride of 32 pixels, and up-sampling brings them to the input's size. FCN-16s and FCN-8s add scores of
the fourth and third pooling layer before.

Two forms, with the same parameters. ``published``: 100 pixels of border around the input, nothing around fc6, and crops
at the offsets that follow from both; inputs of any size. ``same``: fc6 has a border of 3, so that 7 x 7 stays 7 x 7, as
the write-up (S4) describes it; inputs are filled up to multiples of 32 and the answer is cropped, without which 500
pixels would come back as 480.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from reprise.layers.bilinear import Bilinear
from reprise.models.dropout import Dropout

VGG16 = (2, 2, 3, 3, 3)  # convolutions of each stage
BORDER = 100  # pixels
Form = Literal["published", "same"]


class FCN(nn.Module):
    """An FCN with an output stride of 32, 16 or 8.

    Args:
        classes: scores at each pixel.
        stride: 32, 16 or 8.
        width: filters of the first stage; 1, 2, 4, 8, 8 times as many in the five stages.
        dense: filters of fc6 and fc7.
        convolutions: of each stage; VGG-16's by default.
        learned: the up-sampling filters are trained, from bilinear on; fixed otherwise.
        form: see the module's text.
        dropout: after fc6 and fc7.
        norm: batch norm after every convolution of the stages, for training without pretrained weights.

    Shape: (n, 3, h, w) -> (n, classes, h, w) logits.

    Raises:
        ValueError: another stride.
    """

    def __init__(
        self,
        classes: int = 21,
        stride: int = 32,
        width: int = 64,
        dense: int = 4096,
        convolutions: Sequence[int] = VGG16,
        learned: bool = False,
        form: Form = "published",
        dropout: float = 0.5,
        norm: bool = False,
    ) -> None:
        super().__init__()
        if stride not in (8, 16, 32):
            raise ValueError(f"stride: found {stride}, expected 8, 16 or 32")
        self.stride, self.form = stride, form
        widths = [width * times for times in (1, 2, 4, 8, 8)]
        before = [3, *widths[:-1]]
        self.stages = nn.ModuleList(
            _stage(inputs, outputs, count, norm)
            for inputs, outputs, count in zip(before, widths, convolutions, strict=True)
        )
        if form == "published":
            self.stages[0][0].padding = (BORDER, BORDER)
        self.fc6 = _convolution(widths[4], dense, 7, 3 if form == "same" else 0)
        self.fc7 = _convolution(dense, dense, 1, 0)
        self.drop = Dropout(dropout)
        self.score = nn.Conv2d(dense, classes, 1)
        nn.init.normal_(self.score.weight, std=0.01)
        nn.init.zeros_(self.score.bias)
        skips = {32: (), 16: (3,), 8: (3, 2)}[stride]  # stages whose pooled maps are scored, from the coarse on
        self.skips = nn.ModuleList(_zeros(nn.Conv2d(widths[stage], classes, 1)) for stage in skips)
        self.stage_of = skips
        same = form == "same"
        self.doubling = nn.ModuleList(Bilinear(classes, 2, learned, 1 if same else 0) for _ in skips)
        self.last = Bilinear(classes, stride, learned, stride // 2 if same else 0)

    def features(self, images: Tensor) -> list[Tensor]:
        """The five pooled maps of the stages."""
        found = []
        for stage in self.stages:
            images = stage(images)
            found.append(images)
        return found

    def forward(self, images: Tensor) -> Tensor:
        height, width = images.shape[-2:]
        if self.form == "same":
            images = F.pad(images, (0, -width % 32, 0, -height % 32))
        pooled = self.features(images)
        hidden = self.drop(F.relu(self.fc6(pooled[4])))
        scores = self.score(self.drop(F.relu(self.fc7(hidden))))
        for stage, score, double in zip(self.stage_of, self.skips, self.doubling, strict=True):
            scores = double(scores)
            more = score(pooled[stage])
            offset = 0 if self.form == "same" else SKIP_OFFSET[stage]
            scores = scores + _crop(more, offset, scores.shape[-2:])
        return _crop(self.last(scores), 0 if self.form == "same" else LAST_OFFSET[self.stride], (height, width))


# With a border of 100 pixel i of the last scores answers for the input's pixels around 32 i + 16 - 100 + 96: fc6 looks
# three cells ahead. The filters reach half a factor beyond. So the crops are fixed, as in the release.
SKIP_OFFSET = {3: 5, 2: 9}  # of the scores of pool4 and of pool3
LAST_OFFSET = {32: 19, 16: 27, 8: 31}


def FCN32s(classes: int = 21, **settings: object) -> FCN:  # noqa: N802  the field's own names
    """FCN-32s: 134,346,581 parameters with 21 classes and fixed up-sampling."""
    return FCN(classes, 32, **settings)


def FCN16s(classes: int = 21, **settings: object) -> FCN:  # noqa: N802
    """FCN-16s, with the scores of pool4: 134,357,354 parameters."""
    return FCN(classes, 16, **settings)


def FCN8s(classes: int = 21, **settings: object) -> FCN:  # noqa: N802
    """FCN-8s, with the scores of pool4 and pool3: 134,362,751 parameters."""
    return FCN(classes, 8, **settings)


def adopt_vgg16(model: FCN, weights: Mapping[str, Tensor]) -> None:
    """Puts the weights of a classifying VGG-16 into an FCN: convolutions as they are, fc6 and fc7 as convolutions.

    The scores of its 1,000 classes are left out. Names are those of ``reprise.models.zoo.VGG`` and of torchvision:
    ``features.0.weight`` … ``features.28.bias``, ``classifier.0.weight``, ``classifier.3.weight``.

    Args:
        model: without batch norm.
        weights: by name; fc6 (dense, 49 * maps) with the maps first, as PyTorch flattens them.

    Raises:
        ValueError: a weight is missing or has another shape; the message names all of them. Nothing is changed then.
    """
    pairs = vgg16_names(model)
    problems, ready = [], {}
    for name, own in pairs.items():
        wanted = tuple(own.shape)
        found = weights.get(name)
        if found is None:
            problems.append(f"{name} is missing")
        elif found.numel() != own.numel() or tuple(found.shape) not in (wanted, _flat(wanted)):
            problems.append(f"{name} has shape {tuple(found.shape)}, expected {_flat(wanted)}")
        else:
            ready[name] = found.reshape(wanted)
    if problems:
        raise ValueError("weights of VGG-16 do not fit: " + "; ".join(problems))
    with torch.no_grad():
        for name, own in pairs.items():
            own.copy_(ready[name])


def vgg16_names(model: FCN) -> dict[str, Tensor]:
    """The weights that an FCN shares with a classifying VGG, by the latter's names."""
    found: dict[str, Tensor] = {}
    place = 0
    for stage in model.stages:
        for layer in stage:
            if isinstance(layer, nn.BatchNorm2d):
                raise ValueError("weights of VGG-16 fit a network without batch norm only")
            if isinstance(layer, nn.Conv2d):
                found |= {f"features.{place}.weight": layer.weight, f"features.{place}.bias": layer.bias}
            place += 1
    for number, layer in ((0, model.fc6), (3, model.fc7)):
        found |= {f"classifier.{number}.weight": layer.weight, f"classifier.{number}.bias": layer.bias}
    return found


def _flat(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape that a dense layer has for what is a convolution here."""
    return (shape[0], shape[1] * shape[2] * shape[3]) if len(shape) == 4 and shape[2] in (1, 7) else shape


def _stage(inputs: int, outputs: int, count: int, norm: bool) -> nn.Sequential:
    layers: list[nn.Module] = []
    for _ in range(count):
        layers.append(_convolution(inputs, outputs, 3, 1))
        layers += [nn.BatchNorm2d(outputs)] if norm else []
        layers.append(nn.ReLU())
        inputs = outputs
    return nn.Sequential(*layers, nn.MaxPool2d(2, ceil_mode=True))


def _convolution(inputs: int, outputs: int, side: int, padding: int) -> nn.Conv2d:
    layer = nn.Conv2d(inputs, outputs, side, padding=padding)
    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    nn.init.zeros_(layer.bias)
    return layer


def _zeros(layer: nn.Conv2d) -> nn.Conv2d:
    """Scores of a skip begin at zero, so that it changes nothing at first (as in the paper)."""
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


def _crop(maps: Tensor, offset: int, size: Sequence[int]) -> Tensor:
    return maps[..., offset : offset + size[0], offset : offset + size[1]]

"""Networks that say how probable an image is, pixel by pixel, and draw new ones (van den Oord et al., 2016; 95-98).

PixelCNN sees earlier pixels through masked convolutions; the two PixelRNNs carry states along rows or diagonals.
"""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from reprise.layers.masked import Cache, Mask, MaskedConv2d
from reprise.layers.pixel_lstm import DiagonalBiLSTM, RowLSTM

Kind = Literal["cnn", "row", "diagonal"]


class ResidualConv(nn.Module):
    """Three masked convolutions beside the identity, the middle one 3 x 3; (n, 2 width, h, w) -> the same."""

    def __init__(self, width: int, colours: int) -> None:
        super().__init__()
        sizes = ((2 * width, width, 1), (width, width, 3), (width, 2 * width, 1))
        self.layers = nn.ModuleList(MaskedConv2d(*each, "B", colours) for each in sizes)

    def forward(self, x: Tensor) -> Tensor:
        """The whole image."""
        out = x
        for layer in self.layers:
            out = layer(F.relu(out))
        return x + out

    def start(self, *shape: int) -> Cache:
        """Of its layers."""
        return {"layers": [layer.start(*shape) for layer in self.layers]}

    def step(self, cache: Cache, x: Tensor, i: int, j: int) -> Tensor:
        """One pixel."""
        out = x
        for layer, own in zip(self.layers, cache["layers"], strict=True):
            out = layer.step(own, F.relu(out), i, j)
        return x + out


class ResidualLSTM(nn.Module):
    """An LSTM over pixels and a 1 x 1 convolution, beside the identity; (n, 2 width, h, w) -> the same."""

    def __init__(self, kind: Kind, width: int, colours: int) -> None:
        super().__init__()
        layer = RowLSTM if kind == "row" else DiagonalBiLSTM
        self.recurrent = layer(2 * width, width, colours)
        self.widen = MaskedConv2d(width, 2 * width, 1, "B", colours)

    def forward(self, x: Tensor) -> Tensor:
        """The whole image."""
        return x + self.widen(self.recurrent(x))

    def start(self, *shape: int) -> Cache:
        """Of its layers."""
        return {"recurrent": self.recurrent.start(*shape), "widen": self.widen.start(*shape)}

    def step(self, cache: Cache, x: Tensor, i: int, j: int) -> Tensor:
        """One pixel."""
        return x + self.widen.step(cache["widen"], self.recurrent.step(cache["recurrent"], x, i, j), i, j)


class PixelNetwork(nn.Module):
    """Images of whole numbers -> log probabilities of every value of every pixel given the earlier ones.

    Args:
        kind: ``cnn``, ``row`` (Row LSTM) or ``diagonal`` (Diagonal BiLSTM).
        values: of a colour, 2 or more.
        colours: of a pixel, 1 or 3.
        width: features of a residual block's middle, divisible by the colours; twice as many between blocks.
        layers: residual blocks.
        first: mask of the first layer; ``B`` sees the pixel that it is to predict.
        kernel: side of the first layer's kernel.

    Raises:
        ValueError: fewer than two values, or features that do not divide.
    """

    def __init__(
        self,
        kind: Kind,
        values: int = 2,
        colours: int = 1,
        width: int = 16,
        layers: int = 2,
        first: Mask = "A",
        kernel: int = 7,
    ) -> None:
        super().__init__()
        if values < 2:
            raise ValueError(f"values={values}: a pixel that can have one value has nothing to predict")
        self.values, self.colours = values, colours
        self.first = MaskedConv2d(colours, 2 * width, kernel, first, colours)
        make = (lambda: ResidualConv(width, colours)) if kind == "cnn" else lambda: ResidualLSTM(kind, width, colours)
        self.blocks = nn.ModuleList(make() for _ in range(layers))
        self.out1 = MaskedConv2d(2 * width, 2 * width, 1, "B", colours)
        self.out2 = MaskedConv2d(2 * width, colours * values, 1, "B", colours)

    def _scaled(self, pixels: Tensor) -> Tensor:
        """Whole numbers -> floats in [-1, 1]."""
        return 2 * pixels.to(self.first.weight.dtype) / (self.values - 1) - 1

    def forward(self, images: Tensor) -> Tensor:
        """(n, colours, h, w) whole numbers -> log probabilities (n, colours, values, h, w)."""
        x = self.first(self._scaled(images))
        for block in self.blocks:
            x = block(x)
        x = self.out2(F.relu(self.out1(F.relu(x))))
        return x.unflatten(1, (self.colours, self.values)).log_softmax(dim=2)

    def log_probability(self, images: Tensor) -> Tensor:
        """(n, colours, h, w) whole numbers -> (n,) nats, never above 0."""
        picked = self(images).gather(2, images.long()[:, :, None])
        return picked.flatten(1).sum(dim=1)

    @torch.no_grad()
    def sample(self, draws: Tensor, known: Tensor | None = None, given: int = 0) -> Tensor:
        """Draws images, a pixel after the other; of each layer what it needs of earlier pixels is kept.

        Args:
            draws: (n, colours, h, w) uniform in [0, 1): the same draws give the same images.
            known: (n, colours, h, w) whole numbers, of which the first rows are taken.
            given: how many rows are.

        Returns:
            (n, colours, h, w) int64.

        Raises:
            ValueError: rows are given and no image.
        """
        if given and known is None:
            raise ValueError(f"given={given}: no image to take these rows from")
        count, _, height, width = draws.shape
        caches = [layer.start(count, height, width) for layer in self._layers]
        images = torch.zeros(draws.shape, dtype=torch.long, device=draws.device)
        if given:
            images[:, :, :given] = known[:, :, :given]
        for i in range(height):
            for j in range(width):
                for colour in range(self.colours):
                    chances = self._step(caches, images[:, :, i, j], i, j)[:, colour]
                    if i >= given:
                        images[:, colour, i, j] = picked(chances, draws[:, colour, i, j])
                self.first.store(caches[0], self._scaled(images[:, :, i, j]), i, j)
        return images

    @property
    def _layers(self) -> list[nn.Module]:
        return [self.first, *self.blocks, self.out1, self.out2]

    def _step(self, caches: list[Cache], pixels: Tensor, i: int, j: int) -> Tensor:
        """(n, colours) whole numbers of one pixel -> log probabilities (n, colours, values)."""
        first, *blocks, one, two = caches
        x = self.first.step(first, self._scaled(pixels), i, j)
        for block, cache in zip(self.blocks, blocks, strict=True):
            x = block.step(cache, x, i, j)
        x = self.out2.step(two, F.relu(self.out1.step(one, F.relu(x), i, j)), i, j)
        return x.unflatten(1, (self.colours, self.values)).log_softmax(dim=2)

    @torch.no_grad()
    def sample_by_whole_passes(self, draws: Tensor) -> Tensor:
        """The same images by a pass over the whole image for every pixel: what ``sample`` is checked against."""
        images = torch.zeros(draws.shape, dtype=torch.long, device=draws.device)
        for i in range(draws.shape[2]):
            for j in range(draws.shape[3]):
                for colour in range(self.colours):
                    chances = self(images)[:, colour, :, i, j]
                    images[:, colour, i, j] = picked(chances, draws[:, colour, i, j])
        return images


def picked(log_chances: Tensor, draws: Tensor) -> Tensor:
    """(n, values) log probabilities and (n,) uniform draws -> (n,) values by the inverse of their distribution."""
    reached = (log_chances.exp().cumsum(dim=1) <= draws[:, None]).sum(dim=1)
    return reached.clamp(max=log_chances.shape[1] - 1)  # sums may end a rounding below 1

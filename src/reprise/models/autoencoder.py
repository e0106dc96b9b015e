"""A convolutional encoder and decoder with a small code between them, and a classifier on the code (claims 45-48)."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn


class Encoder(nn.Module):
    """Two strided convolutions and a dense layer.

    Args:
        code: numbers that an image becomes.
        channels: of the images.
        size: side of the images, a multiple of 4.
        width: filters of the first convolution; the second has twice as many.

    Raises:
        ValueError: a side that is no multiple of 4.
    """

    def __init__(self, code: int, channels: int = 1, size: int = 28, width: int = 16) -> None:
        super().__init__()
        if size < 4 or size % 4:
            raise ValueError(f"size={size}: two halvings need a multiple of 4")
        self.conv1 = nn.Conv2d(channels, width, 3, stride=2, padding=1)
        self.conv2 = nn.Conv2d(width, 2 * width, 3, stride=2, padding=1)
        self.dense = nn.Linear(2 * width * (size // 4) ** 2, code)

    def forward(self, images: Tensor) -> Tensor:
        """(n, channels, size, size) -> (n, code)."""
        return self.dense(F.relu(self.conv2(F.relu(self.conv1(images)))).flatten(1))


class Decoder(nn.Module):
    """The way back: a dense layer and two transposed convolutions; arguments as ``Encoder``'s."""

    def __init__(self, code: int, channels: int = 1, size: int = 28, width: int = 16) -> None:
        super().__init__()
        self.side, self.maps = size // 4, 2 * width
        self.dense = nn.Linear(code, self.maps * self.side**2)
        self.conv1 = nn.ConvTranspose2d(self.maps, width, 4, stride=2, padding=1)
        self.conv2 = nn.ConvTranspose2d(width, channels, 4, stride=2, padding=1)

    def forward(self, code: Tensor) -> Tensor:
        """(n, code) -> (n, channels, size, size), around 0 to 1 but not held there."""
        maps = F.relu(self.dense(code)).view(len(code), self.maps, self.side, self.side)
        return self.conv2(F.relu(self.conv1(maps)))


class AutoEncoder(nn.Module):
    """Encoder and decoder; with ``classes`` a linear layer that tells classes from the code as well.

    Args:
        code, channels, size, width: as ``Encoder``'s.
        classes: of the linear layer; none where it is 0.
    """

    def __init__(self, code: int, channels: int = 1, size: int = 28, width: int = 16, classes: int = 0) -> None:
        super().__init__()
        self.encoder = Encoder(code, channels, size, width)
        self.decoder = Decoder(code, channels, size, width)
        self.labels = nn.Linear(code, classes) if classes else None

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Images in [0, 1] -> their codes (n, code) and what is decoded from these."""
        code = self.encoder(images)
        return code, self.decoder(code)


class CodeClassifier(nn.Module):
    """An encoder with two dense layers on its code; its names are those of ``AutoEncoder``, as far as they go.

    Args:
        code, channels, size, width: as ``Encoder``'s.
        classes: number of logits.
        hidden: units between.
        frozen: leaves the encoder as it is.
    """

    def __init__(
        self,
        code: int,
        channels: int = 1,
        size: int = 28,
        width: int = 16,
        classes: int = 10,
        hidden: int = 64,
        frozen: bool = False,
    ) -> None:
        super().__init__()
        self.encoder = Encoder(code, channels, size, width)
        self.encoder.requires_grad_(not frozen)
        self.hidden, self.output = nn.Linear(code, hidden), nn.Linear(hidden, classes)

    def forward(self, images: Tensor) -> Tensor:
        """(n, channels, size, size) -> logits (n, classes)."""
        return self.output(F.relu(self.hidden(self.encoder(images))))

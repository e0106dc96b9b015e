"""Generator and critic, dense or convolutional, with or without a label (claims 99-101).

Goodfellow et al. (2014); for the convolutional pair Radford, Metz and Chintala (2016); for labels Mirza and Osindero
(2014).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SHOWN = 10  # images that are kept of every epoch


class DenseGenerator(nn.Module):
    """(n, inputs) -> images (n, 1, size, size) in [-1, 1]: two hidden layers."""

    def __init__(self, inputs: int, width: int, size: int) -> None:
        super().__init__()
        self.size = size
        hidden = nn.Linear(inputs, width), nn.ReLU(), nn.Linear(width, 2 * width), nn.ReLU()
        self.layers = nn.Sequential(*hidden, nn.Linear(2 * width, size * size))

    def forward(self, codes: Tensor) -> Tensor:
        """Draws an image for each code."""
        return self.layers(codes).tanh().unflatten(1, (1, self.size, self.size))


class DenseCritic(nn.Module):
    """Images (n, 1, size, size) and further inputs (n, more) -> logits (n,), above 0 for real."""

    def __init__(self, width: int, size: int, more: int) -> None:
        super().__init__()
        self.hidden = nn.Sequential(
            nn.Linear(size * size + more, 2 * width), nn.LeakyReLU(0.2), nn.Linear(2 * width, width), nn.LeakyReLU(0.2)
        )
        self.output = nn.Linear(width, 1)

    def features(self, images: Tensor, more: Tensor) -> Tensor:
        """(n, width) of the last hidden layer."""
        return self.hidden(torch.cat([images.flatten(1), more], dim=1))

    def forward(self, images: Tensor, more: Tensor) -> Tensor:
        """How real they look."""
        return self.output(self.features(images, more))[:, 0]


class ConvGenerator(nn.Module):
    """(n, inputs) -> images (n, 1, size, size) in [-1, 1]: two transposed convolutions of stride 2, batch norm."""

    def __init__(self, inputs: int, width: int, size: int) -> None:
        super().__init__()
        self.start, self.side = 2 * width, size // 4
        self.project = nn.Linear(inputs, self.start * self.side**2)
        self.norm1, self.norm2 = nn.BatchNorm2d(self.start), nn.BatchNorm2d(width)
        self.up1 = nn.ConvTranspose2d(self.start, width, 4, stride=2, padding=1)
        self.up2 = nn.ConvTranspose2d(width, 1, 4, stride=2, padding=1)

    def forward(self, codes: Tensor) -> Tensor:
        """Draws an image for each code."""
        x = self.project(codes).unflatten(1, (self.start, self.side, self.side))
        x = self.up1(F.relu(self.norm1(x)))
        return self.up2(F.relu(self.norm2(x))).tanh()


class ConvCritic(nn.Module):
    """Images (n, 1, size, size) and further inputs (n, more) -> logits (n,): two convolutions of stride 2."""

    def __init__(self, width: int, size: int, more: int) -> None:
        super().__init__()
        self.down1 = nn.Conv2d(1 + more, width, 4, stride=2, padding=1)
        self.down2 = nn.Conv2d(width, 2 * width, 4, stride=2, padding=1)
        self.norm = nn.BatchNorm2d(2 * width)
        self.output = nn.Linear(2 * width * (size // 4) ** 2, 1)

    def features(self, images: Tensor, more: Tensor) -> Tensor:
        """(n, 2 width * (size / 4)^2) of the last convolution; further inputs are maps of one value each."""
        maps = more[:, :, None, None].expand(-1, -1, *images.shape[2:])
        x = F.leaky_relu(self.down1(torch.cat([images, maps], dim=1)), 0.2)
        return F.leaky_relu(self.norm(self.down2(x)), 0.2).flatten(1)

    def forward(self, images: Tensor, more: Tensor) -> Tensor:
        """How real they look."""
        return self.output(self.features(images, more))[:, 0]


class Gan(nn.Module):
    """A generator and a critic, and what the generator drew from the same codes after every epoch.

    Args:
        kind: ``dense`` or ``conv``.
        latent: numbers in a code.
        width: of the layers.
        classes: labels that both are given; 0 for none.
        size: side of the images, divisible by 4.
        epochs: how many sheets are kept.

    Raises:
        ValueError: a side that cannot be halved twice.
    """

    def __init__(self, kind: str, latent: int, width: int, classes: int, size: int, epochs: int) -> None:
        super().__init__()
        if size % 4:
            raise ValueError(f"size={size}: sides are halved twice, so they must be divisible by 4")
        self.latent, self.classes = latent, classes
        generator, critic = (DenseGenerator, DenseCritic) if kind == "dense" else (ConvGenerator, ConvCritic)
        self.generator = generator(latent + classes, width, size)
        self.critic = critic(width, size, classes)
        codes = torch.randn(SHOWN, latent, generator=torch.Generator().manual_seed(99), device="cpu")
        self.register_buffer("codes", codes)
        self.register_buffer("sheets", torch.zeros(epochs, SHOWN, size, size, dtype=torch.uint8))
        self.register_buffer("epoch", torch.zeros((), dtype=torch.long))

    def more(self, labels: Tensor) -> Tensor:
        """(n,) labels -> (n, classes) ones and zeros; no columns where no label is given."""
        if not self.classes:
            return labels.new_zeros((len(labels), 0), dtype=self.codes.dtype)
        return F.one_hot(labels.long(), self.classes).to(self.codes.dtype)

    def draw(self, codes: Tensor, labels: Tensor) -> Tensor:
        """Images (n, 1, size, size) in [-1, 1] for codes (n, latent) and labels (n,)."""
        return self.generator(torch.cat([codes, self.more(labels)], dim=1))

    def judge(self, images: Tensor, labels: Tensor) -> Tensor:
        """(n,) logits, above 0 for real."""
        return self.critic(images, self.more(labels))

    @torch.no_grad()
    def keep_sheet(self) -> None:
        """Keeps what the generator draws now, a digit a column where labels are given."""
        training = self.generator.training
        self.generator.eval()
        images = self.draw(self.codes, torch.arange(SHOWN, device=self.codes.device))
        self.generator.train(training)
        self.sheets[int(self.epoch)] = ((images[:, 0] + 1) * 127.5).round().to(torch.uint8)
        self.epoch += 1

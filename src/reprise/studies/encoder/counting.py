"""What training costs, counted by hand: multiply-adds of one image, of the layers in ``models/autoencoder.py``."""

from __future__ import annotations

from dataclasses import dataclass

KERNEL, CLASSES, HIDDEN = 3, 10, 64


@dataclass(frozen=True)
class Operations:
    """Multiply-adds an image.

    Attributes:
        encode: making a code.
        on_codes: one epoch of training two dense layers, codes given.
        from_pixels: one epoch of training encoder and dense layers together.
    """

    encode: int
    on_codes: int
    from_pixels: int

    def codes(self, epochs: float) -> float:
        """So many epochs on codes that were made once, in the first."""
        return min(epochs, 1) * self.encode + epochs * self.on_codes

    def codes_again(self, epochs: float) -> float:
        """So many epochs on codes that are made anew in each."""
        return epochs * (self.encode + self.on_codes)

    def codes_given(self, epochs: float) -> float:
        """So many epochs on codes that someone else has made."""
        return epochs * self.on_codes

    def pixels(self, epochs: float) -> float:
        """So many epochs from pixels on."""
        return epochs * self.from_pixels


def count(code: int, channels: int, size: int, width: int) -> Operations:
    """Of networks as ``CodeClassifier`` has them; arguments as ``Encoder``'s."""
    halved, quartered = (size // 2) ** 2, (size // 4) ** 2
    encoder = [
        KERNEL**2 * channels * width * halved,
        KERNEL**2 * width * 2 * width * quartered,
        2 * width * quartered * code,
    ]
    head = [code * HIDDEN, HIDDEN * CLASSES]
    return Operations(sum(encoder), _trained(head), _trained(encoder + head))


def _trained(layers: list[int]) -> int:
    """Forward, gradient of the weights, and gradient of the inputs, which the first layer needs not."""
    return 3 * sum(layers) - layers[0]

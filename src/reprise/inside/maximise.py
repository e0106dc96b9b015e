"""Activation maximisation: pictures that a network takes for a class, from many starts in one batch.

``maximise`` is the plain recipe of the source; ``maximise_regularised`` what is done today: the picture is described
by its frequencies, each scaled to a photograph's (Olah et al., 2017), moved about at random, and blurred now and then.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from reprise.inside.gradients import frozen, input_gradients


class Maximised(NamedTuple):
    """``images`` (n, channels, h, w) and ``losses`` (steps + 1, n): cross-entropy of the class before each step and
    after the last, nats."""

    images: Tensor
    losses: Tensor


def maximise(model: nn.Module, classes: Tensor, starts: Tensor, steps: int = 10, rate: float = 1.0) -> Maximised:
    """Descends the cross-entropy of each picture's class: x <- x - rate * d loss / dx, without bounds.

    Args:
        model: (n, channels, h, w) -> logits, each picture's by itself.
        classes: (n,) integers.
        starts: (n, channels, h, w).
        steps: of gradient descent.
        rate: length of a step.

    Raises:
        ValueError: not as many classes as starts.
    """
    if len(classes) != len(starts):
        raise ValueError(f"{len(classes)} classes for {len(starts)} starts")
    images, losses = starts.clone(), []

    def loss(asked: Tensor) -> Tensor:
        return F.cross_entropy(model(asked), classes, reduction="none")

    with frozen(model):
        for _ in range(steps):
            value, slope = input_gradients(loss, images)
            losses.append(value)
            images = images - rate * slope
        with torch.no_grad():
            losses.append(loss(images))
    return Maximised(images, torch.stack(losses))


def maximise_regularised(
    model: nn.Module,
    classes: Tensor,
    shape: tuple[int, int, int],
    steps: int = 128,
    rate: float = 0.05,
    jitter: int = 3,
    blur_every: int = 8,
    seed: int = 0,
) -> Maximised:
    """Raises the logit of each picture's class by Adam over its frequencies; pictures stay in [0, 1].

    Args:
        model: (n, channels, h, w) -> logits.
        classes: (n,) integers; a picture each.
        shape: (channels, h, w).
        steps: of Adam.
        rate: its learning rate.
        jitter: pixels by which the picture is moved at most, either way, anew every step.
        blur_every: steps after which the picture is blurred (3 x 3, binomial).
        seed: of the starts and of the jitter.

    Returns:
        The pictures; losses as in ``maximise``, of the picture moved.
    """
    generator = torch.Generator().manual_seed(seed)
    channels, h, w = shape
    device = next(model.parameters()).device
    drawn = torch.randn(len(classes), channels, h, w // 2 + 1, 2, generator=generator).to(device) * 0.01
    spectrum = drawn.requires_grad_(True)
    scale = _pink(h, w).to(device)
    optimizer = torch.optim.Adam([spectrum], lr=rate)
    losses = []
    with frozen(model):
        for step in range(steps):
            dy, dx = torch.randint(-jitter, jitter + 1, (2,), generator=generator).tolist()
            logits = model(_picture(spectrum, scale, h, w).roll((dy, dx), (-2, -1)))
            losses.append(F.cross_entropy(logits.detach(), classes, reduction="none"))
            optimizer.zero_grad()
            (-logits.gather(1, classes[:, None]).sum()).backward()
            optimizer.step()
            if blur_every and step % blur_every == blur_every - 1:
                with torch.no_grad():
                    spectrum *= _binomial(h, w).to(device)
        with torch.no_grad():
            images = _picture(spectrum, scale, h, w)
            losses.append(F.cross_entropy(model(images), classes, reduction="none"))
    return Maximised(images, torch.stack(losses))


def _frequencies(h: int, w: int) -> tuple[Tensor, Tensor]:
    return torch.fft.fftfreq(h)[:, None], torch.fft.rfftfreq(w)[None]


def _pink(h: int, w: int) -> Tensor:
    """(h, w // 2 + 1, 1): one over the frequency, as the spectra of photographs fall."""
    down, right = _frequencies(h, w)
    return (1 / torch.sqrt(down**2 + right**2).clamp(min=1 / max(h, w)) * (h * w) ** 0.5 / 4)[..., None]


def _binomial(h: int, w: int) -> Tensor:
    """(h, w // 2 + 1, 1): what the filter (1, 2, 1) / 4, both ways, leaves of each frequency."""
    down, right = _frequencies(h, w)
    return (torch.cos(torch.pi * down) ** 2 * torch.cos(torch.pi * right) ** 2)[..., None]


def _picture(spectrum: Tensor, scale: Tensor, h: int, w: int) -> Tensor:
    return torch.sigmoid(torch.fft.irfft2(torch.view_as_complex(spectrum * scale), s=(h, w)))

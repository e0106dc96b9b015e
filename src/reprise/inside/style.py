"""Style transfer (Gatys, Ecker and Bethge, 2016): the features of one picture, the Gram matrices of another.

Two weightings. ``SOURCE``, as the LAID blog's code has it: content is a sum of squares, 0.01 of it and 100 of each
layer's style. ``GATYS``: half of that sum, and a fifth of each of five layers' style. A layer's style loss is the same
in both: the squared differences of the Gram matrices, over 4 N^2 M^2 for N channels of M places.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

Features = Callable[[Tensor], Sequence[Tensor]]  # pictures (1, 3, h, w) in [0, 1] -> the layers' features
Heard = Callable[[int, float, float, Tensor], None]  # (steps done, content loss, style loss, picture)


@dataclass(frozen=True)
class Weighting:
    """``content`` times the half or whole sum of squares, ``style`` times each layer's style loss."""

    content: float
    style: float
    half: bool = False


SOURCE = Weighting(content=0.01, style=100.0)
GATYS = Weighting(content=1.0, style=1e3 / 5, half=True)


class Losses(NamedTuple):
    """Content and style loss before their weights."""

    content: Tensor
    style: Tensor


def gram(features: Tensor) -> Tensor:
    """(n, c, h, w) -> (n, c, c) inner products of every two channels, summed over places."""
    flat = features.flatten(2)
    return flat @ flat.transpose(1, 2)


def content_loss(features: Tensor, target: Tensor, half: bool = False) -> Tensor:
    """Sum of squared differences, or half of it."""
    return (features - target).square().sum() * (0.5 if half else 1.0)


def style_loss(features: Tensor, target: Tensor, places: int | None = None) -> Tensor:
    """Squared differences of Gram matrices over 4 N^2 M^2.

    Args:
        features: (1, c, h, w) of the picture that changes.
        target: (1, c, c), the Gram matrix of the style.
        places: M of the style picture, where it is of another size: each matrix is then divided by its own M.
    """
    channels, own = features.shape[1], features[0, 0].numel()
    difference = gram(features) / own - target / (places or own)
    return difference.square().sum() / (4 * channels**2)


@dataclass(frozen=True)
class Aim:
    """What is to be met: ``content`` features of one layer; ``style`` Gram matrices with their numbers of places."""

    content: Tensor
    style: tuple[tuple[Tensor, int], ...]
    half: bool = False

    @classmethod
    def of(cls, features: Features, content: Tensor, style: Tensor, half: bool = False) -> Aim:
        """Asks the network about both pictures; the first layer is the content's, the others are the style's."""
        with torch.no_grad():
            first, others = features(content)[0], features(style)[1:]
            return cls(first, tuple((gram(each), each[0, 0].numel()) for each in others), half)

    def losses(self, answers: Sequence[Tensor]) -> Losses:
        """Both losses of a picture whose features are ``answers``."""
        first, *others = answers
        style = [style_loss(each, *target) for each, target in zip(others, self.style, strict=True)]
        return Losses(content_loss(first, self.content, self.half), torch.stack(style).sum())


class Transferred(NamedTuple):
    """``image`` (1, 3, h, w) in [0, 1]; ``content`` and ``style`` losses, one after each step and one before all."""

    image: Tensor
    content: list[float]
    style: list[float]


def transfer(
    features: Features,
    aim: Aim,
    start: Tensor,
    weighting: Weighting,
    steps: int = 100,
    at_once: int = 10,
    heard: Heard | None = None,
) -> Transferred:
    """Minimises both losses by L-BFGS.

    Args:
        features: the layers, the content's first; weights of the network must not ask for gradients.
        aim: what is to be met.
        start: (1, 3, h, w).
        weighting: of the two losses.
        steps: iterations of L-BFGS at most.
        at_once: iterations between two reports to ``heard``.
        heard: told how far it is; whatever it raises ends the search.

    Returns:
        The picture cut to [0, 1], and the losses of the picture as it was before the cut.

    Raises:
        ValueError: a loss that is no finite number.
    """
    image = start.detach().clone().requires_grad_(True)
    found = Transferred(image, [], [])

    def closure() -> Tensor:
        optimizer.zero_grad()
        content, style = aim.losses(features(image))
        loss = weighting.content * content + weighting.style * style
        loss.backward()
        return loss

    def look(done: int) -> None:
        with torch.no_grad():
            content, style = (float(each) for each in aim.losses(features(image)))
        if not (content < float("inf") and style < float("inf")):
            raise ValueError(f"the losses are {content} and {style} after {done} steps; lower the weights")
        found.content.append(content)
        found.style.append(style)
        if heard is not None:
            heard(done, content, style, image.detach().clamp(0, 1))

    look(0)
    optimizer = torch.optim.LBFGS(
        [image], max_iter=at_once, history_size=20, line_search_fn="strong_wolfe", tolerance_change=1e-12
    )
    done = 0
    while done < steps:
        optimizer.param_groups[0]["max_iter"] = min(at_once, steps - done)
        optimizer.step(closure)
        done += optimizer.param_groups[0]["max_iter"]
        look(done)
    return found._replace(image=image.detach().clamp(0, 1))

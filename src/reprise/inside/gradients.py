"""Gradients with respect to the input, and the activations of named layers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Score = Callable[[Tensor], Tensor]  # pictures (n, channels, h, w) -> one number a picture, (n,)


@contextmanager
def frozen(model: nn.Module) -> Iterator[None]:
    """Weights ask for no gradient inside the block: half of the backward pass is saved, and nothing is left in them."""
    before = [(parameter, parameter.requires_grad) for parameter in model.parameters()]
    try:
        for parameter, _ in before:
            parameter.requires_grad_(False)
        yield
    finally:
        for parameter, asked in before:
            parameter.requires_grad_(asked)


def class_logit(model: nn.Module, labels: Tensor) -> Score:
    """The logit of each picture's label.

    Args:
        model: (n, channels, h, w) -> logits (n, classes).
        labels: (n,) integers; where several times n pictures are asked, they go round.
    """

    def score(images: Tensor) -> Tensor:
        again = len(images) // len(labels)
        return model(images).gather(1, labels.repeat(again)[:, None])[:, 0]

    return score


def input_gradients(score: Score, images: Tensor) -> tuple[Tensor, Tensor]:
    """Each picture's score and its gradient with respect to that picture.

    A picture's score must depend on that picture alone (no batch statistics), so that the gradient of the sum is that
    of each.

    Returns:
        (n,) scores and a tensor shaped like ``images``, both detached.
    """
    with torch.enable_grad():
        asked = images.detach().clone().requires_grad_(True)
        scores = score(asked)
        if scores.shape != images.shape[:1]:
            raise ValueError(f"the score must be one number a picture, ({len(images)},); found {tuple(scores.shape)}")
        (gradients,) = torch.autograd.grad(scores.sum(), asked)
    return scores.detach(), gradients


def activations(model: nn.Module, layers: Sequence[str], rectified: bool = True) -> Callable[[Tensor], list[Tensor]]:
    """A function that gives what the named layers answer.

    Args:
        model: any network.
        layers: names as in ``model.named_modules()``, in any order.
        rectified: negative answers count as 0, where the network rectifies outside of its layers.

    Raises:
        ValueError: the network has no such layer; the message names those that it has.
    """
    modules = dict(model.named_modules())
    unknown = [name for name in layers if name not in modules or not name]
    if unknown:
        known = ", ".join(name for name, module in modules.items() if name and not list(module.children()))
        raise ValueError(f"no layer {', '.join(unknown)}; the network has {known}")

    def asked(images: Tensor) -> list[Tensor]:
        found: dict[str, Tensor] = {}

        def keep(name: str) -> Callable[..., None]:
            def hook(_module: nn.Module, _inputs: object, output: Tensor) -> None:
                found[name] = F.relu(output) if rectified else output

            return hook

        hooks = [modules[name].register_forward_hook(keep(name)) for name in layers]
        try:
            model(images)
        finally:
            for hook in hooks:
                hook.remove()
        return [found[name] for name in layers]

    return asked

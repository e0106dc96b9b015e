"""What a network costs, counted exactly: parameters, depth, multiply-adds. Nothing is allocated, nothing is run."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import torch
from torch import fx, nn

WEIGHTED = (nn.Conv2d, nn.Linear)


def on_meta(build: Callable[[], nn.Module]) -> nn.Module:
    """Builds a module on the meta device: shapes without memory, in milliseconds even for VGG-19's 575 MB."""
    with torch.device("meta"):
        return build().eval()


def parameter_count(module: nn.Module) -> int:
    """Trainable numbers in a module; shared ones count once."""
    return sum(parameter.numel() for parameter in module.parameters())


def depth(module: nn.Module) -> int:
    """Weighted layers (convolutions, dense layers) on the longest path from input to output.

    This is the number in a network's name: ResNet-152's projection shortcuts and GoogLeNet's parallel branches add
    parameters but no depth. It is found by a longest-path sweep over the traced graph, whose nodes come in
    topological order.
    """
    graph = fx.symbolic_trace(module).graph
    layers = dict(module.named_modules())
    longest: dict[fx.Node, int] = {}
    for node in graph.nodes:
        here = node.op == "call_module" and isinstance(layers[node.target], WEIGHTED)
        longest[node] = max((longest[source] for source in node.all_input_nodes), default=0) + here
    return max(longest.values())


def multiply_adds(module: nn.Module, shape: tuple[int, ...]) -> tuple[int, torch.Size]:
    """Multiply-adds of the weighted layers for one input, and the output's shape.

    Args:
        module: on the meta device.
        shape: one input, without the batch axis.

    Returns:
        The count (one multiply-add is one operation; biases, norms and pooling are left out, as in papers), and the
        output's shape with a batch of one.
    """
    total = 0

    def count(layer: nn.Module, _: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        nonlocal total
        total += output[0].numel() * prod(layer.weight.shape[1:])  # every output is one inner product

    hooks = [layer.register_forward_hook(count) for layer in module.modules() if isinstance(layer, WEIGHTED)]
    try:
        output = module(torch.empty(1, *shape, device="meta"))
    finally:
        for hook in hooks:
            hook.remove()
    return total, output.shape

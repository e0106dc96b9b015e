"""The first weights that are usual for dense networks, by their activation."""

from __future__ import annotations

from torch import nn

GLOROT = ("sigmoid", "tanh")  # activations that are straight around 0 and bounded


def usual(model: nn.Module, activation: str) -> nn.Module:
    """Gives every dense layer Glorot's weights (sigmoid, tanh) or He's (all others), and biases of 0.

    Args:
        model: changed in place.
        activation: its name.
    """
    for layer in model.modules():
        if isinstance(layer, nn.Linear):
            if activation in GLOROT:
                nn.init.xavier_uniform_(layer.weight)
            else:
                nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)
    return model

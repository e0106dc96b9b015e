"""Weights of unit length: one norm per output unit (claims 74-78).

Source: "Constraining a neuron's weights" (raghakot). A unit matches its input against a direction; the direction's
length only rescales the answer. Three ways to fix the length: divide by it (the one that the source tried), penalise
what deviates from 1, or describe the direction by angles. No gain: that is the difference from weight normalisation
(Salimans and Kingma 2016).
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrize

EPSILON = 1e-8  # the source's


def unit_norm(weight: Tensor, epsilon: float = EPSILON) -> Tensor:
    """(units, ...) -> the same shape: each unit's weights divided by their length + ``epsilon``; zeros stay zeros."""
    return weight / (_lengths(weight) + epsilon).view(-1, *[1] * (weight.dim() - 1))


class UnitNormConv2d(nn.Conv2d):
    """nn.Conv2d whose filters are divided by their length over (in, rows, columns); the bias is added as it is."""

    def forward(self, images: Tensor) -> Tensor:
        """(n, in_channels, h, w) -> (n, out_channels, h', w')."""
        return self._conv_forward(images, unit_norm(self.weight), self.bias)


class UnitNormLinear(nn.Linear):
    """nn.Linear whose units' weights are divided by their length; the bias is added as it is."""

    def forward(self, features: Tensor) -> Tensor:
        """(..., in_features) -> (..., out_features)."""
        return F.linear(features, unit_norm(self.weight), self.bias)


def norm_penalty(weights: Iterable[Tensor]) -> Tensor:
    """The source's first option (claim 76): mean over all output units of (length - 1) ** 2.

    Args:
        weights: one tensor (units, ...) a layer.

    Raises:
        ValueError: no weights.
    """
    lengths = [_lengths(weight) for weight in weights]
    if not lengths:
        raise ValueError("norm_penalty needs the weights of one layer at least; found none")
    return (torch.cat(lengths) - 1).square().mean()


def filter_similarity(weight: Tensor) -> Tensor:
    """Mean squared cosine between different units' weights (claim 78): 0 when orthogonal, 1 when all are parallel.

    As a penalty it keeps filters diverse. A single unit has nothing to resemble: 0.

    Args:
        weight: (units, ...).
    """
    units = len(weight)
    if units < 2:
        return weight.new_zeros(())
    directions = unit_norm(weight).flatten(1)
    cosines = directions @ directions.T
    return (cosines.square().sum() - cosines.diagonal().square().sum()) / (units * (units - 1))


def from_angles(angles: Tensor) -> Tensor:
    """Unit vectors from n-dimensional spherical coordinates (the source's second option, claim 76).

    The first coordinate is cos(a_1), the k-th sin(a_1) ... sin(a_(k-1)) cos(a_k), the last the product of all sines.

    Args:
        angles: (..., n - 1) in radians, any real numbers.

    Returns:
        (..., n), of length 1.
    """
    one = angles.new_ones(*angles.shape[:-1], 1)
    sines = torch.cat([one, angles.sin().cumprod(dim=-1)], dim=-1)
    return sines * torch.cat([angles.cos(), one], dim=-1)


def to_angles(vectors: Tensor) -> Tensor:
    """The angles of vectors' directions: ``from_angles(to_angles(v))`` is v / |v|.

    Args:
        vectors: (..., n), n >= 2, of any length; zeros give angles of 0.

    Returns:
        (..., n - 1): all in [0, pi], the last in (-pi, pi].

    Raises:
        ValueError: fewer than two coordinates.
    """
    if vectors.shape[-1] < 2:
        raise ValueError(f"a direction needs two coordinates at least; found shape {tuple(vectors.shape)}")
    # the length of everything after coordinate k: summed from the end, where it is small
    rest = vectors.square().flip(-1).cumsum(-1).flip(-1).sqrt()[..., 1:]
    rest = torch.cat([rest[..., :-1], vectors[..., -1:]], dim=-1)  # the last one keeps its sign
    return torch.atan2(rest, vectors[..., :-1])


class Spherical(nn.Module):
    """A parametrisation (torch.nn.utils.parametrize): stores angles, shows unit weights of the given shape."""

    def __init__(self, shape: torch.Size) -> None:
        super().__init__()
        self.shape = shape

    def forward(self, angles: Tensor) -> Tensor:
        """(units, n - 1) -> weights of ``shape``."""
        return from_angles(angles).view(self.shape)

    def right_inverse(self, weight: Tensor) -> Tensor:
        """Weights -> (units, n - 1) angles of their directions; their lengths are lost."""
        return to_angles(weight.flatten(1))


def spherical(layer: nn.Module) -> nn.Module:
    """Makes angles the trained parameters of a layer's ``weight`` (units, ...); returns the layer.

    Angles start from the directions of the weights that the layer has: initialise those first.
    """
    parametrize.register_parametrization(layer, "weight", Spherical(layer.weight.shape), unsafe=True)
    return layer


def _lengths(weight: Tensor) -> Tensor:
    """(units, ...) -> (units,). The gradient at a weight of zeros is zero, not NaN."""
    return torch.linalg.vector_norm(weight.flatten(1), dim=1)

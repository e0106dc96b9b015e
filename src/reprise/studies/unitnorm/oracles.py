"""What claims 76 and 78 are checked against: both penalties, and weights made of angles. Nothing is trained."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from scipy.spatial.distance import pdist

from reprise.claims.evidence import Finding, between
from reprise.statistics import exact

SHAPES = ((6, 3, 3, 3), (5, 8, 3, 3))  # of two layers' filters
STEP = 1e-5  # of central differences, whose own error is about 1e-10
Gap = tuple[float, int]  # the largest difference, and of how many numbers


def oracles() -> list[Finding]:
    """Of filters drawn at random, in float64."""
    checked = (
        (
            76,
            "Penalty on filters' lengths and its gradient, largest difference from the formula, filter by filter",
            penalty_gap(),
            1e-10,
            "sum of (|w| - 1)² over all filters, and 2 (|w| - 1) w / |w|, both over their number, by loops",
        ),
        (
            76,
            "Filters made of angles, and their slopes in every angle, largest difference from the formula",
            angles_gap(),
            1e-10,
            "the textbook's products of sines and cosines by loops; a sine's or a cosine's slope in its place",
        ),
        (
            78,
            "Mean squared cosine between filters, largest difference from that of all pairs",
            similarity_gap(),
            1e-6,  # the lengths have the source's 1e-8 in them
            "scipy.spatial.distance.pdist, cosine",
        ),
        (
            78,
            "Gradient of the mean squared cosine between filters, largest difference from SciPy's cosines of all pairs",
            similarity_slopes_gap(),
            1e-6,
            "central differences of scipy.spatial.distance.pdist, cosine",
        ),
    )
    return [
        Finding(claim, words, exact(gap, count), between(0, band), kind="oracle", oracle=oracle)
        for claim, words, (gap, count), band, oracle in checked
    ]


def filters() -> list[np.ndarray]:
    """Two layers' filters, of lengths about 1 to 3."""
    rng = np.random.default_rng(76)
    return [rng.normal(0, 0.3, shape) for shape in SHAPES]


def penalty_gap() -> Gap:
    """Of the penalty and of its gradient in every weight."""
    import torch

    from reprise.layers.unitnorm import norm_penalty

    layers = [torch.from_numpy(each).requires_grad_() for each in filters()]
    penalty = norm_penalty(layers)
    penalty.backward()
    rows = [row.ravel().tolist() for layer in filters() for row in layer]
    lengths = [math.sqrt(sum(w * w for w in row)) for row in rows]
    wanted = [sum((length - 1) ** 2 for length in lengths) / len(rows)]
    wanted += [2 * (n - 1) * w / n / len(rows) for row, n in zip(rows, lengths, strict=True) for w in row]
    found = [penalty.item()] + [slope for layer in layers for slope in layer.grad.ravel().tolist()]
    return largest(found, wanted), len(wanted)


def angles_gap() -> Gap:
    """Of the filters of a convolution whose parameters are angles, and of automatic differentiation's slopes."""
    import torch
    from torch import nn

    from reprise.layers.unitnorm import spherical

    layer = nn.Conv2d(*SHAPES[0][1::-1], 3).double()
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(filters()[0]))
    spherical(layer)
    (angles,) = (value for name, value in layer.named_parameters() if "original" in name)
    directions = [(row / np.linalg.norm(row)).ravel().tolist() for row in filters()[0]]
    made = [coordinates(row) for row in angles.tolist()]
    found, wanted = layer.weight.flatten().tolist(), [value for row in made for value in row]
    gap = max(largest(found, wanted), largest(found, [value for row in directions for value in row]))
    upstream = np.random.default_rng(1).normal(size=(len(made), len(made[0])))
    (layer.weight.flatten(1) * torch.from_numpy(upstream)).sum().backward()
    slopes = [
        sum(u * v for u, v in zip(of, coordinates(row, k), strict=True))
        for row, of in zip(angles.tolist(), upstream.tolist(), strict=True)
        for k in range(len(row))
    ]
    return max(gap, largest(angles.grad.flatten().tolist(), slopes)), 2 * len(wanted) + len(slopes)


def coordinates(angles: list[float], slope_in: int | None = None) -> list[float]:
    """cos a1, sin a1 cos a2, ..., the product of all sines; or their slopes in one angle."""

    def sine(k: int) -> float:
        return math.cos(angles[k]) if k == slope_in else math.sin(angles[k])

    def cosine(k: int) -> float:
        return -math.sin(angles[k]) if k == slope_in else math.cos(angles[k])

    found = []
    for place in range(len(angles) + 1):
        factors = [sine(k) for k in range(place)] + ([cosine(place)] if place < len(angles) else [])
        there = slope_in is None or slope_in <= place
        found.append(math.prod(factors) if there else 0.0)
    return found


def similarity_gap() -> Gap:
    """Of both layers' mean squared cosines."""
    import torch

    from reprise.layers.unitnorm import filter_similarity

    found = [float(filter_similarity(torch.from_numpy(layer))) for layer in filters()]
    return largest(found, [of_pairs(layer.reshape(len(layer), -1)) for layer in filters()]), len(found)


def similarity_slopes_gap() -> Gap:
    """Of the first layer's gradient, in every weight."""
    import torch

    from reprise.layers.unitnorm import filter_similarity

    layer = filters()[0]
    weight = torch.from_numpy(layer).requires_grad_()
    filter_similarity(weight).backward()
    wanted = central_differences(of_pairs, layer.reshape(len(layer), -1))
    return largest(weight.grad.ravel().tolist(), wanted), len(wanted)


def of_pairs(rows: np.ndarray) -> float:
    """Mean squared cosine of every two rows."""
    return float(np.mean((1 - pdist(rows, "cosine")) ** 2))


def central_differences(function: Callable[[np.ndarray], float], at: np.ndarray) -> list[float]:
    """Slopes in every number, in reading order."""
    found = []
    for place in np.ndindex(at.shape):
        ahead, behind = at.copy(), at.copy()
        ahead[place] += STEP
        behind[place] -= STEP
        found.append((function(ahead) - function(behind)) / (2 * STEP))
    return found


def largest(found: list[float], wanted: list[float]) -> float:
    """The largest difference of two lists that must be of one length."""
    return max(abs(one - other) for one, other in zip(found, wanted, strict=True))

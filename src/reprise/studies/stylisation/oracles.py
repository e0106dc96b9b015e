"""What claim 24 is checked against: both losses and their gradients, by loops, as the paper writes them."""

from __future__ import annotations

import numpy as np

from reprise.claims.evidence import Finding, between
from reprise.statistics import exact

SHAPES = ((4, 5, 6), (3, 5, 6), (5, 3, 4))  # channels and sides of the layers, the content's first
OTHER = ((4, 5, 6), (3, 4, 7), (5, 2, 3))  # of the style picture, which has another size
Numbers = list[float]


def oracle() -> Finding:
    """The largest difference of losses, and of slopes by automatic differentiation, from the paper's sums."""
    found, wanted = ours(), by_loops()
    gap = max(abs(one - other) for one, other in zip(found, wanted, strict=True))
    return Finding(
        24,
        "Content and style loss and their gradients in every feature, largest difference from the paper's formulas",
        exact(gap, len(wanted)),
        between(0, 1e-10),
        kind="oracle",
        oracle="loops over channels and places: Gatys, Ecker and Bethge (2016), equations 1 to 6",
    )


def drawn() -> list[list[np.ndarray]]:
    """Features of three pictures, the one that changes, the content's and the style's: (channels, h, w) a layer."""
    rng = np.random.default_rng(24)
    return [[rng.normal(size=shape) for shape in shapes] for shapes in (SHAPES, SHAPES, OTHER)]


def ours() -> Numbers:
    """Content loss, style loss, then the slopes of each in the features that it reads, by what paints."""
    import torch

    from reprise.inside.style import Aim

    changing, content, style = ([torch.from_numpy(each)[None] for each in layers] for layers in drawn())
    asked = [each.requires_grad_() for each in changing]
    aim = Aim.of(lambda picture: picture, content, style)  # a network that says what it is given
    losses = aim.losses(asked)
    slopes = torch.autograd.grad(losses.content, asked[:1], retain_graph=True)
    slopes += torch.autograd.grad(losses.style, asked[1:])
    return [losses.content.item(), losses.style.item(), *(v for each in slopes for v in each.flatten().tolist())]


def by_loops() -> Numbers:
    """The same, a channel and a place at a time."""
    changing, content, style = ([each.reshape(len(each), -1).tolist() for each in layers] for layers in drawn())
    away = [f - p for one, other in zip(changing[0], content[0], strict=True) for f, p in zip(one, other, strict=True)]
    of_content, of_style = [2 * d for d in away], []
    total = 0.0
    for features, target in zip(changing[1:], style[1:], strict=True):
        channels, places = len(features), len(features[0])
        apart = [
            [
                sum(a * b for a, b in zip(features[i], features[j], strict=True)) / places
                - sum(a * b for a, b in zip(target[i], target[j], strict=True)) / len(target[0])
                for j in range(channels)
            ]
            for i in range(channels)
        ]
        total += sum(each**2 for row in apart for each in row) / (4 * channels**2)
        of_style += [
            sum(apart[i][j] * features[j][k] for j in range(channels)) / (channels**2 * places)
            for i in range(channels)
            for k in range(places)
        ]
    return [sum(d**2 for d in away), total, *of_content, *of_style]

"""Claim 169: a transposed convolution's filter can be learned; fixed to bilinear, it is bilinear resizing."""

from __future__ import annotations

import numpy as np

from reprise.claims.declarations import Declaration
from reprise.claims.evidence import Finding, between, primary
from reprise.statistics import exact, mean_effect
from reprise.studies.fcn.settings import Exact

FACTORS = (2, 4, 8, 16, 32)


def upsampling_findings(declared: Declaration, settings: Exact, pictures: np.ndarray) -> list[Finding]:
    """All of claim 169 but what trained networks say; ``pictures`` (n, h, w) floats in [0, 1] of even sides."""
    ratios, ended = learned_ratios(pictures, settings.starts, settings.steps)
    return [
        primary(
            declared,
            mean_effect(ratios, "ratio", (0, np.inf)),
            undecided="" if ended else f"learning was cut off after {settings.steps} steps",
            note=f"{settings.starts} random starts, {settings.steps} steps of L-BFGS at most; 16 weights are learned",
        ),
        Finding(
            169,
            "Largest difference between the fixed filter and bilinear resizing, factors 2 to 32",
            exact(gap_to_resizing(), len(FACTORS)),
            between(0, 1e-6),
            kind="oracle",
            oracle="torch.nn.functional.interpolate, mode bilinear",
        ),
    ]


def learned_ratios(pictures: np.ndarray, starts: int, steps: int) -> tuple[np.ndarray, bool]:
    """(starts,) squared error on held-out pictures, learned filter over bilinear one; whether learning ended by itself.

    Args:
        pictures: (n, h, w) floats; the first half is learned from.
        starts: random filters.
        steps: of L-BFGS, at most.
    """
    import torch
    import torch.nn.functional as F

    from reprise.layers.bilinear import Bilinear

    whole = torch.from_numpy(np.ascontiguousarray(pictures, dtype=np.float32))[:, None]
    halved = F.avg_pool2d(whole, 2)
    half = len(whole) // 2

    def error(layer: torch.nn.Module, part: slice) -> torch.Tensor:
        return (layer(halved[part]) - whole[part])[..., 2:-2, 2:-2].square().mean()

    with torch.no_grad():
        fixed = error(Bilinear(1, 2, padding=1), slice(half, None))
    ratios, ended = [], True
    for start in range(starts):
        layer = Bilinear(1, 2, learned=True, padding=1)
        with torch.no_grad():
            layer.weight.normal_(0, 0.25, generator=torch.Generator().manual_seed(start))
        optimizer = torch.optim.LBFGS(layer.parameters(), max_iter=steps, line_search_fn="strong_wolfe")

        def loss(layer: Bilinear = layer, optimizer: torch.optim.LBFGS = optimizer) -> torch.Tensor:
            optimizer.zero_grad()
            found = error(layer, slice(0, half))
            found.backward()
            return found

        optimizer.step(loss)
        ended &= optimizer.state_dict()["state"][0]["n_iter"] < steps
        with torch.no_grad():
            ratios.append(float(error(layer, slice(half, None)) / fixed))
    return np.array(ratios), ended


def gap_to_resizing() -> float:
    """Largest difference of the fixed filter from PyTorch's bilinear resizing, away from the border."""
    import torch
    import torch.nn.functional as F

    from reprise.layers.bilinear import Bilinear

    maps = torch.rand(1, 3, 5, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    gaps = []
    for factor in FACTORS:
        edge = factor // 2
        found = Bilinear(3, factor, padding=edge).double()(maps)[..., edge:-edge, edge:-edge]
        expected = F.interpolate(maps, scale_factor=factor, mode="bilinear", align_corners=False)
        gaps.append(float((found - expected[..., edge:-edge, edge:-edge]).abs().max()))
    return max(gaps)

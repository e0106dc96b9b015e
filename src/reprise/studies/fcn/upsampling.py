"""Claim 169: a transposed convolution's filter can be learned; fixed to bilinear, it is bilinear resizing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reprise.claims.declarations import Declaration
from reprise.claims.evidence import Finding, between, primary
from reprise.statistics import exact, mean_effect
from reprise.studies.fcn.settings import Exact

if TYPE_CHECKING:
    import torch

FACTORS = (2, 4, 8, 16, 32)
RATE = 0.03
NEAR = 1.01  # times the least error: where learning has ended


def upsampling_findings(declared: Declaration, settings: Exact, pictures: np.ndarray) -> list[Finding]:
    """All of claim 169 but what trained networks say; ``pictures`` (n, h, w) floats in [0, 1] of even sides."""
    asked = Doubling(pictures)
    filters = [asked.learned(start, settings.steps) for start in range(settings.starts)]
    least = asked.least()
    short = float(np.mean([asked.error(each, learning=True) for each in filters]) / asked.error(least, learning=True))
    fixed = asked.error(asked.bilinear())
    by_picture = np.mean([asked.errors(each) for each in filters], axis=0) / asked.errors(asked.bilinear())
    cut_off = f"learning was cut off after {settings.steps} steps, at {short:.2f} times the least error it could reach"
    return [
        primary(
            declared,
            mean_effect(np.array([asked.error(each) / fixed for each in filters]), "ratio", (0, np.inf)),
            undecided=cut_off if short > NEAR else "",
            note=f"{settings.starts} random starts, {settings.steps} steps of Adam, the rate falls to 0; the interval "
            "is over starts, which all lead to the same least squares: that over pictures stands beside it",
        ),
        Finding(
            169,
            "The same by picture, mean of the starts: ratios of the pictures not learned from",
            mean_effect(by_picture, "ratio", (0, np.inf)),
            note=f"as if pictures were independent; the largest ratio of a picture is {by_picture.max():.3f}",
        ),
        Finding(
            169,
            "The same of the filter at which learning would end",
            exact(asked.error(least) / fixed, len(asked.halved) - asked.half),
            note="least squares, from no start; 16 weights",
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


class Doubling:
    """Pictures that are halved and doubled again by a filter of 4 x 4; the first half of them is learned from.

    Args:
        pictures: (n, h, w) floats of even sides.
    """

    def __init__(self, pictures: np.ndarray) -> None:
        import torch
        import torch.nn.functional as F

        self.whole = torch.from_numpy(np.ascontiguousarray(pictures, dtype=np.float32))[:, None]
        self.halved = F.avg_pool2d(self.whole, 2)
        self.half = len(self.whole) // 2
        columns, goal = self._equations()
        self.squares, self.products = columns.T @ columns / len(goal), columns.T @ goal / len(goal)

    def loss(self, weight: torch.Tensor, learning: bool) -> torch.Tensor:
        """Mean squared error of a filter (1, 1, 4, 4), two pixels from the border."""
        return self._squares(weight, learning).mean()

    def _squares(self, weight: torch.Tensor, learning: bool) -> torch.Tensor:
        import torch.nn.functional as F

        part = slice(0, self.half) if learning else slice(self.half, None)
        found = F.conv_transpose2d(self.halved[part], weight, stride=2, padding=1)
        return (found - self.whole[part])[..., 2:-2, 2:-2].square()

    def error(self, weight: torch.Tensor, learning: bool = False) -> float:
        """The same, of pictures not learned from, or of those that are."""
        return float(self.loss(weight.detach(), learning))

    def errors(self, weight: torch.Tensor) -> np.ndarray:
        """The same of each picture not learned from, (pictures,)."""
        return self._squares(weight, learning=False).mean(dim=(1, 2, 3)).double().numpy()

    def bilinear(self) -> torch.Tensor:
        """The filter that is put in by hand."""
        from reprise.layers.bilinear import bilinear_filter

        return bilinear_filter(2)[None, None]

    def learned(self, start: int, steps: int) -> torch.Tensor:
        """A filter that was learned from noise by so many steps."""
        import torch

        weight = torch.empty(16).normal_(0, 0.25, generator=torch.Generator().manual_seed(start)).double()
        optimizer = torch.optim.Adam([weight], lr=RATE)
        for step in range(steps):
            optimizer.param_groups[0]["lr"] = RATE * (1 - step / steps)
            weight.grad = 2 * (self.squares @ weight - self.products)  # of the loss, which is quadratic in the filter
            optimizer.step()
        return weight.float().reshape(1, 1, 4, 4)

    def least(self) -> torch.Tensor:
        """The filter of the least error on what is learned from."""
        import torch

        return torch.linalg.lstsq(*self._equations()).solution.float().reshape(1, 1, 4, 4)

    def _equations(self) -> tuple[torch.Tensor, torch.Tensor]:
        """What each of the 16 weights draws, (pixels, 16), and what is to be drawn, (pixels,), where it is learned."""
        import torch
        import torch.nn.functional as F

        place = slice(0, self.half)
        columns = []
        for one in torch.eye(16).reshape(16, 1, 1, 4, 4):
            drawn = F.conv_transpose2d(self.halved[place], one, stride=2, padding=1)
            columns.append(drawn[..., 2:-2, 2:-2].flatten())
        goal = self.whole[place][..., 2:-2, 2:-2].flatten().double()
        return torch.stack(columns, 1).double(), goal


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

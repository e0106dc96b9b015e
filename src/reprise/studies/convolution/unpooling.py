"""Claims 112 and 113: three ways to unpool, against PyTorch's, and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reprise.claims.evidence import Finding, equals
from reprise.statistics import exact, proportion
from reprise.studies.convolution.lesson.pooling import max_pool_with_places, pool2d
from reprise.studies.convolution.lesson.unpooling import bed_of_nails, max_unpool, nearest_neighbour

FACTORS = (2, 4)
SHOWN = ("convolution_unpooling",)


@dataclass(frozen=True)
class Unpooled:
    """Over all factors: largest differences, and which values come back.

    Attributes:
        values: how many numbers were unpooled by each factor.
        nails: of the bed of nails from an independent construction.
        nearest: of nearest neighbours from PyTorch's.
        back: of pool(nearest(x)) from x, by either pooling.
        places: of max-unpooling from PyTorch's.
        survivors: (factors * values,) whether a value comes back from the bed of nails by max pooling.
    """

    values: int
    nails: float
    nearest: float
    back: float
    places: float
    survivors: np.ndarray


def unpool() -> Unpooled:
    """Random numbers of both signs, (4, 3, 8, 8), unpooled every way."""
    import torch
    import torch.nn.functional as F

    x = np.random.default_rng(112).normal(size=(4, 3, 8, 8))
    tensor = torch.from_numpy(x)
    gaps, survivors = [], []
    for factor in FACTORS:
        corner = torch.zeros(3, 1, factor, factor, dtype=torch.float64)
        corner[:, :, 0, 0] = 1
        nails, repeated = bed_of_nails(x, factor), nearest_neighbour(x, factor)
        pooled, places = max_pool_with_places(x, factor)
        theirs, indices = F.max_pool2d(tensor, factor, return_indices=True)
        gaps.append(
            (
                np.abs(nails - F.conv_transpose2d(tensor, corner, stride=factor, groups=3).numpy()).max(),
                np.abs(repeated - F.interpolate(tensor, scale_factor=factor).numpy()).max(),
                max(np.abs(pool2d(repeated, factor, mode=mode) - x).max() for mode in ("max", "mean")),
                np.abs(max_unpool(pooled, places, factor) - F.max_unpool2d(theirs, indices, factor).numpy()).max(),
            )
        )
        survivors.append((pool2d(nails, factor) == x).ravel())
    return Unpooled(x.size, *np.max(gaps, axis=0), np.concatenate(survivors))


def findings(found: Unpooled) -> list[Finding]:
    """Each way against an independent one, and what pooling brings back."""
    pairs = len(FACTORS) * found.values
    return [
        Finding(
            112,
            "Largest difference of bed-of-nails unpooling from an independent construction",
            exact(found.nails, pairs),
            equals(0.0),
            kind="oracle",
            oracle="torch.nn.functional.conv_transpose2d with a one in the kernel's corner",
            figures=SHOWN,
        ),
        Finding(
            113,
            "Largest difference of pool(unpool(x)) from x, max and mean pooling, factors 2 and 4",
            exact(found.back, 2 * pairs),
            equals(0.0),
            kind="oracle",
            oracle="the values that were unpooled",
            figures=SHOWN,
        ),
        Finding(
            113,
            "Largest difference of nearest-neighbour unpooling from PyTorch's",
            exact(found.nearest, pairs),
            equals(0.0),
            kind="oracle",
            oracle="torch.nn.functional.interpolate",
        ),
        Finding(
            113,
            "Largest difference of max-unpooling from PyTorch's",
            exact(found.places, pairs),
            equals(0.0),
            kind="oracle",
            oracle="torch.nn.functional.max_unpool2d",
        ),
        Finding(
            113,
            "Share of values that come back from a bed of nails by max pooling",
            proportion(int(found.survivors.sum()), found.survivors.size),
            note="Values of both signs: a zero of the bed beats every negative one. After a ReLU all come back.",
        ),
    ]

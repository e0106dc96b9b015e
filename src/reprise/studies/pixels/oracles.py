"""What claim 98 is checked against: drawing pixel by pixel, from networks of drawn weights. Nothing is trained."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
from scipy import stats

from reprise.claims.evidence import Finding, above, between, equals
from reprise.statistics import exact
from reprise.studies.pixels.settings import KINDS

SIDE = 3  # of the pictures of which all are listed
DRAWN = 20_000
RARE = 5  # pictures that are expected more rarely are counted together
PICTURES, HEIGHT, WIDTH, GIVEN = 3, 5, 4, 2  # of those that are drawn by whole passes, and rows that they start from


def oracles() -> list[Finding]:
    """Probabilities of all binary pictures, how often they are drawn, and a whole pass for every pixel."""
    apart, listed = probabilities_gap()
    other, pixels = drawn_otherwise()
    return [
        Finding(
            98,
            f"Sum of the probabilities of all binary pictures of {SIDE} x {SIDE}, minus 1, largest of three networks",
            exact(apart, listed),
            between(0, 1e-10),
            kind="oracle",
            oracle="all of them, listed",
        ),
        Finding(
            98,
            f"Chance of a sample as far from these probabilities as {DRAWN:,} pictures that PixelCNN draws",
            exact(round(frequency(), 4), DRAWN),
            above(0.001),
            kind="oracle",
            oracle="scipy.stats.chisquare on all pictures listed",
        ),
        Finding(
            98,
            "Pixels of completed pictures that are not those of a whole pass for every pixel, three networks",
            exact(other, pixels, "pixels"),
            equals(0),
            kind="oracle",
            oracle="a loop over pixels, each the value at which the sum of chances passes the draw",
        ),
    ]


def probabilities_gap() -> tuple[float, int]:
    """How far the sums of probabilities are from 1, and how many probabilities were added."""
    sums = [_chances(kind).sum() for kind in KINDS]
    return float(max(abs(each - 1) for each in sums)), len(KINDS) * len(_listed())


def frequency() -> float:
    """The chi-square test's p of how often PixelCNN draws each picture."""
    import torch

    draws = np.random.default_rng(98).random((DRAWN, 1, SIDE, SIDE))
    pictures = network("cnn").sample(torch.from_numpy(draws)).flatten(1).tolist()
    place = {each: number for number, each in enumerate(_listed())}
    found = np.bincount([place[tuple(each)] for each in pictures], minlength=len(place))
    expected = DRAWN * _chances("cnn")
    often = expected >= RARE
    found, expected = (np.append(each[often], each[~often].sum()) for each in (found, expected))
    return float(stats.chisquare(found, expected).pvalue)


def drawn_otherwise() -> tuple[int, int]:
    """Pixels that drawing from what is kept of earlier ones gives otherwise, and how many were drawn."""
    import torch

    rng = np.random.default_rng(3)
    shape = (PICTURES, 1, HEIGHT, WIDTH)
    draws, known = rng.random(shape), rng.integers(0, 2, shape)
    other = 0
    for kind in KINDS:
        net = network(kind)
        found = net.sample(torch.from_numpy(draws), torch.from_numpy(known), given=GIVEN)
        wanted = known.copy()
        for i, j in product(range(GIVEN, HEIGHT), range(WIDTH)):
            with torch.no_grad():
                chances = net(torch.from_numpy(wanted))[:, 0, :, i, j].exp().tolist()
            wanted[:, 0, i, j] = [_reached(each, draw) for each, draw in zip(chances, draws[:, 0, i, j], strict=True)]
        other += int((found.numpy() != wanted).sum())
    return other, len(KINDS) * PICTURES * (HEIGHT - GIVEN) * WIDTH


def network(kind: str) -> Any:
    """In float64, with weights drawn at random, so that no picture is like another to it."""
    import torch

    from reprise.models.pixels import PixelNetwork

    torch.set_num_threads(1)  # threads cost more than they give on networks so small
    net = PixelNetwork(kind, width=6).double().eval()
    rng = np.random.default_rng(1)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.copy_(torch.from_numpy(rng.normal(0, 0.4, tuple(parameter.shape))))
    return net


def _listed() -> list[tuple[int, ...]]:
    return list(product((0, 1), repeat=SIDE * SIDE))


def _chances(kind: str) -> np.ndarray:
    import torch

    with torch.no_grad():
        pictures = torch.tensor(_listed()).reshape(-1, 1, SIDE, SIDE)
        return network(kind).log_probability(pictures).exp().numpy()


def _reached(chances: Sequence[float], draw: float) -> int:
    """The first value at which the sum of the chances passes the draw."""
    total = 0.0
    for value, chance in enumerate(chances):
        total += chance
        if total > draw:
            return value
    return len(chances) - 1

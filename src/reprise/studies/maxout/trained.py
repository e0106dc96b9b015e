"""Claim 43: what networks of maxout units reach, beside rectifiers and beside the paper's scores."""

from __future__ import annotations

import numpy as np
import torch

from reprise.claims.evidence import Finding, Table, equals
from reprise.layers import MaxoutConv2d
from reprise.published import read_published
from reprise.registry import study_file
from reprise.statistics import SHARE, SHARES_APART, exact, seeds_effect
from reprise.studies.maxout.settings import Learning
from reprise.sweeps import Sweep

KINDS = ("dense", "convolutional")


def findings(sweep: Sweep, config: Learning) -> list[Finding]:
    """The oracles, and the scores."""
    found = [
        Finding(
            43,
            "Largest difference of a maxout convolution from the maximum of its pieces, each a convolution of its own",
            exact(pieces_apart()),
            equals(0, 1e-5),
            kind="oracle",
            oracle="torch.nn.functional.conv2d, a piece at a time",
        ),
        Finding(
            43,
            "Parameters of the dense maxout network minus those counted by hand",
            exact(float(sweep.where(kind="dense", units="maxout").columns["parameters"][0] - by_hand(config))),
            equals(0),
            kind="oracle",
            oracle="counting by hand",
        ),
    ]
    scores = read_published(study_file("maxout", "published.csv"))
    for kind in KINDS:
        errors, apart = error(sweep, kind, "maxout"), error(sweep, kind, "maxout") - error(sweep, kind, "rectifier")
        found += [
            Finding(
                43,
                f"Test error of {kind} maxout networks with dropout",
                seeds_effect(errors, possible=SHARE),
                published=f"{scores.values('mnist')[kind]:.2%}, {scores.place('mnist')}",
            ),
            Finding(
                43,
                f"Test error, {kind} networks, maxout minus rectifiers, as many units each",
                seeds_effect(apart, possible=SHARES_APART),
                note=f"With {config.pieces} pieces each maxout unit has as many times the weights of a rectifier.",
            ),
        ]
    return found


def error(sweep: Sweep, kind: str, units: str) -> np.ndarray:
    """(seeds,) test errors; 1 where a network diverged."""
    return 1 - np.nan_to_num(sweep.where(kind=kind, units=units).columns["test_accuracy"])


def by_hand(config: Learning) -> int:
    """Weights and biases of two maxout layers and a linear one."""
    pixels, hidden = (28 // config.shrink) ** 2, config.hidden
    return ((pixels + 1) + (hidden + 1)) * hidden * config.pieces + (hidden + 1) * 10


def pieces_apart() -> float:
    """Of a random layer and random images, the largest difference from its pieces one by one."""
    generator = torch.Generator().manual_seed(43)
    layer, images = MaxoutConv2d(2, 4, 3, pieces=3, padding=1), torch.randn(5, 2, 7, 7, generator=generator)
    with torch.no_grad():
        layer.conv.weight.copy_(torch.randn(layer.conv.weight.shape, generator=generator))
        layer.conv.bias.copy_(torch.randn(layer.conv.bias.shape, generator=generator))
        # unit u's pieces are the neighbouring filters 3 u, 3 u + 1, 3 u + 2
        each = [
            torch.nn.functional.conv2d(images, layer.conv.weight[piece::3], layer.conv.bias[piece::3], padding=1)
            for piece in range(3)
        ]
        return float((layer(images) - torch.stack(each).amax(dim=0)).abs().max())


def table(sweep: Sweep) -> Table:
    """Every kind of network."""
    rows = []
    for kind in KINDS:
        for units in ("maxout", "rectifier"):
            found = sweep.where(kind=kind, units=units).columns
            errors = error(sweep, kind, units)
            rows.append(
                (
                    kind, units, f"{int(found['parameters'][0]):,}", f"{errors.mean():.3f}",
                    f"{errors.min():.3f} to {errors.max():.3f}", f"{np.nanmean(found['loss']):.3f}",
                )
            )  # fmt: skip
    return Table(
        "Networks of maxout units and of rectifiers",
        ("network", "units", "parameters", "test error", "its seeds", "training loss"),
        tuple(rows),
        "Equal numbers of units, dropout of pixels and units, Adam at one rate that nothing was chosen by.",
    )

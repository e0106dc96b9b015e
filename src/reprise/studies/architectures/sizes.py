"""Claims 115-118: depth and parameters of the networks for which the source gives a number of layers."""

from __future__ import annotations

from pathlib import Path

import torch

from reprise.claims.declarations import Declarations
from reprise.claims.evidence import Finding, equals, primary
from reprise.models.zoo import CATALOGUE, VGG, GoogLeNet
from reprise.models.zoo.cost import on_meta, parameter_count
from reprise.models.zoo.googlenet import Inception
from reprise.published import read_published
from reprise.statistics import exact
from reprise.studies.architectures.counting import Counted

LAYERS = read_published(Path(__file__).with_name("published.csv")).values("layers")
GIVEN = {
    115: ("AlexNet (2012)", "AlexNet (2014)"),
    116: ("VGG-16", "VGG-19"),
    117: ("GoogLeNet",),
    118: ("ResNet-152",),
}


def findings(declared: Declarations, counted: dict[str, Counted]) -> list[Finding]:
    """Depth and parameters of each, and what makes up VGG and GoogLeNet."""
    return [
        *(finding for claim in GIVEN for finding in _depth_and_parameters(declared, claim, counted)),
        Finding(
            116,
            "VGG-16: parameters of the convolutions alone",
            exact(parameter_count(on_meta(VGG).features)),
            equals(14_714_688),
            kind="oracle",
            oracle="the sum of filters × (9 × channels + 1) over 13 convolutions",
            figures=("architectures_shares",),
        ),
        *_inception(counted),
    ]


def parameters(claim: int, name: str, counted: dict[str, Counted]) -> Finding:
    """The number of parameters against the published one."""
    entry = CATALOGUE[name]
    return Finding(
        claim,
        f"{name}: parameters",
        exact(counted[name].parameters),
        equals(entry.parameters),
        kind="oracle",
        oracle=entry.origin,
        figures=("architectures_costs",),
    )


def _depth_and_parameters(declared: Declarations, claim: int, counted: dict[str, Counted]) -> list[Finding]:
    stated = "-".join(dict.fromkeys(f"{LAYERS[name]:g}" for name in GIVEN[claim]))
    found = []
    for name in GIVEN[claim]:
        depth = exact(counted[name].depth, unit="layers")
        more = {"published": f"S3: {stated} layers", "figures": ("architectures_costs",)}
        if claim == 118:  # decided by what its blocks do
            words = f"{name}: weighted layers on the longest path"
            found.append(Finding(claim, words, depth, equals(LAYERS[name]), "secondary", **more))
        else:
            found.append(primary(declared[claim], depth, of=name, **more))
        found.append(parameters(claim, name, counted))
    return found


def _inception(counted: dict[str, Counted]) -> list[Finding]:
    as_published = parameter_count(on_meta(GoogLeNet))
    return [
        Finding(
            117,
            "Difference of an Inception module's output from its branches, run one by one and concatenated",
            exact(inception_gap()),
            equals(0.0),
            kind="secondary",
            published="S3: modules combine multiple parallel convolutions",
        ),
        Finding(
            117,
            "GoogLeNet as its paper defines it (5 × 5 filters, biases, no batch normalisation): parameters",
            exact(as_published),
            note="Libraries ship a form with batch normalisation and 3 × 3 in place of 5 × 5, which is the one pinned.",
        ),
        Finding(
            117,
            "How many times fewer parameters GoogLeNet has than AlexNet, both as published",
            exact(counted["AlexNet (2012)"].parameters / as_published, unit="times"),
            published="often quoted from the paper: 12 times fewer",
        ),
    ]


def inception_gap() -> float:
    """Largest difference of a random Inception module from its own branches."""
    torch.manual_seed(117)
    module, images = Inception(8, 4, 6, 8, 2, 4, 4).eval(), torch.randn(2, 8, 9, 9)
    with torch.no_grad():
        branches = [branch(images) for branch in (module.branch1, module.branch3, module.branch5, module.branch_pool)]
        gap = module(images) - torch.cat(branches, dim=1)
    return float(gap.abs().max())

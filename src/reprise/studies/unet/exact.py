"""Claims 25 and 27: sizes, weights, tiles and momentum of the published network. Nothing is trained."""

from __future__ import annotations

import math

import numpy as np

from reprise.claims.declarations import Declarations
from reprise.claims.evidence import Finding, above, between, equals, primary
from reprise.statistics import exact

INPUT, OUTPUT, PARAMETERS = 572, 388, 31_030_658  # the published network's
MOMENTUM, USUAL = 0.99, 0.9
STEPS = 3000


def exact_findings(declared: Declarations) -> list[Finding]:
    """All of claims 25 and 27 that needs no training."""
    sizes, shared, output, parameters = published_network()
    ages = {momentum: shares(momentum) for momentum in (MOMENTUM, USUAL)}
    half = {momentum: half_of_update(found) for momentum, found in ages.items()}
    return [
        primary(
            declared[25],
            exact(sum(copy != here for copy, here in sizes), len(sizes)),
            note="from the bottom up: " + ", ".join(f"{copy} beside {here}" for copy, here in sizes),
        ),
        Finding(
            25,
            "Weights that both paths share",
            exact(shared),
            above(0),
            kind="slip",
            variant="text",
            defect=4,
            note="maps are copied, not weights",
        ),
        Finding(
            25,
            "Parameters of the published network",
            exact(parameters),
            equals(PARAMETERS),
            kind="oracle",
            oracle="counted from the paper's figure",
        ),
        Finding(
            25,
            f"Side of what it gives for {INPUT} pixels",
            exact(output),
            equals(OUTPUT),
            kind="oracle",
            oracle="the paper's figure",
        ),
        Finding(
            25,
            "Largest difference between pictures predicted in tiles and whole",
            exact(seam()),
            between(0, 1e-9),
            kind="oracle",
            oracle="one pass over the mirrored picture",
        ),
        primary(
            declared[27],
            exact(half[MOMENTUM]),
            note=f"at {USUAL}: {half[USUAL]}; 1 / (1 - {MOMENTUM}) = 100 is the mean age's bound, "
            f"{1 - ages[MOMENTUM][:100].sum():.0%} of an update comes from samples more than 100 steps old",
            figures=("momentum",),
        ),
        Finding(
            27,
            "The same from log ½ / log 0.99, rounded up, minus what was counted",
            exact(math.ceil(math.log(0.5) / math.log(MOMENTUM)) - half[MOMENTUM]),
            equals(0),
            kind="oracle",
            oracle="the geometric series",
        ),
    ]


def published_network() -> tuple[list[tuple[int, int]], int, int, int]:
    """(copy's side, side of what it is put beside) at each level; shared weights; output's side; parameters."""
    import torch

    from reprise.models.unet import UNet

    with torch.device("meta"):
        model = UNet()
        sides: dict[str, list[int]] = {"copy": [], "here": []}
        for name, layers in (("copy", model.encoder), ("here", model.up)):
            for layer in layers:
                layer.register_forward_hook(lambda _, __, out, name=name: sides[name].append(out.shape[-1]))
        output = model(torch.zeros(1, 1, INPUT, INPUT))[0].shape[-1]
        paths = [
            {id(p) for layers in both for p in layers.parameters()}
            for both in ((model.encoder, model.down), (model.up, model.decoder))
        ]
    copies = sides["copy"][-2::-1]  # the bottom is not copied
    count = sum(parameter.numel() for parameter in model.parameters())
    return list(zip(copies, sides["here"], strict=True)), len(paths[0] & paths[1]), output, count


def shares(momentum: float) -> np.ndarray:
    """(STEPS,) share that a sample's gradient has in the update so many steps later, asked of PyTorch's optimiser."""
    import torch

    weight = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([weight], lr=1.0, momentum=momentum)
    moved = []
    for step in range(STEPS):
        before = weight.item()
        weight.grad = torch.full_like(weight, float(step == 0))
        optimizer.step()
        moved.append(before - weight.item())
    found = np.array(moved)
    return found / found.sum()


def half_of_update(found: np.ndarray) -> int:
    """How many of the last samples make up half of an update."""
    return int(np.searchsorted(np.cumsum(found), 0.5)) + 1


def seam() -> float:
    """Largest difference between tiles and the whole of a random picture, by a random network."""
    import torch

    from reprise.models.tiles import mirrored, predict_tiled, unet_margin, unet_surplus
    from reprise.models.unet import UNet

    torch.manual_seed(0)
    network = UNet(width=2).double().eval()
    height, width, tile, surplus = 110, 120, 64, unet_surplus()
    picture = torch.rand(1, 1, height, width, dtype=torch.float64)
    border, side = unet_margin() // 2, 2 * tile + surplus
    with torch.inference_mode():
        tiled = predict_tiled(lambda x: network(x)[0], picture, tile, unet_margin(), 16, surplus)
        whole = network(mirrored(picture, border, side - height + border, side - width + border))[0]
    return float((tiled - whole[..., :height, :width]).abs().max())

"""Segmentation: confusion matrix, elastic augmentation, training and tiled prediction, beside what others offer.

``python benchmarks/segmentation.py`` (add ``--width 64 --side 572 --rounds 9`` for the published network). Results are
compared before times are. The U-Net of segmentation_models_pytorch is timed where that is installed, in an environment
of its own if need be; its decoder is widened until both have as many parameters, within a tenth. Its encoder halves a
picture twice before its first wide convolutions, so both are also compared by the multiplications that they need.
``--busy`` counts the processor's seconds and not the clock's, where other work runs beside it.

Measured with ``--width 64 --side 252 --size 256 --rounds 1 --busy`` on one thread of a busy CPU (torch 2.13), seconds:

    confusion of 1.5 million pixels          0.0035    torchmetrics 0.098, scikit-learn 0.041
    training step, 31 million parameters     1.2 to 1.5, of which the deformation 0.003; theirs on 224 pixels 1.0
    prediction in one tile                   1.70    78 thousand million multiplications, 21.8 ms for each
    prediction in tiles of 128               2.62    121, 21.7 ms
    their network, whole                     0.42    17, 24.5 ms

The published network takes four times as long because it multiplies four and a half times as often: it has 64 maps at
full size, and a margin that is computed and cut off, the more the smaller the tiles. Weights in channels-last order, as
every task has them, save a quarter at width 16; inference_mode 6 % over no_grad; batches of two tiles nothing.
"""

from __future__ import annotations

import argparse
import copy
import importlib.util
import time
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.metrics import confusion_matrix
from torch import nn
from torch.utils.flop_counter import FlopCounterMode
from torchmetrics.functional.classification import multiclass_confusion_matrix

import _turns
from _turns import in_turns, seconds_of
from reprise.data.elastic import random_grid, sample
from reprise.metrics.confusion import Confusion
from reprise.models.tiles import predict_tiled, unet_margin, unet_surplus
from reprise.models.unet import UNet

CLASSES, IGNORE = 21, 255


def confusion(rounds: int, count: int = 8) -> None:
    """One pass over label maps, bytes as they come from pictures."""
    rng = np.random.default_rng(0)
    truth = np.kron(rng.integers(0, CLASSES, (count, 32, 40)), np.ones((1, 12, 12), int)).astype(np.uint8)
    said = np.where(rng.random(truth.shape) < 0.8, truth, rng.integers(0, CLASSES, truth.shape)).astype(np.uint8)
    truth[:, :20] = IGNORE
    known = truth != IGNORE

    def ours() -> np.ndarray:
        return Confusion(CLASSES, IGNORE).add(truth, said).matrix

    def torchmetrics() -> np.ndarray:
        one, other = (torch.from_numpy(each).long() for each in (said, truth))
        return multiclass_confusion_matrix(one, other, CLASSES, ignore_index=IGNORE).numpy()

    def sklearn() -> np.ndarray:
        return confusion_matrix(truth[known], said[known], labels=range(CLASSES))

    ways = {"ours": ours, "torchmetrics": torchmetrics, "scikit-learn": sklearn}
    for name, way in ways.items():
        assert (way() == ours()).all(), name
    report(f"confusion of {truth.size:,} pixels, {CLASSES} classes", turns(ways, rounds))


def steps(width: int, side: int, size: int, rounds: int, device: str) -> None:
    """One training step of the published network with and without its deformation, and of the other library's."""
    torch.manual_seed(0)
    ours = UNet(width=width).to(device, memory_format=torch.channels_last)  # as every task trains them
    output = side - unet_margin()
    image, label = torch.rand(1, 1, side, side, device=device), torch.randint(0, 2, (1, side, side), device=device)
    weight = torch.rand(1, side, side, device=device)

    def deformed() -> tuple[torch.Tensor, ...]:
        grid = random_grid((1, side, side), device, 180, 0.1, 10, True)
        both = sample(torch.stack([image[0], weight], dim=1), grid)
        return both[:, :1], sample(label[:, None].float(), grid, nearest=True)[:, 0].long(), both[:, 1]

    def trained(network: nn.Module, bent: bool, answer: int) -> float:
        def step() -> None:
            x, y, w = deformed() if bent else (image, label, weight)
            found = network(x)
            found = found[0] if isinstance(found, tuple) else found
            edge = (side - answer) // 2
            y, w = (each[:, edge : edge + answer, edge : edge + answer] for each in (y, w))
            (w * F.cross_entropy(found[..., :answer, :answer], y, reduction="none")).mean().backward()
            network.zero_grad()

        return seconds_of(step)

    ways = {
        "deformation alone": lambda: seconds_of(deformed),
        "ours": lambda: trained(ours, False, output),
        "ours, deformed": lambda: trained(ours, True, output),
    }
    other = peer(sum(p.numel() for p in ours.parameters()))
    if other is not None:
        other = other.to(device, memory_format=torch.channels_last)
        inside = side // 32 * 32  # theirs is padded and takes multiples of 32
        image_of_theirs = image[..., :inside, :inside]

        def theirs() -> float:
            def step() -> None:
                F.cross_entropy(other(image_of_theirs), label[:, :inside, :inside]).backward()
                other.zero_grad()

            return seconds_of(step)

        ways["segmentation_models_pytorch"] = theirs
    counts = [sum(p.numel() for p in network.parameters()) for network in (ours, other) if network is not None]
    taken = in_turns(ways, rounds)
    report(f"a training step on {side} x {side}, {' and '.join(f'{count:,}' for count in counts)} parameters", taken)
    extra = taken["deformation alone"] / taken["ours, deformed"]
    print(f"  the deformation is {extra:.1%} of a step")
    predictions(ours, other, rounds, device, size)


def predictions(ours: nn.Module, other: nn.Module | None, rounds: int, device: str, size: int) -> None:
    """A picture in tiles, in one tile, and by the other library's network."""
    picture, margin = torch.rand(1, 1, size, size, device=device), unet_margin()
    networks = [ours.eval()] + ([other.eval()] if other is not None else [])

    def works(place: str) -> dict[str, Callable[[], torch.Tensor]]:
        placed = [copy.deepcopy(each).to(place) for each in networks]
        here = picture.to(place)

        def tiled(tile: int) -> torch.Tensor:
            return predict_tiled(lambda x: placed[0](x)[0], here, tile, margin, 16, unet_surplus())

        ways = {
            f"ours, tiles of {tile} at most": lambda tile=tile: tiled(tile) for tile in (size // 4, size // 2, size)
        }
        if other is not None:
            ways["segmentation_models_pytorch, whole"] = lambda: placed[1](here)
        return ways

    work = {}
    with torch.inference_mode():
        taken = turns(works(device), rounds)
    with torch.no_grad():
        for name, each in works("meta").items():
            with FlopCounterMode(display=False) as counter:
                each()
            work[name] = counter.get_total_flops() / 2e9
    report(f"prediction of {size} x {size}", taken)
    for name, count in work.items():
        print(f"  {name:36s} {count:9.1f} thousand million multiplications, {1e3 * taken[name] / count:.1f} ms each")


def peer(parameters: int) -> nn.Module | None:
    """Their U-Net with as many parameters within a tenth, or None where there is none."""
    if importlib.util.find_spec("segmentation_models_pytorch") is None:
        print("segmentation_models_pytorch is not installed and not timed")
        return None
    import segmentation_models_pytorch as smp

    best = None
    for width in (2, 4, 8, 16, 24, 32, 36, 40, 44, 48):
        channels = [16 * width, 8 * width, 4 * width, 2 * width, width]
        model = smp.Unet(
            "resnet34" if parameters > 22e6 else "mobilenet_v2",
            encoder_weights=None,
            in_channels=1,
            classes=2,
            decoder_channels=channels,
        )
        gap = abs(sum(p.numel() for p in model.parameters()) - parameters)
        if best is None or gap < best[0]:
            best = gap, model
    if best[0] > 0.1 * parameters:
        print(f"segmentation_models_pytorch: no U-Net of about {parameters:,} parameters; --width 64 has one")
        return None
    return best[1]


def turns(ways, rounds: int) -> dict[str, float]:
    """Seconds of functions that return something else."""
    return in_turns({name: lambda way=way: seconds_of(way) for name, way in ways.items()}, rounds)


def report(title: str, taken: dict[str, float]) -> None:
    """One line a way."""
    print(title)
    first = taken.get("ours", min(taken.values()))
    for name, seconds in taken.items():
        print(f"  {name:36s} {1000 * seconds:9.2f} ms  {seconds / first:6.2f} of ours, or the least")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--width", type=int, default=8)
    parser.add_argument("--side", type=int, default=316)
    parser.add_argument("--size", type=int, default=512, help="of the picture that is predicted")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--busy", action="store_true", help="count the processor's seconds")
    arguments = parser.parse_args()
    if arguments.busy:
        _turns.clock = time.process_time
    place = "cuda" if torch.cuda.is_available() else "cpu"
    print(f"{place}, {torch.get_num_threads()} threads, torch {torch.__version__}")
    confusion(arguments.rounds)
    steps(arguments.width, arguments.side, arguments.size, arguments.rounds, place)

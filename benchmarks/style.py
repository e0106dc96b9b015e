"""What a step of style transfer costs beside a bare loop of the same arithmetic, and how far both are from the network.

    python benchmarks/style.py [--size 256] [--steps 20] [--rounds 5] [--weights squeezenet.npz]

The bare loop writes out SqueezeNet's layers, both losses and L-BFGS, without hooks, reports or checks. Both start
alike; their pictures are compared before their times are. Without ``--weights`` the network's weights are random, which
costs the same. The floor is one pass forward and backward through the network for every evaluation, without any loss of
style. Processor time of one thread on the CPU; rows take turns, the first round is warm-up.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from reprise.inside.gradients import activations
from reprise.inside.pretrained import Pretrained, load_pretrained, squeezenet
from reprise.inside.style import Aim, Weighting, transfer

WEIGHTING = Weighting(content=1e-4, style=1.0)
AT_ONCE = 10


def bare(model: Pretrained, content: Tensor, style: Tensor, steps: int) -> tuple[Tensor, int]:
    """The picture after so many iterations, and how often the network was asked."""
    wanted = [int(name.rsplit(".", 1)[1]) for name in model.layers]

    def answers(image: Tensor) -> list[Tensor]:
        x, found = model.seen(image), {}
        for place, layer in enumerate(model.features):
            x = layer(x)
            found[place] = x.clamp(min=0)
        return [found[place] for place in wanted]

    with torch.no_grad():
        goal = answers(content)[0]
        grams = [
            (each.flatten(2) @ each.flatten(2).transpose(1, 2)) / each[0, 0].numel() for each in answers(style)[1:]
        ]
    image, asked = content.clone().requires_grad_(True), 0

    def closure() -> Tensor:
        nonlocal asked
        asked += 1
        optimizer.zero_grad()
        first, *others = answers(image)
        loss = WEIGHTING.content * (first - goal).square().sum()
        for each, target in zip(others, grams, strict=True):
            flat = each.flatten(2)
            difference = flat @ flat.transpose(1, 2) / flat.shape[2] - target
            loss = loss + WEIGHTING.style * difference.square().sum() / (4 * flat.shape[1] ** 2)
        loss.backward()
        return loss

    optimizer = torch.optim.LBFGS(
        [image], max_iter=AT_ONCE, history_size=20, line_search_fn="strong_wolfe", tolerance_change=1e-12
    )
    for _ in range(steps // AT_ONCE):
        optimizer.step(closure)
    return image.detach().clamp(0, 1), asked


def taken(work: Callable[[], object]) -> float:
    """Processor seconds."""
    start = time.process_time()
    work()
    return time.process_time() - start


def main() -> None:
    """Prints a line a way."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, value in (("size", 256), ("steps", 20), ("rounds", 5)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--weights", type=Path)
    arguments = parser.parse_args()
    if arguments.steps % AT_ONCE or arguments.steps < 1:
        parser.error(f"--steps: a multiple of {AT_ONCE} is expected")
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = load_pretrained(arguments.weights) if arguments.weights else squeezenet().requires_grad_(False).eval()
    content, style = torch.rand(2, 1, 3, arguments.size, arguments.size).unbind()
    features = activations(model, model.layers)
    aim = Aim.of(features, content, style)
    _, asked = bare(model, content, style, arguments.steps)

    def ours() -> Tensor:
        return transfer(features, aim, content, WEIGHTING, arguments.steps, at_once=AT_ONCE).image

    def floor() -> None:
        for _ in range(asked):
            image = content.clone().requires_grad_(True)
            model(image).sum().backward()

    difference = float((ours() - bare(model, content, style, arguments.steps)[0]).abs().max())
    print(
        f"{model.name}, {arguments.size} x {arguments.size}, {arguments.steps} steps, {asked} evaluations, one thread"
    )
    print(f"largest difference of the two pictures: {difference:.2g}")
    ways = {"transfer": ours, "bare loop": lambda: bare(model, content, style, arguments.steps), "network alone": floor}
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(arguments.rounds + 1):
        for name, work in ways.items():
            times[name].append(taken(work))
    medians = {name: statistics.median(found[1:]) for name, found in times.items()}
    for name, seconds in medians.items():
        ratio = seconds / medians["bare loop"]
        print(f"{name:14s} {1e3 * seconds / arguments.steps:8.1f} ms a step   {ratio:5.2f} x the bare loop")


if __name__ == "__main__":
    main()

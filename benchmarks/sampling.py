"""What keeping earlier work saves when images are drawn pixel by pixel, and what a training step of the three costs.

``python benchmarks/sampling.py`` (add ``--side``, ``--count``, ``--width``, ``--layers``, ``--rounds``). Images are
compared before times are. Processor time of one thread on the CPU, so that a busy machine disturbs little.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import torch

from reprise.models.pixels import PixelNetwork


def seconds(work: Callable[[], object], rounds: int) -> float:
    """Median processor seconds."""
    taken = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return statistics.median(taken)


def main() -> None:
    """Prints a line a network."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, value in (("side", 28), ("count", 16), ("width", 16), ("layers", 3), ("rounds", 3), ("batch", 64)):
        parser.add_argument(f"--{name}", type=int, default=value)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    shape = arguments.count, 1, arguments.side, arguments.side
    draws = torch.rand(shape, generator=torch.Generator().manual_seed(0))
    print(f"{arguments.count} images of {shape[2]} x {shape[3]}, width {arguments.width}, {arguments.layers} blocks")
    first = None
    for kind in ("cnn", "row", "diagonal"):
        torch.manual_seed(0)
        model = PixelNetwork(kind, width=arguments.width, layers=arguments.layers)
        kept = model.sample(draws)
        fast = seconds(lambda model=model: model.sample(draws), arguments.rounds)
        start = time.process_time()
        whole = model.sample_by_whole_passes(draws)
        slow = time.process_time() - start
        same = torch.equal(kept, whole)
        images = (torch.rand(arguments.batch, *shape[1:]) < 0.5).long()

        def step(model: PixelNetwork = model, images: torch.Tensor = images) -> None:
            model.zero_grad()
            (-model.log_probability(images).mean()).backward()

        step()
        trained = seconds(step, arguments.rounds)
        first = first or trained
        print(
            f"{kind:9s} drawn in {fast:6.2f} s, by whole passes {slow:7.2f} s: {slow / fast:6.1f} times as fast; "
            f"the same images: {same}; a training step of {arguments.batch} images {1e3 * trained:7.1f} ms, "
            f"{trained / first:.1f} x PixelCNN"
        )
        if not same:
            raise SystemExit(f"{kind}: {int((kept != whole).sum())} pixels differ")


if __name__ == "__main__":
    main()

"""What a call of an activation costs, over the rectifier's: forward, and forward with backward (claims 177 and 179).

    python benchmarks/activations.py [--values 1000000]

Rows take turns; medians over rounds, the first of which is warm-up.
"""

from __future__ import annotations

import argparse

import torch
from rich.console import Console
from rich.table import Table

from _turns import in_turns, seconds_of
from reprise.studies.activations.learning import FUNCTIONS

LEFT_OUT = "maxout"  # there it is part of the layer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--values", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    x = torch.randn(arguments.values)
    kinds = {name: make() for name, make in FUNCTIONS.items() if name != LEFT_OUT}

    def forward(module: torch.nn.Module) -> None:
        with torch.inference_mode():
            module(x)

    def both(module: torch.nn.Module) -> None:
        module(x.clone().requires_grad_()).sum().backward()

    taken = {
        way: in_turns({n: lambda m=m, w=w: seconds_of(lambda: w(m)) for n, m in kinds.items()}, arguments.rounds)
        for way, w in (("forward", forward), ("with backward", both))
    }
    table = Table(
        "activation", *(f"{way}, ns a value" for way in taken), *(f"{way}, over the rectifier" for way in taken)
    )
    for name in kinds:
        nanoseconds = [f"{times[name] / arguments.values * 1e9:.2f}" for times in taken.values()]
        ratios = [f"{times[name] / times['rectifier']:.1f}" for times in taken.values()]
        table.add_row(name, *nanoseconds, *ratios)
    Console().print(table)


if __name__ == "__main__":
    main()

"""What each architecture costs, counted on shapes alone: parameters, depth, multiply-adds."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from reprise.claims.evidence import Table
from reprise.models.zoo import CATALOGUE
from reprise.models.zoo.cost import depth, multiply_adds, on_meta, parameter_count


@dataclass(frozen=True)
class Counted:
    """What was counted for one architecture.

    Attributes:
        parameters: all of them.
        dense: those in dense layers.
        depth: convolutions and dense layers on the longest path.
        multiply_adds: for one image.
    """

    parameters: int
    dense: int
    depth: int
    multiply_adds: int


def count_all() -> dict[str, Counted]:
    """Every member of the zoo by name."""
    result = {}
    for name, entry in CATALOGUE.items():
        network = on_meta(entry.build)
        operations, _ = multiply_adds(network, entry.shape)
        dense = sum(parameter_count(layer) for layer in network.modules() if isinstance(layer, nn.Linear))
        result[name] = Counted(parameter_count(network), dense, depth(network), operations)
    return result


def matching(counted: dict[str, Counted]) -> int:
    """How many have exactly the published number of parameters."""
    return sum(counted[name].parameters == entry.parameters for name, entry in CATALOGUE.items())


def table(counted: dict[str, Counted]) -> Table:
    """One line a network."""
    rows = []
    for name, entry in CATALOGUE.items():
        found = counted[name]
        rows.append(
            (
                name,
                "×".join(map(str, entry.shape[1:])),
                found.depth,
                f"{found.parameters:,}",
                "yes" if found.parameters == entry.parameters else f"no: {entry.parameters:,}",
                f"{100 * found.dense / found.parameters:.0f} %",
                f"{found.multiply_adds / 1e9:.3f}",
                "–" if entry.accuracy is None else f"{entry.accuracy:.1f} %",
            )
        )
    return Table(
        "The zoo",
        ("network", "input", "depth", "parameters", "as published", "dense", "10⁹ multiply-adds", "published top-1"),
        tuple(rows),
        "Counted on shapes alone. Top-1: ImageNet accuracy as torchvision publishes it; nothing of it is measured "
        "here.",
    )

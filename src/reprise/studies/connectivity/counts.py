"""Claim 49: how many connections there are; and what the networks of claims 50 and 54 must have, counted by hand."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np

from reprise.claims.declarations import Declaration
from reprise.claims.evidence import Finding, equals, primary
from reprise.runs import Run
from reprise.statistics import exact
from reprise.studies.connectivity.gates import MERGES
from reprise.studies.connectivity.settings import LAYERS, SHAPES

FEW = 4  # layers of which every configuration can be written down


def connection_findings(declared: Declaration) -> list[Finding]:
    """Claim 49, counted pair by pair; of a few layers, every configuration is written down."""
    layers = range(LAYERS)
    forward = sum(a < b for a in layers for b in layers)
    every = configurations(FEW)
    acyclic = every[without_cycle(every)]
    return [
        primary(declared, exact(forward, unit="connections")),
        Finding(
            49,
            f"Most connections that a configuration of {FEW} layers without a cycle has",
            exact(acyclic.sum(axis=(1, 2)).max(), len(every), "connections"),
            equals(FEW * (FEW - 1) // 2),
            kind="oracle",
            oracle=f"all {len(every):,} configurations, and whether a walk can go on for ever",
        ),
        Finding(
            49,
            f"Directed pairs of {LAYERS} layers, backward ones too",
            exact(sum(a != b for a in layers for b in layers), unit="connections"),
            equals(LAYERS * (LAYERS - 1)),
            kind="secondary",
        ),
        Finding(
            49,
            f"Connection configurations of {FEW} layers, all written down",
            exact(len(every), unit="configurations"),
            equals(FEW * (FEW - 1)),
            kind="slip",
            defect=21,
            published="“try out all n(n-1) possible connection configurations” (S2)",
            note=f"n(n-1) counts connections; each is there or not, so that there are 2^(n(n-1)) configurations: for "
            f"{LAYERS} layers {2.0 ** (LAYERS * (LAYERS - 1)):.0e}",
        ),
        Finding(
            49,
            "Gates of the network that was built",
            exact(len(MERGES), unit="gates"),
            note="44 and not 28: the image is an input too, and the last layer's merge feeds the dense layers",
        ),
    ]


def configurations(layers: int) -> np.ndarray:
    """(m, layers, layers) every way to connect them, a 1 in row i and column j where i feeds j."""
    places = tuple(np.array(list(permutations(range(layers), 2))).T)
    choices = np.array(list(product((0, 1), repeat=len(places[0]))))
    found = np.zeros((len(choices), layers, layers), int)
    found[:, *places] = choices
    return found


def without_cycle(graphs: np.ndarray) -> np.ndarray:
    """(m,) whether no walk along the connections is as long as there are layers."""
    return ~np.linalg.matrix_power(graphs, graphs.shape[1]).any(axis=(1, 2))


def size_findings(concat: Run, per_feature: Run) -> list[Finding]:
    """The oracles of claims 50 and 54: what was trained has the size that a count by hand gives."""
    found = []
    for claim, run in ((50, concat), (54, per_feature)):
        counted = by_hand(run.settings["width"], run.settings["per_feature"])
        found.append(
            Finding(
                claim,
                f"Parameters of `{run.name}`, minus those counted by hand",
                exact(run.record["parameters"] - counted, counted, "parameters"),
                equals(0),
                kind="oracle",
                oracle="the maps that each layer hears, added up",
            )
        )
    return found


def by_hand(width: int, per_feature: bool) -> int:
    """Parameters of the concatenating network whose first convolutions have ``width`` filters.

    Of the eight layers a convolution has 9 weights for every map that it hears and every filter, pools and dropouts
    have none and pass on what they hear.
    """
    filters = (width, width, None, None, 2 * width, 2 * width, None, None)
    hears = outputs = SHAPES["image"][2]
    total = 0
    for count in filters:
        total += 9 * hears * count if count else 0
        outputs += count or hears  # all that have spoken so far, the image first
        total += outputs if per_feature else 0
        hears = outputs
    side = ((SHAPES["image"][0] - 2) // 2 - 2) // 2
    hidden, classes = 16 * width, 10
    shared = 0 if per_feature else len(MERGES)
    return total + shared + (side**2 * hears + 1) * hidden + (hidden + 1) * classes

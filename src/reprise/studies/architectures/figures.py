"""The pictures of the architecture study: what each network costs, and where its parameters are."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from reprise.claims.evidence import Figure
from reprise.models.zoo import CATALOGUE
from reprise.plotting import COLOURS, figure
from reprise.studies.architectures.counting import Counted

FIGURES = [
    Figure(
        "architectures_costs",
        "Size, cost and depth",
        "Networks as circles, parameters across and multiply-adds up, both logarithmic; VGG at the upper right, "
        "SqueezeNet at the lower left, ResNet-152 deep in the middle.",
        "One circle a network; its area grows with depth. Filled: ImageNet, 224 or 227 pixels; open: CIFAR-10, 32.",
    ),
    Figure(
        "architectures_shares",
        "Where the parameters are",
        "Horizontal bars of parameters in convolutions and in dense layers for each network; AlexNet and VGG are "
        "almost all dense.",
        "Parameters in convolutions (and norms) and in dense layers, in percent of each network.",
    ),
]


def draw_costs(folder: Path, counted: dict[str, Counted]) -> None:
    """A circle for each network: parameters across, multiply-adds up, the area for its depth."""
    families: dict[str, str] = {}
    with figure(folder / "architectures_costs.svg", 7.0, 4.2) as (_, ax):
        for name, found in counted.items():
            colour = families.setdefault(name.split()[0].split("-")[0], COLOURS[len(families) % len(COLOURS)])
            large = CATALOGUE[name].shape[1] > 32
            x, y = found.parameters / 1e6, found.multiply_adds / 1e9
            face = colour if large else "none"
            ax.scatter(
                x, y, s=9 * found.depth**0.8 + 20, facecolors=face, edgecolors=colour, linewidths=1.6, alpha=0.85
            )
            gap = 7 + 0.7 * found.depth**0.5
            side = -1 if name in ("VGG-16", "VGG-19", "FractalNet", "ResNet-152") else 1
            lift = {"AlexNet (2012)": 5, "AlexNet (2014)": -5}.get(name, 0)  # their circles coincide
            offset, anchor = (side * gap, lift), "left" if side > 0 else "right"
            ax.annotate(name, (x, y), offset, textcoords="offset points", ha=anchor, va="center", fontsize=8)
        ax.set(xscale="log", yscale="log", xlabel="parameters, millions", ylabel="multiply-adds for one image, 10⁹")
        ax.set(xlim=(0.6, 330), ylim=(0.15, 40))


def draw_shares(folder: Path, counted: dict[str, Counted]) -> None:
    """Which share of each network's parameters is in its dense layers."""
    names = list(counted)[::-1]
    dense = np.array([100 * counted[name].dense / counted[name].parameters for name in names])
    with figure(folder / "architectures_shares.svg", 7.0, 3.4) as (_, ax):
        ax.barh(names, 100 - dense, color=COLOURS[0], label="convolutions")
        ax.barh(names, dense, left=100 - dense, color=COLOURS[1], label="dense layers")
        ax.set(xlabel="share of the parameters, %", xlim=(0, 100))
        ax.grid(axis="y", visible=False)
        ax.legend(ncols=2, loc="lower left", bbox_to_anchor=(0, 1.0))

"""The pictures of the saliency study."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from reprise.claims.evidence import Figure
from reprise.plotting import COLOURS, figure
from reprise.studies.saliency.asked import Asked
from reprise.studies.saliency.findings import WORDS

DRAWN = (
    "weighted", "gradient", "integrated", "smooth", "occlusion", "inversion", "picture", "smooth_picture",
    "untrained_weighted", "chance",
)  # fmt: skip
SHORT = {
    "weighted": "gradient times difference", "inversion": "inversion", "edges": "edges", "picture": "difference",
    "smooth_picture": "difference, as smooth",
}  # fmt: skip
HIDDEN = ("untrained", "untrained_weighted", "chance")  # maps that are not shown as pictures


def curves(folder: Path, asked: Sequence[Asked]) -> Figure:
    """Deletion curves of all maps, a panel a variant."""
    options = {"ncols": len(asked), "sharey": True, "squeeze": False}
    with figure(folder / "curves.svg", 7.6, 3.4, **options) as (drawn, axes):
        for axis, each in zip(axes[0], asked, strict=True):
            for colour, name in zip((*COLOURS, "#888888"), DRAWN, strict=True):
                mean = each.deletion[name].mean(axis=(0, 1))
                style = {"color": colour, "ls": "--" if name == "chance" else "-"}
                axis.plot(np.linspace(0, 1, len(mean)), mean, label=WORDS[name], **style)
            axis.set_title(each.variant, fontsize=9)
            axis.set(ylim=(0, 1.02), xlabel="share of pixels deleted")
        axes[0, 0].set_ylabel("probability of the class")
        drawn.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=7)
    caption = "Mean over networks and test images; deleted pixels take the training images' mean."
    return Figure("curves", "What is left without the salient pixels", "Falling curves, one an order", caption)


def maps(folder: Path, asked: Asked) -> Figure:
    """What each map marks in a few pictures."""
    images = asked.get("images")[0]
    names = [name for name in WORDS if name not in HIDDEN]
    options = {"nrows": len(images), "ncols": len(names) + 1, "squeeze": False}
    height = 8 * len(images) / (len(names) + 1) + 0.5  # squares, and a row of titles
    with figure(folder / f"maps_{asked.variant}.png", 8, height, **options) as (_, axes):
        for row, image in enumerate(images):
            _show(axes[row, 0], image)
            for column, name in enumerate(names, start=1):
                values = asked.get(f"maps/{name}")[0, row]
                low, high = (0, values.max()) if name != "occlusion" else (min(values.min(), 0), values.max())
                axes[row, column].imshow(values, cmap="magma", vmin=low, vmax=max(high, low + 1e-9))
                _bare(axes[row, column])
                if row == 0:
                    short = SHORT.get(name, WORDS[name])
                    axes[0, column].set_title(short.replace(" ", "\n"), fontsize=7, loc="center")
    caption = (
        "First network, first test images; bright is salient. Edges and the picture, less the fill, ask no network."
    )
    return Figure(
        f"maps_{asked.variant}", f"Maps: {asked.variant}", f"Pictures and {len(names)} maps of each", caption, "png"
    )


def inversions(folder: Path, asked: Asked) -> Figure:
    """What each layer gives back of a few pictures."""
    images, seen = asked.get("images")[0], asked.get("inversions")[0]
    count = min(len(images), seen.shape[1])
    options = {"nrows": count, "ncols": len(asked.layers) + 1, "squeeze": False}
    size = (1.2 * (len(asked.layers) + 1), 1.2 * count + 0.3)
    with figure(folder / f"inversions_{asked.variant}.png", *size, **options) as (_, axes):
        for row in range(count):
            _show(axes[row, 0], images[row])
            for column, layer in enumerate(asked.layers, start=1):
                _show(axes[row, column], seen[column - 1, row])
                if row == 0:
                    axes[0, column].set_title(layer, fontsize=8, loc="center")
    caption = "First network; left the pictures, then what each layer's features give back, with total variation."
    title = f"What a layer keeps: {asked.variant}"
    return Figure(f"inversions_{asked.variant}", title, "Pictures and their inversions by layer", caption, "png")


def _show(axis: Axes, image: np.ndarray) -> None:
    axis.imshow(np.clip(image.squeeze(), 0, 1), cmap="gray", vmin=0, vmax=1)
    _bare(axis)


def _bare(axis: Axes) -> None:
    """A picture needs no axes."""
    axis.set(xticks=[], yticks=[])
    axis.spines[:].set_visible(False)

"""The pictures of the convolution study: padding, sizes there and back, pooling, unpooling."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.patches import Rectangle

from reprise.claims.evidence import Figure
from reprise.plotting import COLOURS, figure
from reprise.studies.convolution.comparison import Sizes
from reprise.studies.convolution.lesson.edges import bright_lines, step_edges
from reprise.studies.convolution.lesson.pooling import pool2d
from reprise.studies.convolution.lesson.sizes import conv_output_size, padding_for, transposed_output_size_as_written
from reprise.studies.convolution.lesson.unpooling import bed_of_nails, max_unpool, nearest_neighbour


def padding(folder: Path) -> Figure:
    """Valid, same and full padding of a 3 x 3 kernel on 5 x 5 pixels."""
    with figure(folder / "convolution_padding.svg", 7.0, 2.3, ncols=3, width_ratios=[9.2, 11.2, 17.2]) as (_, axes):
        for ax, mode in zip(axes, ("valid", "same", "full"), strict=True):
            amount = padding_for(mode, 3)
            size, out = 5 + 2 * amount, conv_output_size(5, 3, 1, amount)
            _squares(ax, size, 0, 0, "none", "#88888880")
            _squares(ax, 5, amount, amount, COLOURS[0], "white")
            _squares(ax, out, size + 1.2, (size - out) / 2, COLOURS[2], "white")
            ax.add_patch(Rectangle((0, 0), 3, 3, facecolor="none", edgecolor=COLOURS[1], linewidth=2.2))
            ax.set(xlim=(-0.3, size + out + 1.5), ylim=(size / 2 + 4.7, size / 2 - 4.7))
            ax.set(aspect="equal", xticks=[], yticks=[])
            ax.grid(False)
            ax.spines[:].set_visible(False)
            ax.set_title(f"{mode}: p = {amount}, {out} × {out}", loc="center", fontsize=10)
    return Figure(
        "convolution_padding",
        "Three ways to pad",
        "Three grids: a 5 × 5 image without padding, with one ring and with two rings of zeros, and beside each the "
        "output's grid of 3, 5 and 7 pixels.",
        "A 3 × 3 kernel on 5 × 5 pixels. Filled: the image; empty: zeros around it; green: the output.",
    )


def sizes(folder: Path, compared: Sizes) -> Figure:
    """Sizes that three rules give back for one geometry, and how often each is wrong over all."""
    k, s, p = 3, 3, 1
    n = np.arange(3, 22)
    o = np.array([conv_output_size(int(m), k, s, p) for m in n])
    written = np.array([transposed_output_size_as_written(int(m), k, s, p) for m in o])
    with figure(folder / "convolution_sizes.svg", 7.0, 3.4, ncols=2, width_ratios=[1.5, 1]) as (_, (left, right)):
        left.plot(n, n, "-", color=COLOURS[2], label="forward remainder (right)")
        left.plot(n, s * (o - 1) + k - 2 * p, "o", mfc="none", color=COLOURS[8], label="no output padding")
        left.plot(n, written, "x", color=COLOURS[3], mew=2, label="as written")
        left.step(n, o, where="mid", color=COLOURS[0], lw=1.2, label="convolution's output o")
        left.set(
            xlabel="size n that goes in",
            ylabel="size",
            title="Stride 3, there and back",
            xticks=range(3, 22, 3),
            yticks=range(0, 22, 3),
        )
        left.legend(fontsize=8, loc="upper left")
        strides = np.unique(compared.strides)
        rules = (
            (compared.written_right, COLOURS[3], "as written"),
            (compared.default_right, COLOURS[8], "no output padding"),
        )
        for place, (rule, colour, label) in enumerate(rules):
            wrong = [100 * (1 - rule[compared.strides == stride].mean()) for stride in strides]
            right.bar(strides + 0.38 * (place - 0.5), wrong, 0.36, color=colour, label=label)
        right.set(xlabel="stride", ylabel="wrong size, %", title="How often wrong", xticks=strides, ylim=(0, 100))
        right.legend(fontsize=8, loc="upper left")
    return Figure(
        "convolution_sizes",
        "There and back: which size returns?",
        "Left: sizes that return by three rules against the size that went in; only the corrected rule lies on the "
        "diagonal. Right: share of wrong sizes by stride.",
        "Left: kernel 3, stride 3, padding 1. Each step of three sizes shares one output, so that the way back needs "
        "to be told which. Right: all geometries of the grid.",
    )


def way_back(folder: Path, panels: Mapping[str, np.ndarray]) -> Figure:
    """Title -> image (h, w): there and back, in four steps."""
    with figure(folder / "convolution_way_back.svg", 7.0, 2.1, ncols=4) as (_, axes):
        for ax, (title, picture) in zip(axes, panels.items(), strict=True):
            _pixels(ax, picture, title)
    return Figure(
        "convolution_way_back",
        "A transposed convolution is no reverse",
        "Four pictures of a handwritten digit: the image, its convolution of half the size, the transposed convolution "
        "of that, which is a blur, and the least-squares inverse.",
        "A digit of 8 × 8 pixels, a 3 × 3 blur with stride 2, its transpose, and the best that any linear map can "
        "guess (pseudo-inverse). Even that one is not the image.",
    )


def pooling(folder: Path, contrasts: Mapping[tuple[str, str], np.ndarray]) -> Figure:
    """A step and two lines, pooled once, and (kind, pooling) -> (rounds, edges) shares of contrast left."""
    angle, offset = np.array([0.5]), np.array([0.6])
    line = bright_lines(angle, offset, 16, np.sqrt(2))
    images = {"step": step_edges(angle, offset, 16), "bright line": line, "dark line": 1 - line}
    mosaic = [[f"{kind} {column}" for column in ("image", "max", "mean")] + ["curve"] for kind in images]
    with figure(folder / "convolution_pooling.svg", 7.4, 3.6) as (drawn, blank):
        blank.remove()
        axes = drawn.subplot_mosaic(mosaic, width_ratios=[1, 1, 1, 2.9])
        for row, (kind, picture) in enumerate(images.items()):
            for column in ("image", "max", "mean"):
                shown = picture if column == "image" else pool2d(picture, 2, mode=column)
                ax = axes[f"{kind} {column}"]
                _pixels(ax, shown[0, 0], column if row == 0 else "")
            axes[f"{kind} image"].set_ylabel(kind, fontsize=9)
        ax = axes["curve"]
        curves = (
            ("step", "max", "-", COLOURS[0], "step, max"),
            ("step", "mean", "--", COLOURS[0], "step, mean"),
            ("bright line", "max", "-", COLOURS[1], "bright line, max"),
            ("dark line", "max", "-", COLOURS[2], "dark line, max"),
            ("dark line", "mean", "--", COLOURS[2], "either line, mean"),
        )
        for kind, mode, style, colour, label in curves:
            left = [1.0, *contrasts[kind, mode].mean(axis=1)]
            ax.plot(range(len(left)), left, style, marker="o", color=colour, ms=4, label=label)
        ax.set(xlabel="rounds of 2 × 2 pooling", ylabel="contrast left", ylim=(-0.04, 1.06), xticks=range(len(left)))
        ax.legend(fontsize=8, loc="center right", bbox_to_anchor=(1.0, 0.57), labelspacing=0.25, handlelength=3.2)
    return Figure(
        "convolution_pooling",
        "What pooling does to edges",
        "Left: a slanted step, a bright and a dark line, and each after max and mean pooling; the dark line is gone "
        "after max pooling. Right: contrast left after each round of pooling.",
        "Left: 16 × 16 pixels pooled to 8 × 8. Right: mean over random edges and lines.",
    )


def unpooling(folder: Path) -> Figure:
    """Four numbers, unpooled three ways."""
    x = np.arange(1.0, 5.0).reshape(1, 1, 2, 2)
    places = np.array([3, 1, 0, 2]).reshape(1, 1, 2, 2)
    panels = (
        (x, "pooled"),
        (bed_of_nails(x, 2), "bed of nails"),
        (nearest_neighbour(x, 2), "nearest neighbour"),
        (max_unpool(x, places, 2), "max-unpooling"),
    )
    with figure(folder / "convolution_unpooling.svg", 7.0, 2.1, ncols=4) as (_, axes):
        for ax, (image, title) in zip(axes, panels, strict=True):
            _pixels(ax, image[0, 0], title, numbers=True)
    return Figure(
        "convolution_unpooling",
        "Three ways to unpool",
        "A 2 × 2 image of the numbers 1 to 4 and three 4 × 4 results: bed of nails, nearest neighbour, and "
        "max-unpooling with remembered places.",
        "Max-unpooling puts each value back where its maximum stood when it was pooled.",
    )


def _pixels(ax: Any, image: np.ndarray, title: str = "", numbers: bool = False, cmap: str = "gray") -> None:
    """Draws a small image as vector squares."""
    height, width = image.shape
    low, high = min(float(image.min()), 0.0), max(float(image.max()), 1e-9)
    edges = np.arange(width + 1), np.arange(height + 1)
    ax.pcolormesh(*edges, image, cmap=cmap, vmin=low, vmax=high, edgecolors="#88888880", linewidth=0.4)
    ax.set(aspect="equal", xticks=[], yticks=[], xlim=(0, width), ylim=(height, 0))
    ax.set_title(title, fontsize=9, loc="center")
    ax.grid(False)
    ax.spines[:].set_visible(False)
    if numbers:
        for (row, column), value in np.ndenumerate(image):
            colour = "black" if value > (low + high) / 2 else "white"
            ax.text(column + 0.5, row + 0.5, f"{value:g}", ha="center", va="center", color=colour, fontsize=10)


def _squares(ax: Any, count: int, left: float, top: float, face: str, edge: str) -> None:
    for row, column in itertools.product(range(count), repeat=2):
        ax.add_patch(Rectangle((left + column, top + row), 1, 1, facecolor=face, edgecolor=edge, linewidth=0.8))

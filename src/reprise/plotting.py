"""One style for all figures: quiet axes, the same colours everywhere, SVG that follows light and dark pages.

Text and axes are drawn in a marker colour that becomes ``currentColor`` in the file; a style element in the SVG gives
that colour by the reader's scheme, both inside a page and as a plain image.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")  # no display is needed or touched

import matplotlib.pyplot as plt

from reprise.files import replacing

MARKER = "#010203"  # becomes currentColor
GRID = "#8888884d"
COLOURS = ("#3b82c4", "#e0803a", "#3f9c6b", "#c8556b", "#8a6fc0", "#8c7a5b", "#d3a41f", "#4fa7b3", "#7d8590")
STYLE: dict[str, Any] = {
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "figure.constrained_layout.use": True,
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": MARKER,
    "axes.labelcolor": MARKER,
    "axes.titlecolor": MARKER,
    "text.color": MARKER,
    "xtick.color": MARKER,
    "ytick.color": MARKER,
    "legend.frameon": False,
    "axes.grid": True,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "axes.axisbelow": True,
    "lines.linewidth": 1.8,
    "axes.prop_cycle": matplotlib.cycler(color=COLOURS),
    "svg.hashsalt": "reprise",  # the same figure gives the same bytes
    "svg.fonttype": "path",
    "image.cmap": "gray",
}
_SCHEME = "<style>:root{color:#24292f}@media(prefers-color-scheme:dark){:root{color:#d5dae0}}</style>"  # plain <img>


@contextmanager
def figure(path: Path, width: float = 7.0, height: float = 3.6, **subplots: Any) -> Iterator[tuple[Any, Any]]:
    """Yields ``(figure, axes)`` in the house style and writes the file when the block ends.

    Args:
        path: ``.svg`` for charts; ``.png`` for pictures (drawn on white, for photographs and many pixels).
        width: inches; 7 fills the report's column.
        height: inches.
        **subplots: passed to ``plt.subplots`` (nrows, ncols, sharex, ...).
    """
    style = STYLE if path.suffix == ".svg" else STYLE | {"savefig.facecolor": "white"}
    with plt.rc_context(style):
        drawn, axes = plt.subplots(figsize=(width, height), **subplots)
        try:
            yield drawn, axes
            save(drawn, path)
        finally:
            plt.close(drawn)


def save(drawn: Any, path: Path) -> None:
    """Writes a Matplotlib figure deterministically, atomically, and free of dates."""
    with replacing(path) as temporary:
        if path.suffix == ".svg":
            drawn.savefig(temporary, format="svg", metadata={"Date": None, "Creator": None})
            text = temporary.read_text(encoding="utf-8").replace(MARKER, "currentColor")
            start = text.index("<svg")
            opening = text.index(">", start) + 1
            temporary.write_text(text[:opening] + _SCHEME + text[opening:], encoding="utf-8")
        else:
            drawn.savefig(temporary, format="png", dpi=150, metadata={"Software": None})

"""One style for all figures: quiet axes, the same colours everywhere, SVG that follows light and dark pages.

Text and axes are drawn in a marker colour that becomes ``currentColor`` in the file; a style element in the SVG gives
that colour by the reader's scheme, both inside a page and as a plain image.
"""

from __future__ import annotations

import re
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
_PLACES = re.compile(r"""\b(?:d|x|y|width|height|points)="[^"]*"|\btranslate\([^)]*\)""")
_FRACTION = re.compile(r"-?\d*\.\d{3,}(?:e-?\d+)?")
_HASHED = re.compile(r'\bid="([^"]*[0-9a-f]{10})"')
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
            text = _settled(temporary.read_text(encoding="utf-8").replace(MARKER, "currentColor"))
            start = text.index("<svg")
            opening = text.index(">", start) + 1
            temporary.write_text(text[:opening] + _SCHEME + text[opening:], encoding="utf-8")
        else:
            drawn.savefig(temporary, format="png", dpi=150, metadata={"Software": None})


def _settled(svg: str) -> str:
    """The same picture without what another processor does otherwise.

    Places are rounded to a hundredth of a point, which nobody sees; Matplotlib writes a millionth, and hashes every
    digit that it knows into the ids of clip paths and markers: these are counted.
    """

    def shorter(found: re.Match[str]) -> str:
        text = f"{float(found[0]):.2f}".rstrip("0").rstrip(".")
        return "0" if text == "-0" else text

    svg = _PLACES.sub(lambda found: _FRACTION.sub(shorter, found[0]), svg)
    ids = {name: f"part-{place}" for place, name in enumerate(dict.fromkeys(_HASHED.findall(svg)), 1)}
    return re.sub(r'(?<=["#])([^"#()]*[0-9a-f]{10})(?=[")])', lambda found: ids.get(found[1], found[1]), svg)

"""Reliability diagrams: accuracy by confidence with bootstrap bands, over the confidences' histogram (claim 31)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from reprise.metrics.calibration import ReliabilityCurve
from reprise.plotting import COLOURS, figure


def draw_reliability(curves: dict[str, ReliabilityCurve], path: Path, columns: int = 4) -> Path:
    """Draws one panel a method and returns the path.

    Args:
        curves: by the panel's title, in order; at least one.
        path: ``.svg`` or ``.png``.
        columns: panels in a row.
    """
    if not curves:
        raise ValueError("curves: no reliability curve to draw")
    columns = min(columns, len(curves))
    rows = -(-len(curves) // columns)
    heights = [3, 1] * rows
    size = {"width": 2.3 * columns + 0.4, "height": 2.9 * rows}
    grid = {"nrows": 2 * rows, "ncols": columns, "squeeze": False, "sharex": True, "height_ratios": heights}
    with figure(path, **size, **grid) as (drawn, axes):
        for place, (title, curve) in enumerate(curves.items()):
            row, column = divmod(place, columns)
            _panel(axes[2 * row][column], axes[2 * row + 1][column], title, curve, first=column == 0)
        for place in range(len(curves), rows * columns):
            row, column = divmod(place, columns)
            axes[2 * row][column].axis("off")
            axes[2 * row + 1][column].axis("off")
        drawn.legend(*axes[0][0].get_legend_handles_labels(), loc="outside upper right", ncols=3, fontsize=8)
    return path


def _panel(above: Any, below: Any, title: str, curve: ReliabilityCurve, first: bool) -> None:
    filled = curve.counts > 0
    middle, width = (curve.edges[1:] + curve.edges[:-1]) / 2, np.diff(curve.edges)
    x, accuracy = middle[filled], curve.accuracy[filled]
    gap = curve.confidence[filled] - accuracy
    above.bar(x, accuracy, width[filled] * 0.92, color=COLOURS[0], label="accuracy")
    above.bar(x, gap, width[filled] * 0.92, bottom=accuracy, color=COLOURS[3], alpha=0.35, label="gap to confidence")
    # a percentile band may leave out a share of exactly 0 or 1 by rounding only; arms must not be negative
    arms = np.maximum([accuracy - curve.accuracy_low[filled], curve.accuracy_high[filled] - accuracy], 0)
    above.errorbar(x, accuracy, yerr=arms, fmt="none", ecolor=COLOURS[8], elinewidth=1)
    above.plot([0, 1], [0, 1], linestyle="--", linewidth=1, color=COLOURS[8], label="perfect calibration")
    above.set(xlim=(0, 1), ylim=(0, 1))
    above.set_title(title, fontsize=9)
    above.set_title(f"ECE {100 * curve.expected:.2f} %", loc="right", fontsize=8, fontweight="normal")
    below.bar(middle, curve.share, width * 0.92, color=COLOURS[5])
    arms = np.maximum([curve.share - curve.share_low, curve.share_high - curve.share], 0)
    below.errorbar(middle, curve.share, yerr=arms, fmt="none", ecolor=COLOURS[8], elinewidth=1)
    below.set(ylim=(0, 1), xlabel="confidence")
    if first:
        above.set_ylabel("accuracy")
        below.set_ylabel("share")

"""The figure of the maxout study."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from reprise.claims.evidence import Figure
from reprise.plotting import COLOURS, figure
from reprise.studies.maxout import exact

SHOWN = (1, 2, 4)


def draw_convex(folder: Path) -> Figure:
    """The best fits of one maxout unit to a parabola, and their errors."""
    x = np.linspace(-1, 1, exact.POINTS)
    with figure(folder / f"{exact.FIGURE}.svg", 7, 3.2, ncols=2) as (_, (left, right)):
        left.plot(x, x**2, color=COLOURS[8], lw=4, alpha=0.4, label="x²")
        for place, pieces in enumerate(SHOWN):
            left.plot(x, exact.fit(pieces), color=COLOURS[place], label=f"{pieces} piece" + "s" * (pieces > 1))
        left.set(title="One maxout unit", xlabel="x", ylabel="output")
        left.legend(fontsize=8)
        counts = np.array(exact.PIECES)
        right.plot(counts, 1 / (2 * counts**2), color=COLOURS[8], label="1 / (2 k²)")
        right.plot(counts, [exact.error(pieces) for pieces in counts], "o", color=COLOURS[0], label="unit")
        right.set(title="Largest error", xlabel="pieces k", yscale="log", xticks=counts)
        right.legend(fontsize=8)
    return Figure(
        exact.FIGURE,
        "A maxout unit is convex and made of straight pieces",
        "Left: a parabola and the best maxout units with one, two and four pieces, which follow it more and more "
        "closely. Right: their largest error falls as one over twice the square of the number of pieces.",
        "Computed, not trained: the pieces are placed where the largest error is least.",
    )

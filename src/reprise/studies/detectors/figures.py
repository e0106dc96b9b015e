"""The study's figures: the ladder, recall of proposals, detections in pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.patches import Rectangle

from reprise.claims.evidence import Figure
from reprise.metrics.detection import detection_scores
from reprise.plotting import COLOURS, figure
from reprise.recorded import Times
from reprise.studies.detectors.proposals import Searched
from reprise.studies.detectors.rungs import Operations, recalled
from reprise.studies.detectors.scores import Ladder

DRAWN = ("fast", "faster", "ssd", "mask", "grid_focal", "rcnn")  # of which the first so many are drawn
SURE = 0.3  # score from which a detection is drawn


def draw(
    folder: Path, ladder: Ladder, operations: Operations, searched: Searched, times: Times | None, most: int
) -> list[Figure]:
    """Draws all of them."""
    return [
        _ladder(folder, ladder, operations, times),
        _proposals(folder, ladder, searched),
        _detections(folder, ladder, [name for name in DRAWN if name in ladder.detectors][:most]),
    ]


def _ladder(folder: Path, ladder: Ladder, operations: Operations, times: Times | None) -> Figure:
    costs = [{name: operations.of(name) / 1e6 for name in ladder.detectors}]
    labels = ["million multiply-adds a picture"]
    if times is not None:
        costs.append(
            {name: 1e3 * float(np.median(times.seconds[name])) for name in ladder.detectors if name in times.seconds}
        )
        labels.append("milliseconds a picture (recorded)")
    with figure(folder / "ladder.svg", 7.2, 3.8, ncols=len(costs), sharey=True, squeeze=False) as (_, axes):
        for axis, cost, label in zip(axes[0], costs, labels, strict=True):
            for place, name in enumerate(cost):
                values = ladder.precision(name)
                colour = COLOURS[place % len(COLOURS)]
                axis.plot([cost[name]] * 2, [values.min(), values.max()], color=colour, linewidth=1.2)
                axis.plot(cost[name], values.mean(), "o", color=colour, markersize=5)
                axis.annotate(name, (cost[name], values.mean()), (4, 3), textcoords="offset points", fontsize=7)
            axis.set_xscale("log")
            axis.set_xlabel(label)
            axis.set_ylim(0)
            axis.margins(x=0.15)
        axes[0][0].set_ylabel("average precision")
    return Figure(
        "ladder",
        "Precision against cost",
        "Scatter of detectors: average precision against multiply-adds and against recorded time, logarithmic axes.",
        "Dots are means over seeds, lines reach from the lowest to the highest seed. Selective search counts in the "
        "time of R-CNN and Fast R-CNN, not in their operations.",
    )


def _proposals(folder: Path, ladder: Ladder, searched: Searched) -> Figure:
    numbers = np.unique(np.geomspace(1, searched.boxes.shape[1], 12).astype(int))
    chosen = searched.boxes[ladder.places]
    (trained,) = ladder.runs["faster"].arrays("test/proposals")
    with figure(folder / "proposals.svg", 6, 3.2) as (_, axis):
        curve = [(recalled(ladder, chosen[:, :n]) >= 0.5).mean() for n in numbers]
        axis.plot(numbers, curve, "o-", color=COLOURS[0], label="selective search")
        numbers = numbers[numbers <= trained.shape[2]]
        curves = [[(recalled(ladder, each[:, :n]) >= 0.5).mean() for n in numbers] for each in trained]
        axis.plot(numbers, np.mean(curves, axis=0), "s-", color=COLOURS[1], label="region proposal network")
        axis.set_xscale("log")
        axis.set_ylim(0, 1.02)
        axis.set_xlabel("proposals a picture")
        axis.set_ylabel("recall at overlap 0.5")
        axis.legend()
    return Figure(
        "proposals",
        "Objects that are proposed",
        "Two rising curves: recall of objects at overlap 0.5 against the number of proposals of a picture.",
        "Test pictures; the network's curve is the mean over seeds, its best proposals first.",
    )


def _detections(folder: Path, ladder: Ladder, names: list[str]) -> Figure:
    with figure(folder / "detections.png", 7.2, 2.5 * len(names), nrows=len(names), ncols=3, squeeze=False) as (
        _,
        axes,
    ):
        for row, name in zip(axes, names, strict=True):
            order = np.argsort(_by_picture(ladder, name), kind="stable")
            worst, median, best = order[0], order[len(order) // 2], order[-1]
            for axis, place, word in zip(row, (best, median, worst), ("best", "median", "worst"), strict=True):
                _picture(axis, ladder, name, int(place))
                axis.set_title(f"{name}: {word}", fontsize=9)
    return Figure(
        "detections",
        "What is found: the best, the median and the worst test picture",
        "Pictures with boxes of detections, and dashed boxes of what is there.",
        f"Of seed 0. Lines: detections with a score of {SURE:g} or more, coloured by class; dashed: what is there.",
        kind="png",
    )


def _by_picture(ladder: Ladder, name: str) -> np.ndarray:
    """(pictures,) average precision in each test picture alone."""
    truth, found = ladder.truth, ladder.detected(name, 0)
    values = []
    for place in range(len(ladder.places)):
        parts = []
        for each in (truth, found):
            here = each.image == place
            scores = each.scores[here] if len(each.scores) else each.scores
            parts.append(type(each)(each.image[here], each.category[here], each.boxes[here], scores))
        values.append(detection_scores(*parts).average_precision())
    return np.nan_to_num(np.array(values))


def _picture(axis: Any, ladder: Ladder, name: str, place: int) -> None:
    axis.imshow(ladder.pictures.images[ladder.places[place]])
    axis.set_axis_off()
    for objects, style in ((ladder.truth, {"edgecolor": "white", "linestyle": "--"}), (ladder.detected(name, 0), {})):
        for i in np.flatnonzero(objects.image == place):
            if not style and objects.scores[i] < SURE:
                continue
            x, y, width, height = objects.boxes[i]
            colour = {} if style else {"edgecolor": COLOURS[objects.category[i] % len(COLOURS)]}
            axis.add_patch(Rectangle((x - 0.5, y - 0.5), width, height, fill=False, linewidth=1.3, **style, **colour))

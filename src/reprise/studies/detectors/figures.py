"""The study's figures: the ladder, recall of proposals, detections in pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.patches import Rectangle

from reprise.claims.evidence import Figure
from reprise.metrics.detection import Objects, detection_scores
from reprise.plotting import COLOURS, figure
from reprise.recorded import Times
from reprise.studies.detectors.masks import pasted
from reprise.studies.detectors.proposals import Searched
from reprise.studies.detectors.rungs import Operations, recalled
from reprise.studies.detectors.scores import Ladder

DRAWN = ("rcnn", "ssd", "mask", "fast", "faster", "grid_focal")  # of which the first so many are drawn
DETECTED = ("test/boxes", "test/scores", "test/classes")


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
            axis.set_xscale("log")
            axis.set_xlabel(label)
            axis.set_ylim(0)
            axis.margins(x=0.35)
            _names(axis, {name: (cost[name], float(ladder.precision(name).mean())) for name in cost})
        axes[0][0].set_ylabel("average precision")
    return Figure(
        "ladder",
        "Precision against cost",
        "Scatter of detectors: average precision against multiply-adds and against recorded time, logarithmic axes.",
        "Dots are means over seeds, lines reach from the lowest to the highest seed. Selective search counts in the "
        "time of R-CNN and Fast R-CNN, not in their operations.",
    )


def _names(axis: Any, points: dict[str, tuple[float, float]]) -> None:
    """Writes each point's name beside it, at the first of four places where it covers neither points nor names."""
    letter, line, near = 3.9, 9.0, 4.0  # points of the page
    places = axis.transData.transform(list(points.values())) * 72 / axis.figure.dpi
    taken = [(x - near, y - near, x + near, y + near) for x, y in places]
    for (name, point), (x, y) in zip(points.items(), places, strict=True):
        wide = letter * len(name)
        boxes = [(x + dx, y + dy, x + dx + wide, y + dy + line) for dy in (2, -2 - line) for dx in (4, -4 - wide)]
        crossed = [sum(a < r and e < c and b < t and u < d for e, u, r, t in taken) for a, b, c, d in boxes]
        left, low, *_ = chosen = boxes[crossed.index(min(crossed))]
        taken.append(chosen)
        offset = left - x, low - y
        axis.annotate(name, point, offset, textcoords="offset points", fontsize=7, va="bottom")


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
    size = 7.2, 2.5 * len(names)
    with figure(folder / "detections.png", *size, nrows=len(names), ncols=3, squeeze=False) as (_, axes):
        for row, name in zip(axes, names, strict=True):
            precision = _by_picture(ladder, name)
            objects = np.bincount(ladder.truth.image, minlength=len(precision))
            order = np.lexsort((objects, precision))  # of equally good ones that with most objects is the best
            worst, median, best = order[0], order[len(order) // 2], order[-1]
            for axis, place, word in zip(row, (best, median, worst), ("best", "median", "worst"), strict=True):
                _picture(axis, ladder, name, int(place))
                axis.set_title(f"{name}: {word}, {precision[place]:.2f}", fontsize=9)
    return Figure(
        "detections",
        "What is found: the best, the median and the worst test picture",
        "Pictures with boxes of detections, and dashed boxes of what is there.",
        "Of seed 0. White and dashed: what is there. In colours of classes, with class and score: as many of the "
        "surest detections as there are objects; their average precision in that picture stands above it. Of `mask` "
        "also the masks, as outlines.",
        kind="png",
    )


def _surest(ladder: Ladder, name: str, place: int) -> np.ndarray:
    """Places of as many detections of seed 0 in a test picture as there are objects, the surest ones."""
    (scores,) = ladder.runs[name].arrays("test/scores")
    surest = np.argsort(-scores[0][place], kind="stable")[: int((ladder.truth.image == place).sum())]
    return surest[scores[0][place][surest] > 0]


def _by_picture(ladder: Ladder, name: str) -> np.ndarray:
    """(pictures,) average precision of what is drawn, in each test picture alone."""
    truth, values = ladder.truth, []
    boxes, scores, classes = (each[0] for each in ladder.runs[name].arrays(*DETECTED))
    for place in range(len(ladder.places)):
        here, drawn = truth.image == place, _surest(ladder, name, place)
        there = Objects(truth.image[here], truth.category[here], truth.boxes[here])
        corners = boxes[place][drawn]
        sides = np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1).astype(float)
        kinds, sure = classes[place][drawn].astype(int), scores[place][drawn].astype(float)
        values.append(
            detection_scores(there, Objects(np.full(len(drawn), place), kinds, sides, sure)).average_precision()
        )
    return np.nan_to_num(np.array(values))


def _picture(axis: Any, ladder: Ladder, name: str, place: int) -> None:
    pictures, truth, run = ladder.pictures, ladder.truth, ladder.runs[name]
    axis.imshow(pictures.images[ladder.places[place]])
    axis.set_axis_off()
    there = np.flatnonzero(truth.image == place)
    boxes, scores, classes = (each[0][place] for each in run.arrays(*DETECTED))
    surest = _surest(ladder, name, place)
    for i in surest:
        (x, y, right, low), colour = boxes[i], COLOURS[classes[i] % len(COLOURS)]
        _box(axis, x, y, right - x, low - y, edgecolor=colour, linewidth=1.6)
        words = f"{pictures.class_names[classes[i]]} {scores[i]:.2f}"
        ground = {"facecolor": colour, "edgecolor": "none", "pad": 0.6}
        outside = y > pictures.size[0] / 12  # room above the box
        axis.text(
            x,
            y - 1 if outside else y + 1,
            words,
            fontsize=5,
            color="white",
            bbox=ground,
            clip_on=True,
            va="bottom" if outside else "top",
        )
    for i in there:
        _box(axis, *truth.boxes[i], edgecolor="white", linewidth=0.9, linestyle=(0, (3, 3)))
    if run.settings["kind"] == "mask":
        (small,) = run.arrays("test/masks")
        for mask, i in zip(pasted(small[0][place][surest], boxes[surest], pictures.size), surest, strict=True):
            if mask.any() and not mask.all():
                axis.contour(mask, levels=[0.5], colors=[COLOURS[classes[i] % len(COLOURS)]], linewidths=1.2)


def _box(axis: Any, x: float, y: float, width: float, height: float, **how: Any) -> None:
    """Pixels' middles are drawn at whole numbers, edges between them half a pixel before."""
    axis.add_patch(Rectangle((x - 0.5, y - 0.5), width, height, fill=False, **how))

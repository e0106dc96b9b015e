"""What each rung of the ladder gives and costs (claims 122-127 and 129)."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from reprise.claims.evidence import Expect, Finding, above, between
from reprise.metrics.matching import box_overlaps
from reprise.recorded import Times
from reprise.runs import Probed, apart
from reprise.statistics import SHARE, SHARES_APART, exact, paired_effect, ratio_of_groups, seeds_effect
from reprise.studies.detectors.proposals import Searched
from reprise.studies.detectors.scores import Ladder

PARITY = {
    "122": ("Largest difference of overlaps of boxes from counts of drawn pixels", "drawn pixels"),
    "123": ("Largest difference of windows from two loops", "loops over rows and columns"),
    "125": ("Largest difference of RoI pooling from loops over bins and cells", "loops over bins and cells"),
    "126": ("Boxes that suppression keeps and one pass in order of score drops, or the reverse", "one pass in order"),
    "127": (
        "Largest difference of boxes that are coded in their cells and decoded again, pixels",
        "the boxes themselves",
    ),
    "129": ("Largest difference of default boxes from loops over cells", "loops over cells"),
}
SHOWN = ("ladder",)


class Operations:
    """Multiply-adds a picture, by variant."""

    def __init__(self, probed: dict[str, Probed]) -> None:
        self._probed = probed

    def of(self, name: str, part: str = "total") -> float:
        """Mean over seeds: what is proposed, and so what is looked at, may differ between them."""
        (counts,) = self._probed[name].arrays(f"operations/{part}")
        return float(counts.mean())


def oracles(searched: Searched) -> list[Finding]:
    """Every part beside its slow form."""
    return [
        Finding(
            int(key), words, exact(searched.parity[key]), Expect(-1e-9, 1e-9, closed=True), kind="oracle", oracle=how
        )
        for key, (words, how) in PARITY.items()
    ]


def rungs(ladder: Ladder, operations: Operations, searched: Searched, times: Times | None) -> list[Finding]:
    """Ratios of counted operations, of recorded times, and differences in average precision."""
    return [
        *_localisation(ladder),
        _operations(operations, 123, "window", "rcnn", above(1)),
        *_timed(times, 123, "window", "rcnn"),
        _recall(ladder, searched),
        _operations(operations, 125, "rcnn", "fast", above(2)),
        *_timed(times, 125, "rcnn", "fast"),
        *_timed(times, 125, "rcnn from given proposals", "fast from given proposals"),
        _precision(ladder, 125, "fast", "rcnn", above(-0.02), "“at equal precision”: two points are granted"),
        *_timed(times, 126, "selective search", "region proposal network"),
        *_timed(times, 126, "fast", "faster"),
        _precision(ladder, 126, "faster", "fast"),
        _recall_of_network(ladder),
        _fastest(ladder, operations),
        *_timed(times, 127, "faster", "grid"),
        *_timed(times, 127, "ssd", "grid"),
        _precision(ladder, 127, "grid", "faster"),
        _precision(ladder, 129, "ssd", "grid", above(0), "of the smallest octave", size="small"),
        _precision(ladder, 129, "ssd", "grid", size="large"),
    ]


def _precision(
    ladder: Ladder, claim: int, one: str, other: str, expect: Expect | None = None, note: str = "", size: str = "all"
) -> Finding:
    words = "" if size == "all" else f" of {size} objects"
    return Finding(
        claim,
        f"Average precision{words}, `{one}` minus `{other}`",
        ladder.difference(one, other, size),
        expect or Expect(),
        kind="secondary" if expect else "context",
        note=note,
        undecided=ladder.unlearned(one, other) if expect else "",
        figures=SHOWN,
    )


def _operations(operations: Operations, claim: int, one: str, other: str, expect: Expect) -> Finding:
    return Finding(
        claim,
        f"Multiply-adds a picture, `{one}` divided by `{other}`",
        exact(operations.of(one) / operations.of(other), unit="times"),
        expect,
        kind="secondary",
        note="of the networks; selective search multiplies little and compares much",
        figures=SHOWN,
    )


def _timed(times: Times | None, claim: int, one: str, other: str) -> Iterable[Finding]:
    if times is not None and {one, other} <= set(times.seconds):
        words = f"Time a picture, {one} divided by {other}"
        yield Finding(
            claim, words, times.ratio(one, other), above(1), kind="secondary", note=times.words, figures=SHOWN
        )


def _localisation(ladder: Ladder) -> list[Finding]:
    """Claim 122: does a second head cost the first anything, and how far does its box overlap the largest object?"""
    one, other = (right_tags(ladder, name) for name in ("localise", "tagging"))
    cost = paired_effect(apart(one, other), unit="accuracy", possible=SHARES_APART)
    usual = commoner_tags(ladder)
    tags = f"localise {one.mean():.3f}, tagging {other.mean():.3f}, always the commoner answer {usual:.3f}"
    return [
        Finding(122, "Tags that are right, `localise` (with a second head for a box) minus `tagging`", cost, note=tags),
        Finding(
            122,
            "Mean overlap of the box with that of the largest object",
            seeds_effect(largest_overlap(ladder), possible=SHARE),
        ),
    ]


def shown_tags(ladder: Ladder) -> np.ndarray:
    """(all pictures, classes) whether a class is shown."""
    pictures = ladder.pictures
    there = np.arange(pictures.boxes.shape[1]) < pictures.count[:, None]
    kinds = np.arange(len(pictures.class_names))
    return ((pictures.classes[..., None] == kinds) & there[..., None]).any(axis=1)


def right_tags(ladder: Ladder, name: str) -> np.ndarray:
    """(seeds, pictures) share of classes of which it is rightly said whether they are shown."""
    (tags,) = ladder.runs[name].arrays("test/tags")
    return ((tags > 0) == shown_tags(ladder)[ladder.places]).mean(axis=2)


def commoner_tags(ladder: Ladder) -> float:
    """Share of tags that are right where each class always gets the answer that is commoner in training pictures."""
    shown = shown_tags(ladder)
    return float((shown[ladder.places] == (shown[~ladder.pictures.test].mean(axis=0) > 0.5)).mean())


def largest_overlap(ladder: Ladder) -> np.ndarray:
    """(seeds,) mean overlap of the localised box with the largest object's."""
    boxes = ladder.pictures.boxes[ladder.places].astype(float)
    areas = (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])
    largest = boxes[np.arange(len(boxes)), areas.argmax(axis=1)]
    (found,) = ladder.runs["localise"].arrays("test/box")
    pairs = np.arange(len(largest))
    return np.array([_overlaps(each.astype(float), largest, pairs).mean() for each in found])


def _overlaps(one: np.ndarray, other: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    sides = (np.concatenate([b[:, :2], np.maximum(b[:, 2:] - b[:, :2], 0)], axis=1) for b in (one, other))
    return box_overlaps(*sides, pairs, pairs, np.zeros(len(pairs), bool))


def recalled(ladder: Ladder, proposals: np.ndarray) -> np.ndarray:
    """(objects,) how far the best of (pictures, p, 4) proposals overlaps each object of the test pictures."""
    truth, best = ladder.truth, np.zeros(len(ladder.truth))
    corners = np.concatenate([truth.boxes[:, :2], truth.boxes[:, :2] + truth.boxes[:, 2:]], axis=1)
    for each in range(len(best)):
        rows = proposals[truth.image[each]].astype(float)
        best[each] = _overlaps(rows, np.repeat(corners[each : each + 1], len(rows), 0), np.arange(len(rows))).max()
    return best


def _recall(ladder: Ladder, searched: Searched) -> Finding:
    best = recalled(ladder, searched.boxes[ladder.places])
    return Finding(
        124,
        f"Objects that one of {searched.boxes.shape[1]} proposals of selective search overlaps by half or more",
        ratio_of_groups((best >= 0.5).astype(float), np.ones(len(best)), ladder.truth.image, "share of objects"),
        between(0.9, 1),
        kind="secondary",
        note=f"{searched.count[ladder.places].mean():.0f} proposals a picture",
        figures=("proposals",),
    )


def _recall_of_network(ladder: Ladder) -> Finding:
    (proposals,) = ladder.runs["faster"].arrays("test/proposals")
    shares = np.array([(recalled(ladder, each) >= 0.5).mean() for each in proposals])
    words = f"Objects that one of {proposals.shape[2]} proposals of the trained network overlaps by half or more"
    return Finding(126, words, seeds_effect(shares, "share of objects", (0, 1)), figures=("proposals",))


def _fastest(ladder: Ladder, operations: Operations) -> Finding:
    others = {name: operations.of(name) / operations.of("grid") for name in ladder.detectors if "grid" not in name}
    nearest = min(others, key=others.get)
    return Finding(
        127,
        "Multiply-adds a picture of the cheapest other detector, divided by those of the single pass (`grid`)",
        exact(others[nearest], unit="times"),
        above(1),
        kind="secondary",
        note=f"the cheapest other is {nearest}",
        figures=SHOWN,
    )

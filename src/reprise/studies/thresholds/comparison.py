"""Claim 3, the code: our threshold and the source's script, each beside scikit-image's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from skimage.filters import threshold_otsu

from reprise.claims.evidence import Finding, Metric, Table, equals
from reprise.statistics import SHARE, exact, mean_effect
from reprise.studies.thresholds.definitions import explained
from reprise.studies.thresholds.lesson import between_class, histogram, otsu, otsu_index, published_otsu


@dataclass(frozen=True)
class Thresholds:
    """One photograph's threshold by three programs.

    Attributes:
        ours: by the lesson's exact arithmetic.
        reference: by scikit-image.
        source: by the source's script.
        moved: share of the pixels at the source's threshold, which its off-by-one puts on the other side.
    """

    ours: int
    reference: int
    source: int
    moved: float

    @property
    def shift(self) -> int:
        """Grey levels by which the source's script is too high."""
        return self.source - self.reference


def threshold_photograph(image: np.ndarray) -> Thresholds:
    """All three, for whole numbers 0 to 255."""
    source = published_otsu(image)
    return Thresholds(otsu(image), int(threshold_otsu(image)), source, float((image == source).mean()))


def disagree(image: np.ndarray) -> bool:
    """Whether scikit-image's threshold is neither ours nor exactly as good."""
    theirs, mine = threshold_otsu(image), otsu(image)
    if mine == theirs:
        return False
    counts, values = histogram(image)
    spreads = between_class(counts)
    place = int(np.flatnonzero(values == theirs)[0])
    return spreads[place] != spreads[otsu_index(counts)]


def findings(found: Mapping[str, Thresholds], random: Sequence[np.ndarray]) -> list[Finding]:
    """Ours against scikit-image's, on photographs and on random images; then the source's script."""
    shift = np.array([each.shift for each in found.values()])
    moved = np.array([each.moved for each in found.values()])
    oracle = "skimage.filters.threshold_otsu"
    return [
        Finding(
            3,
            "Photographs on which our threshold differs from scikit-image's",
            exact(len(found) - _equal(found), n=len(found), unit="images"),
            equals(0),
            kind="oracle",
            oracle=oracle,
        ),
        Finding(
            3,
            "Random images on which our threshold differs from scikit-image's other than by an exact tie",
            exact(sum(disagree(image) for image in random), n=len(random), unit="images"),
            equals(0),
            kind="oracle",
            oracle=oracle,
            note="Among thresholds with exactly the same variance we take the lowest; floating point may take another.",
        ),
        Finding(
            3,
            "Photographs on which the source's script gives another threshold than Otsu's",
            exact(int((shift != 0).sum()), n=len(shift), unit="images"),
            equals(0),
            kind="slip",
            variant="code",
            defect=6,
            note="Its loop scores the split [0, t) against [t, 255], then draws image > t: the level t changes sides.",
            figures=("otsu_photographs",),
        ),
        Finding(
            3,
            "Threshold of the source's script minus the right one, mean over photographs",
            mean_effect(shift.astype(float), unit="grey levels"),
            variant="code",
            defect=6,
            note="One level; more where the histogram has a gap at the threshold, all of which scores alike.",
        ),
        Finding(
            3,
            "Share of pixels that the off-by-one puts on the other side, mean over photographs",
            mean_effect(moved, "share of pixels", SHARE),
            variant="code",
            defect=6,
        ),
    ]


def metrics(found: Mapping[str, Thresholds]) -> dict[str, Metric]:
    """For the gate: how often ours is scikit-image's, and by how much the source's is not."""
    return {
        "equal_to_scikit_image": Metric(_equal(found), "equal", n=len(found)),
        "source_shift": Metric.over_seeds(np.array([each.shift for each in found.values()]), "equal"),
    }


def table(photographs: Mapping[str, np.ndarray], found: Mapping[str, Thresholds]) -> Table:
    """One photograph a row."""
    rows = (
        (
            name,
            each.ours,
            each.reference,
            each.source,
            round(explained(photographs[name]), 3),
            round(each.moved, 4),
        )
        for name, each in found.items()
    )
    return Table(
        "Thresholds",
        ("photograph", "ours", "scikit-image", "source's script", "variance explained", "pixels moved"),
        tuple(rows),
        "Pixels moved: those at the source's threshold, drawn dark though its own split calls them bright.",
    )


def _equal(found: Mapping[str, Thresholds]) -> int:
    return sum(each.ours == each.reference for each in found.values())

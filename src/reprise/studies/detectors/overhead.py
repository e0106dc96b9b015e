"""Claim 130: what the mask branch adds to Faster R-CNN, and what it gives."""

from __future__ import annotations

from collections.abc import Iterable

from reprise.claims.declarations import Declaration
from reprise.claims.evidence import Expect, Finding, Table, primary
from reprise.recorded import Times
from reprise.statistics import exact, seeds_effect
from reprise.studies.detectors import counting
from reprise.studies.detectors.proposals import Searched
from reprise.studies.detectors.rungs import Operations
from reprise.studies.detectors.scores import Ladder

SHARE = "share of Faster R-CNN's"


def findings(
    declared: Declaration, ladder: Ladder, operations: Operations, searched: Searched, times: Times | None
) -> list[Finding]:
    """The published sizes, counted; our own network's operations, time and masks."""
    fifty = counting.mask_share(50)
    return [
        primary(
            declared,
            exact(counting.mask_share(), unit=SHARE),
            published="~20 % on typical models (He et al., 2017, section 3.1)",
            note=f"with ResNet-50-FPN {fifty:.3f}; one detection more or less is a hundredth of it",
        ),
        Finding(
            130,
            "Largest relative difference of the counted parts from what PyTorch counts of the same layers",
            exact(searched.parity["130"]),
            Expect(-1e-9, 1e-9, closed=True),
            kind="oracle",
            oracle="torch.utils.flop_counter on layers without weights",
        ),
        Finding(
            130,
            "Multiply-adds of our `mask` for its mask head, as a share of all its others",
            exact(operations.of("mask", "mask") / (operations.of("mask") - operations.of("mask", "mask")), unit=SHARE),
            note="a small backbone and 30 detections a picture: not the published proportions",
            figures=("ladder",),
        ),
        *_timed(times),
        *_masks(ladder),
        Finding(
            130,
            "Average precision of boxes, `mask` minus `faster` with the same settings",
            ladder.difference("mask", "faster"),
            note="regions are aligned in `mask` and pooled in `faster`",
            figures=("ladder",),
        ),
    ]


def _timed(times: Times | None) -> Iterable[Finding]:
    if times is not None:
        yield Finding(
            130,
            "Time a picture, mask divided by faster",
            times.ratio("mask", "faster"),
            note=times.words,
            figures=("ladder",),
        )


def _masks(ladder: Ladder) -> Iterable[Finding]:
    for overlap in (None, 0.5):
        words = "Average precision of masks" + ("" if overlap is None else f" at overlap {overlap:g}")
        values = ladder.precision("mask", overlap, kind="masks")
        yield Finding(130, words, seeds_effect(values, "average precision", (0, 1)), figures=("detections",))


def table() -> Table:
    """The parts' multiply-adds, as published."""
    rows = []
    for layers in (50, 101):
        parts = counting.faster(layers) | {"mask branch": counting.mask_head(counting.DETECTIONS)}
        rows += [(f"ResNet-{layers}-FPN", part, f"{count / 1e9:.1f}") for part, count in parts.items()]
    caption = (
        f"One picture of {counting.PICTURE[0]} x {counting.PICTURE[1]} pixels, {counting.PROPOSALS:,} proposals, "
        f"{counting.DETECTIONS} detections with masks."
    )
    return Table(
        "Multiply-adds of Mask R-CNN as published", ("network", "part", "10⁹ multiply-adds"), tuple(rows), caption
    )

"""What claims 84 and 87 are checked against: the source's listing as it stands, and masks emptied frame by frame."""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import pdist, squareform
from skimage.util import view_as_blocks

from reprise.claims.evidence import Finding, between, equals
from reprise.data.duplicates import block_histograms, strip_histograms
from reprise.data.ultrasound import Prepared, whole_blocks
from reprise.runs import Run
from reprise.statistics import exact
from reprise.studies.ultrasound.cleaning import Cleaning
from reprise.studies.ultrasound.scores import Scores

FEW = 8  # frames whose blocks are counted one by one, and masks whose pixels are
BLOCK, EDGES = 20, np.linspace(0, 1, 10)
Pairs = set[frozenset[int]]


def oracles(prepared: Prepared, cleaning: Cleaning, run: Run, head: Scores) -> list[Finding]:
    """Of one subject's frames, and of every test frame of the networks with a second head.

    Args:
        prepared: all frames.
        cleaning: the pairs that the hashes found.
        run, head: the variant that has the head, and its scores.
    """
    wrong, numbers = hashes_apart(prepared)
    listed, found, pairs = both_searches(prepared, cleaning)
    gaps = dice_gaps(prepared, run, head)
    return [
        Finding(
            84,
            "Numbers of frames' hashes, of strips and of blocks, that are not those of the source's listing",
            exact(wrong, numbers, "numbers"),
            equals(0),
            kind="oracle",
            oracle="numpy.histogram of skimage.util.view_as_blocks: its rows, as in the code, and its blocks",
        ),
        Finding(
            84,
            "Pairs of one subject's frames that the search finds and the source's listing does not, or the reverse",
            exact(len(listed ^ found), pairs, "pairs"),
            equals(0),
            kind="oracle",
            oracle="scipy.spatial.distance.pdist, cosine, of the listing's hashes",
            note=f"{len(listed)} are near",
        ),
        Finding(
            87,
            "Dice of test frames with masks zeroed where the head says no, and of some masks as they are, largest "
            "difference from frames and pixels one by one",
            exact(max(gaps), len(gaps)),
            between(0, 1e-10),
            kind="oracle",
            oracle="a loop over frames: the dice of an empty mask where the head's log-odds are below 0, else that "
            "of the mask; sets of pixels",
        ),
    ]


def as_listed(image: np.ndarray) -> np.ndarray:
    """The source's ``compute_img_hist`` of one frame in [0, 1]: the blocks that it loops over are rows of blocks."""
    return np.concatenate([np.histogram(row, EDGES)[0] for row in view_as_blocks(image, (BLOCK, BLOCK))])


def hashes_apart(prepared: Prepared) -> tuple[int, int]:
    """Numbers of a few frames' hashes that differ, and how many were compared."""
    index = np.linspace(0, len(prepared.frames) - 1, min(FEW, len(prepared.frames))).astype(int)
    frames = whole_blocks(prepared.frames[index])
    strips, blocks = strip_histograms(frames), block_histograms(frames)
    wrong = 0
    for frame, strip, block in zip(frames, strips, blocks, strict=True):
        rows = view_as_blocks(frame / 255, (BLOCK, BLOCK))
        each = [np.histogram(one, EDGES)[0] for row in rows for one in row]
        wrong += int((strip != as_listed(frame / 255)).sum() + (block != np.concatenate(each)).sum())
    return wrong, strips.size + blocks.size


def both_searches(prepared: Prepared, cleaning: Cleaning) -> tuple[Pairs, Pairs, int]:
    """Of the subject that has most frames: near pairs by the listing, those by the search, and how many there are."""
    who, counts = np.unique(prepared.subject, return_counts=True)
    index = np.flatnonzero(prepared.subject == who[np.argmax(counts)])
    hashes = np.array([as_listed(frame / 255) for frame in whole_blocks(prepared.frames[index])])
    near = squareform(pdist(hashes, "cosine")) + np.eye(len(index)) < cleaning.threshold
    listed = {frozenset((int(index[i]), int(index[j]))) for i, j in np.argwhere(near)}
    found = {frozenset(pair) for pair in cleaning.hashes["strips"].pairs.tolist()}
    found = {pair for pair in found if pair <= set(index.tolist())}
    return listed, found, len(index) * (len(index) - 1) // 2


def dice_gaps(prepared: Prepared, run: Run, head: Scores) -> list[float]:
    """Of every network and test frame, what zeroing makes of its dice; of the first network, some masks' dice too."""
    places, said = run.arrays("test/index", "test/has_mask_logit")
    odds: dict[tuple[int, int], float] = {}
    for seed, row in enumerate(places.tolist()):
        for place, value in zip(row, said[seed].tolist(), strict=True):
            odds.setdefault((seed, place), value)  # frames that are repeated were asked once
    rows = zip(head.seed.tolist(), head.index.tolist(), head.dice.tolist(), head.loud_dice.tolist(), strict=True)
    found = []
    for seed, place, dice, loud in rows:
        empty = 0.0 if prepared.masks[place].any() else 1.0
        found.append(abs(dice - (empty if odds[seed, place] < 0 else loud)))
    first = np.flatnonzero(head.seed == 0)
    full = [k for k in range(len(first)) if head.best[k].any()] or list(range(len(first)))
    for k in full[:FEW]:
        truth, mask = (
            set(np.flatnonzero(each).tolist()) for each in (prepared.masks[head.index[first[k]]], head.best[k])
        )
        both = len(truth) + len(mask)
        found.append(abs(head.dice[first[k]] - (2 * len(truth & mask) / both if both else 1.0)))
    return found

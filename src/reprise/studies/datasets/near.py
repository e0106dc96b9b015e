"""Claim 104: near-duplicates between the training and the test part of a data set, by the project's own finder."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.spatial.distance import cdist

from reprise.claims.evidence import Finding, Table, above, equals
from reprise.data.duplicates import TooManyPairsError, near_duplicates, robust_descriptors
from reprise.files import read_table
from reprise.statistics import exact, proportion
from reprise.studies.datasets.cards import Card
from reprise.studies.datasets.published import PUBLISHED
from reprise.studies.datasets.settings import Config

LIST = "duplicates_cifar10.csv"  # of ciFAIR's authors; read where somebody has put it beside the official files
NARROWER = 0.5  # a threshold that lets too many pass is cut by this until it does not
KNOWN = 0.9  # share of altered images that a finder of near-duplicates must know again
COMMON = 0.01  # share of a sample's pairs that parity with scipy is asked at: enough to disagree about


@dataclass(frozen=True)
class Near:
    """What the finder says of one data set.

    Attributes:
        card: the data set.
        threshold: cosine distance that was asked for.
        used: the largest that did not give too many pairs; the same, or less.
        pairs: (m, 2) an image of the training part and one of the test part, nearest first.
        distances: (m,) of these.
        within: near pairs inside the training part, and inside the test part.
        copies: test images of which the training part holds the same pixels.
        known: how many of the altered test images lie within the threshold of their originals.
        altered: how many were asked.
        apart: pairs of a sample in which the finder and scipy disagree.
        compared: how many near pairs scipy finds in it.
    """

    card: Card
    threshold: float
    used: float
    pairs: np.ndarray
    distances: np.ndarray
    within: tuple[int, int]
    copies: int
    known: int
    altered: int
    apart: int
    compared: int

    @property
    def crowded(self) -> bool:
        """Whether images lie so close that the threshold tells nothing."""
        return self.used < self.threshold

    @property
    def test_images(self) -> int:
        """Test images with a near-duplicate in the training part."""
        return len(np.unique(self.pairs[:, 1]))

    @property
    def of_two_classes(self) -> int:
        """Pairs whose labels differ."""
        images = self.card.images
        return int((images.train_labels[self.pairs[:, 0]] != images.test_labels[self.pairs[:, 1]]).sum())


def search(card: Card, config: Config) -> Near:
    """Compares every image of the set with every other."""
    train = len(card.images.train_labels)
    features = described(card.every)
    used, found = config.threshold, None
    while found is None:
        try:
            found = near_duplicates(features, used, most_pairs=config.most_pairs)
        except TooManyPairsError:
            used *= NARROWER
    pairs, distances = found
    across = (pairs[:, 0] < train) & (pairs[:, 1] >= train)
    order = np.argsort(distances[across], kind="stable")
    originals = card.images.test_images[: config.altered]
    close = one_by_one(described(originals), described(altered(originals))) < config.threshold
    apart, compared = disagreements(features[:train], features[train:], config.compared)
    return Near(
        card,
        config.threshold,
        used,
        (pairs[across] - [0, train])[order],
        distances[across][order],
        (int((pairs[:, 1] < train).sum()), int((pairs[:, 0] >= train).sum())),
        copied(card),
        int(close.sum()),
        len(originals),
        apart,
        compared,
    )


def described(images: np.ndarray) -> np.ndarray:
    """(n, h, w, c) bytes -> (n, d): the finder's descriptor of the mean over colours."""
    return robust_descriptors(images.mean(axis=3, dtype=np.float32) / 255)


def altered(images: np.ndarray) -> np.ndarray:
    """The same images a pixel to the right, a fifth darker, with noise of three grey levels."""
    moved = np.concatenate([images[:, :, :1], images[:, :, :-1]], axis=2)
    noise = np.random.default_rng(104).normal(0, 3, images.shape)
    return np.clip(np.rint(0.8 * moved + noise), 0, 255).astype(np.uint8)


def one_by_one(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(n,) cosine distance of each row from the same row of the other; NaN where one has no direction."""
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    product = np.einsum("ij,ij->i", one.astype(np.float64), other.astype(np.float64))
    return 1 - np.divide(product, lengths, out=np.full(len(one), np.nan), where=lengths > 0)


def copied(card: Card) -> int:
    """Test images of which the training part holds a copy, pixel for pixel."""
    held = {image.tobytes() for image in card.images.train_images}
    return sum(image.tobytes() in held for image in card.images.test_images)


def disagreements(train: np.ndarray, test: np.ndarray, most: int) -> tuple[int, int]:
    """Pairs across the first images of both parts that scipy's ``cdist`` and the finder judge differently.

    Asked at the threshold under which one pair in a hundred lies, so that there is something to find.

    Returns:
        How many, and how many pairs scipy finds.
    """
    one, other = train[:most], test[:most]
    distances = cdist(one.astype(np.float64), other.astype(np.float64), "cosine")
    told = distances[np.isfinite(distances)]  # a blank image has no distance
    threshold = float(np.quantile(told, COMMON)) if len(told) else 0.0
    pairs, _ = near_duplicates(np.concatenate([one, other]), threshold)
    across = pairs[(pairs[:, 0] < len(one)) & (pairs[:, 1] >= len(one))] - [0, len(one)]
    ours = np.zeros(distances.shape, bool)
    ours[tuple(across.T)] = True
    theirs = distances < threshold
    return int((ours != theirs).sum()), int(theirs.sum())


def read_list(path: Path) -> np.ndarray:
    """(m, 2) training and test image of each pair that ciFAIR's authors list.

    Raises:
        ValueError: it is no such list; the message names file and line.
    """
    rows = read_table(path, "TestID", "TrainID", "Judgment")
    try:
        return np.array([(int(row["TrainID"]), int(row["TestID"])) for row in rows]).reshape(-1, 2)
    except (TypeError, ValueError, csv.Error) as error:
        raise ValueError(f"{path}: no list of pairs ({error}); take it from github.com/cvjena/cifair, meta/") from None


def findings(found: list[Near]) -> list[Finding]:
    """Parity with scipy, images known again, and how many test images have a near-duplicate to train on."""
    return [finding for near in found for finding in (*_checks(near), *_counts(near), *_listed(near))]


def _checks(near: Near) -> list[Finding]:
    name = near.card.name
    return [
        Finding(
            104,
            f"{name}: pairs that the finder and scipy judge differently",
            exact(near.apart, near.compared),
            equals(0),
            "oracle",
            oracle="scipy.spatial.distance.cdist on the first images of both parts",
        ),
        Finding(
            104,
            f"{name}: share of altered test images that the finder knows again",
            proportion(near.known, near.altered),
            above(KNOWN),
            "secondary",
            note="a pixel to the right, a fifth darker, noise of three grey levels",
        ),
    ]


def _counts(near: Near) -> list[Finding]:
    name, tested = near.card.name, len(near.card.images.test_labels)
    crowd = f"More than that many pairs lie under {near.threshold:g}: counted under {near.used:g}. " * near.crowded
    note = (
        f"{crowd}{len(near.pairs):,} pairs, {near.of_two_classes:,} of them of two classes; within the training part "
        f"{near.within[0]:,}, within the test part {near.within[1]:,}"
    )
    share = PUBLISHED.rows("near-duplicates")
    shares = f"{share[name]['share of test images']:.1%} (Barz and Denzler 2020)" if name in share else ""
    return [
        Finding(
            104,
            f"{name}: share of test images with a near-duplicate in the training part",
            proportion(near.test_images, tested),
            note=note,
            published=shares if near.card.folder else "",
            figures=(f"near_{name}",),
        ),
        Finding(
            104,
            f"{name}: test images of which the training part holds the same pixels",
            exact(near.copies, tested, "images"),
        ),
    ]


def _listed(near: Near) -> list[Finding]:
    """What people who looked at candidates have listed, where the list is at hand."""
    path = near.card.folder / LIST if near.card.folder else None
    if path is None or not path.is_file():
        return []
    theirs = set(read_list(path)[:, 1].tolist())
    ours = set(near.pairs[:, 1].tolist())
    both = len(theirs & ours)
    words = f"{near.card.name}: share of test images"
    note = f"{len(theirs)} listed, {len(ours)} found, {both} both; people judged candidates of a network's features"
    return [
        Finding(104, f"{words} that ciFAIR lists that the finder finds", proportion(both, len(theirs)), note=note),
        Finding(
            104,
            f"{words} that the finder finds that ciFAIR lists",
            proportion(both, max(1, len(ours))),
            note=f"{note}; what is not listed need not be wrong: only each image's nearest candidates were judged",
        ),
    ]


def table(found: list[Near]) -> Table:
    """One row a data set."""
    rows = [
        (
            near.card.name,
            f"{near.used:g}",
            len(near.pairs),
            near.test_images,
            near.of_two_classes,
            *near.within,
            near.copies,
            f"{near.known} of {near.altered}",
        )
        for near in found
    ]
    columns = ("set", "threshold", "pairs", "test images", "of two classes", "within training", "within test", "copies")
    caption = "Pairs of a training and a test image under the threshold (cosine distance of the descriptor `robust`)."
    return Table("Near-duplicates", (*columns, "altered, known again"), tuple(rows), caption)

"""Claim 104: what the files of a data set hold, counted."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from reprise.claims.evidence import Finding, Table, equals
from reprise.data import cifar, cifar_files, digits, mnist_files
from reprise.data.cifar_files import Images
from reprise.statistics import exact
from reprise.studies.datasets.published import PUBLISHED
from reprise.workspace import Workspace

OFFICIAL = {"cifar10": "cifar", "mnist": "digits"}  # folder of the official files: data set that stands in for them


@dataclass(frozen=True)
class Card:
    """One data set.

    Attributes:
        name: folder of its official files.
        images: all of them.
        folder: where further files about it may lie; None where the images are generated.
    """

    name: str
    images: Images
    folder: Path | None = None

    @property
    def counts(self) -> dict[str, int]:
        """As published.csv names them."""
        return {
            "training images": len(self.images.train_labels),
            "test images": len(self.images.test_labels),
            "classes": len(np.unique(self.images.train_labels)),
        }

    @property
    def balance(self) -> tuple[int, int]:
        """Training images of the rarest and of the most frequent class."""
        found = np.bincount(self.images.train_labels)
        return int(found[found > 0].min()), int(found.max())

    @property
    def size(self) -> str:
        """Sides and channels."""
        height, width, channels = self.images.train_images.shape[1:]
        return f"{height} × {width} × {channels}"

    @property
    def every(self) -> np.ndarray:
        """(n, h, w, c) training images followed by test images."""
        return np.concatenate([self.images.train_images, self.images.test_images])


def read_cards(workspace: Workspace) -> list[Card]:
    """The official files, whole, whatever part of them is trained on; with generated data what stands in for them.

    Raises:
        CifarError, IdxError: a file is missing or not what it should be.
    """
    if workspace.source == "generated":
        return [
            Card(name, read.load(workspace.prepared(stand_in)))
            for (name, stand_in), read in zip(OFFICIAL.items(), (cifar, digits), strict=True)
        ]
    raw = workspace.raw("cifar10")
    return [
        Card("cifar10", cifar_files.read(raw), raw),
        Card("mnist", mnist_files.read("mnist", raw.parent), raw.with_name("mnist")),
    ]


def count_findings(cards: list[Card]) -> list[Finding]:
    """Counts against what the authors publish: all there is to check of a list of names."""
    found = []
    for card in cards:
        if card.folder is None:
            continue
        for what, value in PUBLISHED.rows("official sets")[card.name].items():
            place = PUBLISHED.place("official sets")
            found.append(
                Finding(104, f"{card.name}: {what}", exact(card.counts[what]), equals(value), "oracle", oracle=place)
            )
    return found


def card_table(cards: list[Card]) -> Table:
    """One row a data set; those that are not at hand from the literature."""
    rows = []
    for card in cards:
        rarest, commonest = card.balance
        every = card.every
        rows.append(
            (
                card.name if card.folder else f"generated in place of {card.name}",
                *card.counts.values(),
                card.size,
                f"{rarest:,} to {commonest:,}",
                f"{every.mean():.1f} ± {every.std():.1f}",
                "the files themselves" if card.folder else "drawn here",
            )
        )
    for name, row in PUBLISHED.rows("not at hand").items():
        places = {entry.place for entry in PUBLISHED.entries if entry.name == name}
        rows.append((name, *map(int, row.values()), "–", "–", "–", "; ".join(places)))
    columns = ("set", "training", "test", "classes", "size", "a class's training images", "pixels", "read from")
    return Table("Data-set cards", columns, tuple(rows), "Pixels: mean ± standard deviation, 0 to 255.")

"""What trained networks answered about changed images, read again."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.special import softmax

from reprise.runs import Probed, Run
from reprise.studies.adversarial.settings import JUDGED_AREA, KINDS, SIZES, STICKERS
from reprise.workspace import Workspace

CHANGES = (*KINDS, "transfer")


@dataclass(frozen=True)
class Answers:
    """One variant's networks, asked.

    Attributes:
        run: what they were trained with.
        asked: the probe's settings.
        label: (n,) right classes.
        clean: (seeds, n, 10) logits.
        changed: kind of change -> (seeds, sizes, n, 10) logits; ``transfer`` is without the first seed, against whose
            network it was made.
        stickers: kind of sticker -> (seeds, areas, targets, n, 10) logits.
        shown: ``shown/KIND`` and ``sheet/KIND`` -> (6, h, w, c) uint8 of the first seed.
    """

    run: Run
    asked: dict[str, Any]
    label: np.ndarray
    clean: np.ndarray
    changed: dict[str, np.ndarray]
    stickers: dict[str, np.ndarray]
    shown: dict[str, np.ndarray]

    @property
    def sizes(self) -> tuple[float, ...]:
        """Of the changes, shares of the range of a pixel."""
        return SIZES[self.run.settings["images"]]

    @cached_property
    def right(self) -> np.ndarray:
        """(seeds, n) whether the unchanged image is classified rightly."""
        return self.clean.argmax(axis=2) == self.label

    def error(self, kind: str) -> np.ndarray:
        """(seeds, sizes) share of all images that are classified wrongly."""
        return (self.changed[kind].argmax(axis=3) != self.label).mean(axis=2)

    def confidence(self, kind: str) -> np.ndarray:
        """(seeds, sizes) mean probability of the winner where it is wrong; NaN where nothing is."""
        wrong = self.changed[kind].argmax(axis=3) != self.label
        return _mean_where(softmax(self.changed[kind], axis=3).max(axis=3), wrong)

    def deceived(self, kind: str) -> np.ndarray:
        """(seeds, sizes) of the images that are right unchanged, the share that is wrong; NaN where none is right."""
        wrong = self.changed[kind].argmax(axis=3) != self.label
        right = self.right[len(self.right) - len(wrong) :, None]  # of the same seeds
        return _mean_where(wrong.astype(float), np.broadcast_to(right, wrong.shape))

    def named(self, sticker: str) -> np.ndarray:
        """(seeds, areas, targets, n) whether the sticker's class is named; NaN for images of that class."""
        targets = np.array(self.asked["targets"])
        named = (self.stickers[sticker].argmax(axis=4) == targets[:, None]).astype(float)
        return np.where(self.label == targets[:, None], np.nan, named)

    @property
    def judged_area(self) -> int:
        """Place of the area at which claim 103 is judged."""
        return self.asked["areas"].index(JUDGED_AREA)


def load_answers(workspace: Workspace, runs: dict[str, Run]) -> dict[str, Answers]:
    """Reads what every variant's networks were asked."""
    found = {}
    for name, run in runs.items():
        probed = Probed.of(workspace, name)
        label, clean, *changed = probed.arrays("label", "clean", *CHANGES)
        stickers = probed.arrays(*(f"sticker/{kind}" for kind in STICKERS))
        names = [f"shown/{kind}" for kind in ("clean", *KINDS)] + [f"sheet/{kind}" for kind in STICKERS]
        shown = {each: array[0] for each, array in zip(names, probed.arrays(*names), strict=True)}
        logits = {kind: array.astype(np.float64) for kind, array in zip(CHANGES, changed, strict=True)}
        found[name] = Answers(
            run,
            probed.record["settings"],
            label[0].astype(int),
            clean.astype(np.float64),
            logits | {"transfer": logits["transfer"][1:]},
            dict(zip(STICKERS, stickers, strict=True)),
            shown,
        )
    return found


def _mean_where(values: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Mean over the last axis of what is chosen; NaN where nothing is."""
    counts = chosen.sum(axis=-1)
    return np.where(counts, (values * chosen).sum(axis=-1) / np.maximum(counts, 1), np.nan)

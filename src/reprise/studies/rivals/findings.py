"""Claims 99-101: in turn or at once, dense or convolutional, with the label or without."""

from __future__ import annotations

import numpy as np

from reprise.claims.declarations import Declaration
from reprise.claims.evidence import Expect, Finding, Table, above, between, joined, primary
from reprise.runs import Run, apart
from reprise.statistics import SHARE, SHARES_APART, paired_effect, seeds_effect
from reprise.studies.rivals.drawn import Judged
from reprise.studies.rivals.settings import AT_ONCE, CLASSES, CONV, CONV_LABELLED, DENSE, LABELLED

LEAST = 0.9  # accuracy of a judge whose features mean something
AGREES = 0.95  # share of images that a generator which heeds its label draws as asked, at least
CHANCE = (0.05, 0.15)  # of one that is given none


def turn_findings(declared: Declaration, judged: Judged) -> list[Finding]:
    """All of claim 99."""
    turns, once = judged.generators[DENSE], judged.generators[AT_ONCE]
    gap = _log_ratio(once.distance, turns.distance)
    blind = "" if judged.accuracy >= LEAST else f"the judge is right about {judged.accuracy:.3f} of test digits alone"
    why = joined(blind, _unlearned(judged))
    note = f"distances {np.mean(once.distance):.1f} against {np.mean(turns.distance):.1f}; training images: "
    note += f"{judged.floor:.1f}, of half of the classes {judged.halved:.1f}"
    effect = seeds_effect(gap, "log ratio", level=declared.level(len(gap)))
    figures = ("distances", "epochs")
    found = [primary(declared, effect, undecided=why, note=note, figures=figures)]
    for name, each in judged.generators.items():
        lost = int((each.classes < CLASSES).sum())
        words = f"Classes of ten that `{name}` draws more than rarely"
        note = f"{lost} of {len(each.classes)} networks have lost one" if lost else "no network has lost one"
        found.append(Finding(99, words, seeds_effect(each.classes, "classes", (0, CLASSES)), note=note))
    copied = seeds_effect(judged.copied(DENSE), "share of images", SHARE)
    words = f"Share of `{DENSE}`'s images that lie nearer to a training image than 99 of 100 test images do"
    found.append(Finding(99, words, copied, note="far above 0.01 it would copy"))
    return found


def _unlearned(judged: Judged) -> str:
    """Why networks in turn have not learned what others could be worse at; empty where they have."""
    mean = float(judged.generators[DENSE].distance.mean())
    if mean < judged.halved:
        return ""
    return f"in turn the mean distance is {mean:.1f}; training images of half of the classes are at {judged.halved:.1f}"


def layer_findings(judged: Judged, runs: dict[str, Run]) -> list[Finding]:
    """All of claim 100, which is built."""
    dense, conv = judged.generators[DENSE], judged.generators[CONV]
    effect = seeds_effect(_log_ratio(conv.distance, dense.distance), "log ratio")
    note = f"distances {np.mean(conv.distance):.1f} against {np.mean(dense.distance):.1f}, "
    note += " and ".join(f"{max(runs[name].record['epochs'])}" for name in (CONV, DENSE)) + " epochs"
    words = "Logarithm of the Fréchet distance to test digits, convolutional minus dense"
    found = [Finding(100, words, effect, note=note, figures=("distances", "epochs"))]
    effect = seeds_effect(apart(conv.probed, dense.probed), "accuracy", SHARES_APART)
    note = f"{conv.probed.mean():.3f} against {dense.probed.mean():.3f}"
    words = "Test accuracy of a linear classifier on the critic's features, convolutional minus dense"
    return [*found, Finding(100, words, effect, note=note)]


def label_findings(judged: Judged) -> list[Finding]:
    """All of claim 101, which is built: a generator that is told the label draws it, one that is not does by chance."""
    found = []
    blind = "" if judged.accuracy >= LEAST else f"the judge is right about {judged.accuracy:.3f} of test digits alone"
    for name, expect, note in (
        (LABELLED, above(AGREES), ""),
        (CONV_LABELLED, Expect(), "convolutions are given the label as maps of one value, for fewer epochs"),
        (DENSE, between(*CHANCE), "it is given no label: by chance one in ten agrees"),
    ):
        agreement = judged.generators[name].agreement
        effect = paired_effect(agreement, unit="share of images", possible=SHARE)
        words = f"Share of `{name}`'s images that the judge calls what was asked for"
        kind = "context" if name == CONV_LABELLED else "oracle"
        more = {"note": note, "undecided": blind, "oracle": "the label that was asked for", "figures": ("sheet",)}
        found.append(Finding(101, words, effect, expect, kind, **more))
    return found


def table(judged: Judged, runs: dict[str, Run]) -> Table:
    """A row a generator."""
    rows = []
    for name, each in judged.generators.items():
        rows.append(
            (
                name,
                f"{runs[name].record['parameters']:,}",
                " / ".join(f"{value:.1f}" for value in each.distance),
                f"{each.precision.mean():.3f}",
                f"{each.recall.mean():.3f}",
                " / ".join(map(str, each.classes)),
                f"{each.agreement.mean():.3f}",
                f"{judged.copied(name).mean():.3f}",
                f"{each.probed.mean():.3f}",
            )
        )
    columns = ("generator", "parameters of both", "Fréchet distance by seed", "precision", "recall", "classes by seed")
    columns = (*columns, "agreement with the label", "copies", "linear probe of the critic")
    caption = (
        f"{judged.count:,} images each. Training images against test images: {judged.floor:.1f}; those of half of "
    )
    caption += f"the classes: {judged.halved:.1f}. The judge is right about {judged.accuracy:.3f} of test digits."
    return Table("What generators draw", columns, tuple(rows), caption)


def _log_ratio(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(seeds,) logarithm of the ratio of two distances."""
    return apart(np.log(np.maximum(one, 1e-12)), np.log(np.maximum(other, 1e-12)))

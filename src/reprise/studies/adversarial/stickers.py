"""Claim 103: a sticker that was trained to be taken for a class, against stickers that were not."""

from __future__ import annotations

import numpy as np

from reprise.claims.declarations import Declaration
from reprise.claims.evidence import Finding, Table, joined, primary
from reprise.comparing.findings import collapsed, unlearned
from reprise.statistics import SHARES_APART, Effect, paired_effect
from reprise.studies.adversarial.answers import Answers
from reprise.studies.adversarial.settings import JUDGED_AREA, STICKERS

JUDGED = "minivgg"
UPDATES = 1000  # in which a sticker is trained, as declared
COULD = "stickers work, less often than not: the sentence says that they could"


def sticker_findings(declared: Declaration, every: dict[str, Answers]) -> list[Finding]:
    """All of claim 103."""
    judged = every[JUDGED]
    updates = judged.asked["updates"]
    cut_off = f"stickers were trained for {updates:,} updates in place of {UPDATES:,}" if updates < UPDATES else ""
    at, level = judged.judged_area, declared.level(judged.run.seeds)
    note = "pictures alone: no paint, no camera, no vehicle; by area and on other networks below"
    effect = named_more(judged, "trained", "random", at, level)
    could = COULD if effect.low > 0 and declared.expect.judge(effect) == "contradicted" else ""
    why = joined(unlearned(judged.run), collapsed(judged.run), cut_off, could)
    found = [primary(declared, effect, undecided=why, note=note, figures=("stickers", "sticker_images"))]
    for kind, said in (("crop", "the middle of an image of that class"), ("grey", "a grey one")):
        words = f"The same against {said} in place of random pixels"
        found.append(Finding(103, words, named_more(judged, "trained", kind, at), figures=("stickers",)))
    areas = judged.asked["areas"]
    for place in (place for place in range(len(areas)) if place != at):
        words = f"The same with {areas[place]:g} of the area"
        found.append(Finding(103, words, named_more(judged, "trained", "random", place), figures=("stickers",)))
    for name in (name for name in every if name != JUDGED):
        answers = every[name]
        effect = named_more(answers, "trained", "random", answers.judged_area)
        found.append(Finding(103, f"The same on digits, `{name}`", effect, figures=("stickers",)))
    return found


def named_more(answers: Answers, one: str, other: str, area: int, level: float = 0.05) -> Effect:
    """Difference of the shares of images of other classes in which the stickers' class is named."""
    gap = (answers.named(one) - answers.named(other))[:, area]
    seeds, targets, count = gap.shape
    groups = np.tile(np.arange(count), targets)  # an image comes and goes with all stickers on it
    flat = gap.reshape(seeds, -1)
    there = np.isfinite(flat[0])
    return paired_effect(flat[:, there], groups[there], "share of images", SHARES_APART, level=level)


def sticker_table(every: dict[str, Answers]) -> Table:
    """How often each kind's class is named, at the area that decides."""
    rows = [
        (name, *(f"{np.nanmean(answers.named(kind)[:, answers.judged_area]):.3f}" for kind in STICKERS))
        for name, answers in every.items()
    ]
    caption = f"Stickers on {JUDGED_AREA:g} of the area, at random places, turned by up to 20°; means over seeds."
    columns = ("network", "trained", "random pixels", "grey", "crop of the class")
    return Table(
        "Share of images of other classes in which the sticker's class is named", columns, tuple(rows), caption
    )

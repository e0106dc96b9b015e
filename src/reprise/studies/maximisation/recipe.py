"""Claims 5-8 and 10-12: what the source's recipe gives over networks, classes and starts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from reprise.claims.declarations import Declarations
from reprise.claims.evidence import Expect, Finding, above, joined, primary
from reprise.runs import Run
from reprise.statistics import NOT_NEGATIVE, SHARE, SHARES_APART, Effect, Range, exact, mean_effect, seeds_effect
from reprise.studies.maximisation.asked import (
    CONSTANT,
    FOUR,
    RANDOM,
    Asked,
    alike,
    apart,
    by_pixel,
    in_centre,
    lost,
    named,
    nines,
    pairs,
    white_among_negative,
)
from reprise.studies.maximisation.control import Control, unknown
from reprise.studies.maximisation.published import CENTRAL, CONFIDENCE, SAVED_LOSS
from reprise.studies.maximisation.settings import CONSTANTS

EPOCHS = 12  # of Keras's example of the same network
ONE, TWO = 1, 2
SHEET = ("results",)


class Said:
    """Makes findings of numbers, one a network; none is judged where networks have not learned their task."""

    def __init__(self, declared: Declarations, why: str) -> None:
        self.declared, self.why = declared, why

    def decides(self, claim: int, values: np.ndarray, unit: str, possible: Range | None = None, **more: Any) -> Finding:
        """The primary finding of a claim."""
        declared = self.declared[claim]
        effect = seeds_effect(values, unit, possible, level=declared.level(len(values)))
        return primary(declared, effect, undecided=joined(self.why, more.pop("undecided", "")), **more)

    def beside(self, claim: int, words: str, values: np.ndarray, unit: str, **more: Any) -> Finding:
        """Context, or a secondary finding where ``expect`` is given."""
        expect: Expect | None = more.pop("expect", None)
        effect: Effect = seeds_effect(values, unit, more.pop("possible", None))
        if expect is None:
            return Finding(claim, words, effect, **more)
        why = joined(self.why, more.pop("undecided", ""))
        return Finding(claim, words, effect, expect, "secondary", undecided=why, **more)


def recipe_findings(
    declared: Declarations,
    run: Run,
    asked: Asked,
    read: Mapping[str, np.ndarray],
    control: Mapping[int, Control],
    why: str,
) -> list[Finding]:
    """All of these claims.

    Args:
        declared: of the study.
        run: what training wrote.
        asked: what the trained networks answered.
        read: shares of results that a person would read, from ``readers.py``.
        control: what those readers make of a true 1 and a true 2, from ``control.py``.
        why: the networks have not learned, if so.
    """
    said = Said(declared, why)
    return [
        *_starts(said, asked),
        *_structure(said, asked, max(run.record["epochs"])),
        *_centre(said, asked),
        *_confidence(said, asked, max(run.record["epochs"])),
        *_read(said, read, control),
        *_border(said, asked),
        *_plateau(said, asked),
    ]


def _starts(said: Said, asked: Asked) -> list[Finding]:
    four = asked.images[:, :, FOUR]
    changes = pairs(apart(asked.change[:, :, FOUR])).mean(axis=(1, 2))
    size = np.sqrt((asked.change[:, :, FOUR] ** 2).mean(axis=(-2, -1))).mean(axis=(1, 2))
    found = [
        said.decides(
            5, changes, "of the range", NOT_NEGATIVE, note=f"a change is {size.mean():.2g} itself", figures=SHEET
        )
    ]
    before, after = pairs(apart(asked.starts[:, FOUR])).mean(axis=1), pairs(apart(four)).mean(axis=(1, 2))
    words = "Root mean square difference between the results themselves, of two of the four starts"
    said_of_starts = f"the starts differ by {before.mean():.3f} before anything is changed"
    found.append(said.beside(5, words, after, "of the range", possible=NOT_NEGATIVE, note=said_of_starts))
    words = "The same difference, relative to that between the starts themselves"
    found.append(said.beside(5, words, after / before, "ratio", possible=NOT_NEGATIVE))
    if len(four) > 1:  # one network against the mean of the others, start by start
        networks = apart(four.transpose(1, 2, 0, 3, 4))  # (classes, starts, seeds, seeds)
        each = networks.sum(axis=(0, 1, 3)) / networks.shape[0] / networks.shape[1] / (len(four) - 1)
        words = "Root mean square difference between the results of two networks from the same start"
        found.append(
            said.beside(
                5, words, each, "of the range", possible=NOT_NEGATIVE, note="what the network decides, beside the start"
            )
        )
    random = pairs(apart(asked.change[:, :, RANDOM])).mean(axis=(1, 2))
    words = "Root mean square difference between the changes from two random starts"
    return [*found, said.beside(5, words, random, "of the range", possible=NOT_NEGATIVE)]


def _early(said: Said, claim: int, values: np.ndarray, epochs: int) -> str:
    """Why networks that fall short do not count: they were trained for less than is usual."""
    short = epochs < EPOCHS and values.mean() < said.declared[claim].expect.low
    return f"not reached in {epochs} epochs, where {EPOCHS} are usual" if short else ""


def _structure(said: Said, asked: Asked, epochs: int) -> list[Finding]:
    share = white_among_negative(asked.images[:, ONE, CONSTANT]).mean(axis=1)
    found = [said.decides(6, share, "share of results", SHARE, undecided=_early(said, 6, share, epochs), figures=SHEET)]
    random = white_among_negative(asked.images[:, ONE, RANDOM]).mean(axis=1)
    found.append(said.beside(6, "The same from random starts", random, "share of results", possible=SHARE))
    every = white_among_negative(asked.images[:, :, CONSTANT]).mean(axis=(1, 2))
    found.append(said.beside(6, "The same for all ten classes", every, "share of results", possible=SHARE))
    change = asked.change[:, ONE]
    near = [alike(each) for each in change]
    constant = np.array([pairs(each[CONSTANT, CONSTANT]).mean() for each in near])
    random = np.array([each[CONSTANT, RANDOM].mean() for each in near])
    words = "Correlation of changes towards a 1: between two constant starts, minus between a constant and a random one"
    return [*found, said.beside(6, words, constant - random, "correlation", expect=above(0))]


def _centre(said: Said, asked: Asked) -> list[Finding]:
    squared = in_centre(asked.change**2)
    share = squared[:, ONE, RANDOM].mean(axis=1)
    his = {name: f"{by_pixel(np.float64(each)):.2f}" for name, each in CENTRAL.items()}
    others = ", ".join(f"{his[name]} from {name}" for name in ("ones", "half", "zeros"))
    published = f"{his['random']}, S1's saved picture (res/1_random.npy); {others}"
    bare = by_pixel(in_centre((asked.untrained - asked.starts[:, RANDOM]) ** 2).mean(axis=1))
    built_in = f"a network that has learned nothing has {bare.mean():.2f}: convolutions see borders less often"
    found = [
        said.decides(7, by_pixel(share), "ratio", NOT_NEGATIVE, published=published, note=built_in, figures=("where",))
    ]
    words = "The same ratio, minus that of a network of the same kind that has learned nothing"
    found.append(said.beside(7, words, by_pixel(share) - bare, "ratio", expect=above(0)))
    found.append(said.beside(7, "The same ratio of that network", bare, "ratio", possible=NOT_NEGATIVE))
    words = "Share of that change which lies in the central 14 x 14 pixels, a quarter of the picture"
    note = f"{CENTRAL['random']:g} in S1's saved picture"
    found.append(said.beside(7, words, share, "share", possible=SHARE, note=note, figures=("where",)))
    words = "The same share for all ten classes and random starts"
    found.append(said.beside(7, words, squared[:, :, RANDOM].mean(axis=(1, 2)), "share", possible=SHARE))
    size = np.sqrt((asked.change[:, ONE, RANDOM] ** 2).mean(axis=(1, 2, 3)))
    words = "Root mean square change from random starts to a 1, relative to the spread of the noise"
    hard = "“it is indeed hard to see”"
    return [
        *found,
        said.beside(
            7, words, size / asked.starts[:, RANDOM].std(axis=(1, 2, 3)), "ratio", possible=NOT_NEGATIVE, note=hard
        ),
    ]


def _confidence(said: Said, asked: Asked, epochs: int) -> list[Finding]:
    sure = nines(asked.logits)
    one, two = (np.median(sure[:, digit, RANDOM], axis=1) for digit in (ONE, TWO))

    saved = f"{CONFIDENCE['1 from random']:g} in the text; {1 - SAVED_LOSS['random']:.5f} by the loss it saved (S1)"
    his = {name: -np.log10(loss) for name, loss in SAVED_LOSS.items()}  # a loss so small is 1 minus its confidence
    ours = dict(zip(CONSTANTS, sure[:, ONE, CONSTANT].mean(axis=0), strict=True)) | {"random": one.mean()}
    surer = all(his[name] > ours[name] for name in ours)
    note = joined(
        f"another network than the author's, trained for {epochs} epochs; his own saved loss has "
        f"{his['random']:.1f} nines",
        "at each of the four starts his is surer" if surer else "",
    )
    found = [
        Finding(
            8,
            "Nines of the confidence by the loss that the author saved for this image",
            exact(his["random"], unit="nines"),
            above(5),
            "slip",
            variant="code",
            defect=23,
            note=f"a loss of {SAVED_LOSS['random']:.3g} is a confidence of {1 - SAVED_LOSS['random']:.5f}",
        ),
        said.decides(
            8,
            one,
            "nines",
            NOT_NEGATIVE,
            published=saved,
            note=note,
            undecided=_early(said, 8, one, epochs),
            figures=("confidence",),
        ),
        said.decides(10, two, "nines", NOT_NEGATIVE, undecided=_early(said, 10, two, epochs), figures=("confidence",)),
    ]
    words = "Share of networks whose results for a 2 from random starts have more than four nines, median over starts"
    found.append(said.beside(10, words, (two > 4).astype(float), "share of networks", possible=SHARE))
    for place, name in enumerate(CONSTANTS):
        words = f"Nines of the confidence in a 1 from {name}"
        published = f"{his[name]:.2f} (S1's code, one network)"
        found.append(said.beside(8, words, sure[:, ONE, place], "nines", possible=NOT_NEGATIVE, published=published))
    worst = np.median(sure[:, :, RANDOM], axis=2).min(axis=1)
    return [
        *found,
        said.beside(
            8, "The least of the ten classes' medians from random starts", worst, "nines", possible=NOT_NEGATIVE
        ),
    ]


def _read(said: Said, read: Mapping[str, np.ndarray], control: Mapping[int, Control]) -> list[Finding]:
    """Would a person read it? Judged where the readers know true digits over the same noise."""
    words = "Share of results for a 1 from random starts that neither a nearest training image nor a linear map calls 1"
    note = "stated beforehand as what shows no 1 to a person"
    more = {"expect": above(0.5), "note": note, "possible": SHARE, "undecided": unknown(control, ONE)}
    found = [said.beside(8, words, 1 - read["results"][:, ONE, RANDOM].mean(axis=1), "share of results", **more)]
    easier = read["results"][:, TWO, RANDOM].mean(axis=1) - read["results"][:, ONE, RANDOM].mean(axis=1)
    words = "Share of results from random starts that either of these reads rightly: of a 2, minus of a 1"
    note = "“it is easier to see the number we want to classify”"
    more = {"expect": above(0), "note": note, "undecided": unknown(control, ONE, TWO)}
    found.append(said.beside(10, words, easier, "share of results", **more))
    form = "jitter, blur and frequencies in place of pixels, what the field does today"
    for claim, digit in ((8, ONE), (10, TWO)):
        words = f"Share of regularised results for a {digit} that either of these reads rightly"
        share = read["regularised"][:, digit].mean(axis=1)
        found.append(
            said.beside(claim, words, share, "share of results", possible=SHARE, note=form, figures=("regularised",))
        )
        words = f"Share of true {digit}s, laid over the same random starts, that either of these reads rightly"
        effect = mean_effect(control[digit].laid, "share of digits", SHARE)
        note = f"control; the bare starts are called {digit} in {100 * control[digit].bare:.1f} %; interval over starts"
        found.append(Finding(claim, words, effect, note=note))
    words = "The same of true digits over the same starts: of a 2, minus of a 1"
    effect = mean_effect(control[TWO].laid - control[ONE].laid, "share of digits", SHARES_APART)
    note = "control: so much easier is a 2 for these readers where both digits are there"
    return [*found, Finding(10, words, effect, note=note)]


def _border(said: Said, asked: Asked) -> list[Finding]:
    sure, kept = 1 - lost(asked.bordered), named(asked.bordered)
    published = f"around {CONFIDENCE['2 without its border']:g} (S1, one image)"
    found = [said.decides(11, sure[:, TWO, RANDOM].mean(axis=1), "confidence", SHARE, published=published)]
    words = "The same for all ten classes"
    found.append(said.beside(11, words, sure[:, :, RANDOM].mean(axis=(1, 2)), "confidence", possible=SHARE))
    words = "Share of results from random starts, all classes, that keep their class with a border of 0"
    found.append(said.beside(11, words, kept[:, :, RANDOM].mean(axis=(1, 2)), "share of results", possible=SHARE))
    moved = np.abs(asked.change[:, :, RANDOM])
    edge = np.concatenate([moved[..., [0, -1], :].ravel(), moved[..., :, [0, -1]].ravel()])
    ratio = np.array([_edge(each) / each.mean() for each in moved])
    words = "Mean change of a border pixel, relative to that of any pixel"
    note = f"{edge.mean():.2g} of the range" if edge.size else ""
    return [*found, said.beside(11, words, ratio, "ratio", possible=NOT_NEGATIVE, note=note, figures=("where",))]


def _edge(moved: np.ndarray) -> float:
    """Mean of (..., 28, 28) over the first and last rows and columns."""
    border = np.ones(moved.shape[-2:], bool)
    border[1:-1, 1:-1] = False
    return float(moved[..., border].mean())


def _plateau(said: Said, asked: Asked) -> list[Finding]:
    total = asked.long.sum(axis=(1, 2))
    ten = min(10, total.shape[1] - 1)
    first, after = total[:, 0] - total[:, ten], total[:, ten] - total[:, -1]
    idle = "" if (first > 0).all() else f"{int((first <= 0).sum())} networks whose loss did not fall in ten iterations"
    ratio = np.divide(after, first, out=np.zeros_like(after), where=first > 0)
    found = [said.decides(12, ratio, "of the first fall", undecided=idle, figures=("iterations",))]
    words = f"Loss after {total.shape[1] - 1} iterations, relative to that after ten"
    note = "the logarithm falls on: what did not improve is the distance to 0"
    rest = np.divide(total[:, -1], total[:, ten], out=np.ones_like(after), where=total[:, ten] > 0)
    return [*found, said.beside(12, words, rest, "ratio", possible=NOT_NEGATIVE, note=note)]

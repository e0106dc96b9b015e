"""Claim 164: shares of minima and of descents that are stuck, on drawn and on made-up ones."""

from __future__ import annotations

import numpy as np

from reprise.evaluation import declarations
from reprise.studies.initialisation import minima
from reprise.studies.initialisation.descents import REST, Ends, exclusive_or, students
from reprise.studies.initialisation.settings import Config

DECLARED = declarations("initialisation")[164]
CONFIG = Config(
    seeds=3, depth=5, width=16, examples=16, replicates=5, draws=1000, descents=8, hessians=2000, dimensions=5
)


def test_zero_curvature_is_no_minimum():
    assert minima.share_of_minima(np.array([-1.0, 0.0, 1.0, 2.0])).value == 0.5


def test_every_dimension_is_drawn_by_itself():
    alone = minima.least_eigenvalues(CONFIG)
    more = minima.least_eigenvalues(CONFIG.model_copy(update={"dimensions": 6}))
    assert sorted(alone) == [1, 2, 3, 4, 5]
    for n, values in alone.items():
        np.testing.assert_array_equal(values, more[n])


def ends(family, stuck, moving=0, count=400):
    """Made-up ends of which so many are stuck and so many still move."""
    losses = np.where(np.arange(count) < stuck + moving, 0.5, 0.0)
    slopes = np.where((np.arange(count) >= stuck) & (np.arange(count) < stuck + moving), 1.0, REST / 10)
    weights = family.start(np.random.default_rng(0), count)
    return Ends(weights, losses, slopes)


def judged(xor, apprentices):
    found = {
        "exclusive or": [minima.Descended(16, exclusive_or(16), ends(exclusive_or(16), **xor))],
        "students": [minima.Descended(4, students(4), ends(students(4), **apprentices))],
    }
    findings = minima.findings(DECLARED, CONFIG, minima.least_eigenvalues(CONFIG), found)
    return [finding.verdict for finding in findings if finding.kind == "primary"]


def test_descents_decide_family_by_family():
    assert judged({"stuck": 0}, {"stuck": 0}) == ["reproduced", "reproduced"]
    assert judged({"stuck": 0}, {"stuck": 40}) == ["reproduced", "contradicted"]
    assert judged({"stuck": 300}, {"stuck": 1}) == ["contradicted", "inconclusive"]


def test_descents_that_still_move_count_for_neither_side():
    assert judged({"stuck": 0, "moving": 4}, {"stuck": 0, "moving": 400}) == ["inconclusive", "inconclusive"]
    effect = minima.share_stuck(ends(students(4), stuck=100, moving=100))
    assert effect.value == 0.25
    assert effect.low < 0.25
    assert effect.high > 0.5


def test_smaller_networks_get_a_quarter_of_the_descents_and_the_same_ones_every_time():
    once, again = minima.descents(CONFIG), minima.descents(CONFIG)
    assert [[len(row.ends.losses) for row in rows] for rows in once.values()] == [[2, 2, 2, 8], [2, 2, 8]]
    assert [[row.dimension for row in rows] for rows in once.values()] == [[9, 17, 33, 65], [16, 36, 64]]
    for name, rows in once.items():
        for one, other in zip(rows, again[name], strict=True):
            np.testing.assert_array_equal(one.ends.weights, other.ends.weights)


def test_exact_chances_hold_and_minima_are_rare_in_the_largest_dimension():
    findings = minima.findings(DECLARED, CONFIG, minima.least_eigenvalues(CONFIG), minima.descents(CONFIG))
    assert [finding.verdict for finding in findings if finding.kind == "oracle"] == ["reproduced"] * 3
    assert [f.measures for f in findings if f.kind == "secondary" and "Hessians" in f.measures] == [
        "Share of random 4 x 4 Hessians that are minima",
        "Share of random 5 x 5 Hessians that are minima",
    ]


def test_minima_everywhere_contradict_their_exact_chances():
    everywhere = {n: np.ones(2000) for n in range(1, 6)}
    findings = minima.findings(DECLARED, CONFIG, everywhere, minima.descents(CONFIG))
    hessians = [finding for finding in findings if "Hessians" in finding.measures]
    assert len(hessians) == 5
    assert {finding.verdict for finding in hessians} == {"contradicted"}

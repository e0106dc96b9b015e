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


def ends(family, stuck, moving=0, count=1500):
    """Made-up ends of which so many are stuck and so many still move."""
    order = np.arange(count)
    losses = np.where(order < stuck + moving, 0.5, 0.0)
    slopes = np.where((order >= stuck) & (order < stuck + moving), 1.0, REST / 10)
    weights = family.start(np.random.default_rng(0), count)
    return Ends(weights, losses, slopes, np.where(order < stuck, 0.1, np.nan))


def judged(xor, apprentices):
    found = {
        "exclusive or": [minima.Descended(2, ends(exclusive_or(2), **xor))],
        "students": [minima.Descended(2, ends(students(2), **{"count": 100} | apprentices))],
    }
    findings = minima.findings(DECLARED, CONFIG, minima.least_eigenvalues(CONFIG), found)
    (decides,) = [finding for finding in findings if finding.kind == "primary"]
    return decides


def test_families_that_agree_decide():
    assert judged({"stuck": 0}, {"stuck": 0, "count": 1500}).verdict == "reproduced"
    assert judged({"stuck": 300}, {"stuck": 40}).verdict == "contradicted"


def test_families_that_disagree_decide_nothing():
    for xor, apprentices in (({"stuck": 0}, {"stuck": 40}), ({"stuck": 300}, {"stuck": 0, "count": 1500})):
        decides = judged(xor, apprentices)
        assert decides.verdict == "inconclusive"
        assert "second family" in decides.undecided


def test_another_number_of_descents_than_planned_decides_nothing():
    decides = judged({"stuck": 300, "count": 1499}, {"stuck": 40})
    assert (decides.verdict, decides.undecided) == ("inconclusive", "1,499 descents, planned are 1,500")


def test_descents_that_still_move_count_for_neither_side():
    assert judged({"stuck": 0, "moving": 30}, {"stuck": 0, "count": 1500}).verdict == "inconclusive"
    effect = minima.share_stuck(ends(students(2), stuck=100, moving=100, count=400))
    assert effect.value == 0.25
    assert effect.low < 0.25
    assert effect.high > 0.5


def test_smaller_networks_get_fewer_descents_and_the_same_ones_every_time():
    config = CONFIG.model_copy(update={"descents": 45})
    once, again = minima.descents(config), minima.descents(config)
    assert [[len(row.ends.losses) for row in rows] for rows in once.values()] == [[9, 9, 9, 9, 45], [3, 3, 3]]
    assert [[row.dimension for row in rows] for rows in once.values()] == [[9, 17, 65, 257, 1025], [16, 64, 256]]
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

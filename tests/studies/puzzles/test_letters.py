"""Claim 93: other samples give other verdicts."""

from __future__ import annotations

import numpy as np
import pytest

from reprise.evaluation import declarations
from reprise.statistics import proportion
from reprise.studies.puzzles.lesson.typing import counts_by_word
from reprise.studies.puzzles.letters import findings, metrics

DECLARED = declarations("puzzles")[93]
IN_THE_TABLES_ORDER = counts_by_word("hhh hhh hhj jhh hjg hhj hjh hhg jhh hhj")
EVEN = counts_by_word("gh jk hg kj gk jh gj hk")


def verdicts(words):
    return [finding.verdict for finding in findings(DECLARED, words, 2000) if finding.kind in ("primary", "secondary")]


def named(found, begins):
    (one,) = [finding for finding in found if finding.measures.startswith(begins)]
    return one


def test_the_sample_is_out_of_the_tables_order_and_yet_uneven_and_full_of_h():
    found = findings(DECLARED, counts_by_word(), 2000)
    assert verdicts(counts_by_word()) == ["reproduced", "contradicted", "reproduced", "reproduced", "reproduced"]
    assert "G 34, H 33, J 22, K 2" in found[0].note
    assert named(found, "p-value of equal chances for G, H and J alone").effect.value == pytest.approx(0.24, abs=0.03)
    gap = named(found, "Share of H minus share of G (").effect
    assert gap.low < 0 < gap.high
    (slip,) = [finding for finding in found if finding.kind == "slip"]
    assert (slip.effect.value, slip.defect, slip.verdict) == (2, 14, "contradicted")
    runs = named(found, "Share of J minus share of G, four").effect
    assert (runs.n, runs.value) == (9, found[1].effect.value)


def test_a_sample_in_the_tables_order_reproduces_it():
    assert verdicts(IN_THE_TABLES_ORDER)[0] == "reproduced"
    assert [f.verdict for f in findings(DECLARED, IN_THE_TABLES_ORDER, 2000) if f.kind == "slip"] == ["reproduced"]


def test_an_even_sample_is_not_weighted():
    *order, test, share = verdicts(EVEN)
    assert order == ["inconclusive"] * 3
    assert (test, share) == ("contradicted", "inconclusive")


def test_the_share_of_h_is_that_of_words_not_of_single_letters():
    """Forty words alike are no more than forty: the share is no surer than that of so many single letters."""
    share = named(findings(DECLARED, counts_by_word("hg " * 40), 2000), "Share of H among").effect
    of_forty = proportion(20, 40)
    assert share.value == 0.5
    assert (share.low, share.high) == pytest.approx((of_forty.low, of_forty.high), abs=0.01)
    assert share.n == 40


def test_the_difference_of_two_letters_is_that_of_their_shares():
    words = counts_by_word()
    share = words.sum(axis=0) / words.sum()
    found = named(findings(DECLARED, words, 2000), "Share of H minus share of G (")
    assert found.effect.value == pytest.approx(share[1] - share[0])


def test_the_gate_watches_the_p_value_of_the_same_test():
    words = counts_by_word()
    metric = metrics(words, 2000)["typing_p"]
    assert (metric.value, metric.n) == (
        named(findings(DECLARED, words, 2000), "p-value of equal chances for G, H, J").effect.value,
        int(np.sum(words)),
    )

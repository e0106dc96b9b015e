"""Claim 93: other samples give other verdicts."""

from __future__ import annotations

import numpy as np
import pytest

from reprise.studies.puzzles.lesson.typing import counts_by_word
from reprise.studies.puzzles.letters import findings, metrics

IN_THE_TABLES_ORDER = counts_by_word("hhh hhh hhj jhh hjg hhj hjh hhg jhh hhj")
EVEN = counts_by_word("gh jk hg kj gk jh gj hk")


def verdicts(words):
    return [finding.verdict for finding in findings(words, 2000) if finding.kind == "claim"]


def test_the_sample_is_uneven_full_of_h_and_out_of_order():
    found = findings(counts_by_word(), 2000)
    assert verdicts(counts_by_word()) == ["reproduced", "reproduced", "contradicted"]
    assert "Counts G 34, H 33, J 22, K 2" in found[0].note
    assert found[3].effect.low < 0 < found[3].effect.high


def test_a_sample_in_the_tables_order_reproduces_it():
    assert verdicts(IN_THE_TABLES_ORDER) == ["reproduced"] * 3


def test_an_even_sample_is_not_weighted():
    test, share, order = verdicts(EVEN)
    assert (test, share) == ("contradicted", "inconclusive")
    assert order == "reproduced"  # ties rank nothing against the table


def test_the_difference_of_two_letters_is_that_of_their_shares():
    words = counts_by_word()
    share = words.sum(axis=0) / words.sum()
    assert findings(words, 2000)[3].effect.value == pytest.approx(share[1] - share[0])


def test_the_gate_watches_the_p_value_of_the_same_test():
    words = counts_by_word()
    metric = metrics(words, 2000)["typing_p"]
    assert (metric.value, metric.n) == (findings(words, 2000)[0].effect.value, int(np.sum(words)))

"""Groups, and a list of what to remove after which something near to all that went is still there."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from reprise.data.groups import group_numbers, kept_instead


def test_groups_are_what_pairs_connect_by_their_first_picture():
    pairs = np.array([[0, 5], [1, 2], [3, 5]])
    assert group_numbers(7, pairs).tolist() == [0, 1, 1, 0, -1, 0, -1]
    assert group_numbers(2, np.empty((0, 2), int)).tolist() == [-1, -1]


def test_the_best_is_kept_and_the_far_end_of_a_chain_stays():
    chain = np.array([[0, 1], [1, 2], [2, 3]])
    assert kept_instead(4, chain, np.array([0, 1, 2, 3])).tolist() == [0, 0, 2, 2]
    assert kept_instead(4, chain, np.array([3, 0, 1, 2])).tolist() == [1, 1, 1, 3]
    assert kept_instead(4, chain, np.zeros(4)).tolist() == [0, 0, 2, 2]


@st.composite
def graphs(draw):
    n = draw(st.integers(1, 12))
    edges = draw(st.sets(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)).filter(lambda e: e[0] < e[1])))
    return n, np.array(sorted(edges), int).reshape(-1, 2), np.array(draw(st.permutations(range(n))))


@given(graphs())
def test_no_two_kept_make_a_pair_and_all_that_goes_makes_one_with_what_is_kept_and_better(graph):
    n, pairs, rank = graph
    instead = kept_instead(n, pairs, rank)
    known = set(map(tuple, pairs.tolist()))
    kept = instead == np.arange(n)
    assert not kept[pairs].all(axis=1).any()
    for k in np.flatnonzero(~kept).tolist():
        near = int(instead[k])
        assert kept[near]
        assert rank[near] < rank[k]
        assert (min(k, near), max(k, near)) in known


@given(graphs())
def test_two_pictures_share_a_group_exactly_where_a_path_leads_from_one_to_the_other(graph):
    n, pairs, _ = graph
    reach = np.eye(n, dtype=bool)
    reach[pairs[:, 0], pairs[:, 1]] = reach[pairs[:, 1], pairs[:, 0]] = True
    for _ in range(n):
        reach = reach @ reach
    number = group_numbers(n, pairs)
    alone = reach.sum(axis=1) == 1
    assert (number[alone] == -1).all()
    assert ((number[:, None] == number) == reach)[~alone][:, ~alone].all()

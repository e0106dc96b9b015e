"""What a target means, what goes first, how long it takes: plain data, no DVC."""

from __future__ import annotations

import os
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprise.repro.graph import Stage, choose, longest_paths, matching, quick_first, seconds_left, with_ancestors


def stage(address: str, *sources: str, **more) -> Stage:
    file, _, name = address.partition(":") if "/" in address.partition("@")[0] else ("", "", address)
    return Stage(address, file or "dvc.yaml", name, sources=sources, **more)


STAGES = [
    stage("ledger"),
    stage("fan@1"),
    stage("fan@2"),
    stage("pipelines/rotation/dvc.yaml:train@base"),
    stage("pipelines/rotation/dvc.yaml:train@a:b/c"),
    stage("pipelines/rotation/dvc.yaml:evaluate"),
    stage("pipelines/exact/dvc.yaml:evaluate"),
    stage("pipelines/exact/dvc.yaml:fan@1"),
    stage("pipelines/ledger/dvc.yaml:evaluate"),
    stage("other/dvc.yaml:join"),
    Stage("photos.dvc", "photos.dvc"),
]


@pytest.mark.parametrize(
    ("target", "places"),
    [
        ("dvc.yaml", [0, 1, 2]),
        ("./dvc.yaml", [0, 1, 2]),
        ("dvc.yaml:ledger", [0]),
        ("dvc.yaml:fan", [1, 2]),
        ("ledger", [0]),  # DVC's meaning before a folder's name
        ("fan", [1, 2]),  # ... and before other files' stages
        ("fan@2", [2]),
        ("pipelines/rotation/dvc.yaml", [3, 4, 5]),
        ("./pipelines/../pipelines/rotation/dvc.yaml", [3, 4, 5]),
        (os.path.abspath("pipelines/rotation/dvc.yaml"), [3, 4, 5]),
        ("pipelines/rotation/dvc.yaml:train", [3, 4]),
        ("pipelines/rotation/dvc.yaml:train@base", [3]),
        ("pipelines/rotation/dvc.yaml:train@a:b/c", [4]),
        (os.path.abspath("pipelines/rotation/dvc.yaml") + ":train@base", [3]),
        ("train", [3, 4]),
        ("train@a:b/c", [4]),
        ("evaluate", [5, 6, 8]),
        ("join", [9]),
        ("rotation", [3, 4, 5]),
        ("rotation:train", [3, 4]),
        ("rotation:train@base", [3]),
        ("rotation:train@a:b/c", [4]),
        ("exact:fan", [7]),
        ("ledger:evaluate", [8]),
        ("pipelines/rotation", [3, 4, 5]),
        ("pipelines/rotation/", [3, 4, 5]),
        ("other", [9]),
        ("photos.dvc", [10]),
    ],
)
def test_a_target_means(target, places):
    assert matching(STAGES, target) == [STAGES[place] for place in places]


@pytest.mark.parametrize(
    ("target", "nearest"),
    [
        ("ledgr", "ledger"),
        ("rotaton", "rotation"),
        ("rotation:trian", "rotation:train"),
        ("rotation:train@bse", "rotation:train@base"),
        ("pipelines/rotaton/dvc.yaml", "pipelines/rotation/dvc.yaml"),
    ],
)
def test_an_unknown_target_is_refused_with_the_nearest(target, nearest):
    with pytest.raises(ValueError, match=f"no stage '{target}'.*did you mean '{nearest}'"):
        matching(STAGES, target)


@pytest.mark.parametrize("target", ["", ".", "..", "@", ":", "rotation:", ":train", "@base", "/", "\x1b[2J"])
def test_what_is_no_target_is_refused(target):
    with pytest.raises(ValueError, match="no stage ") as caught:
        matching(STAGES, target)
    assert len(str(caught.value)) < 200  # families, and not every stage of them


def test_every_label_is_a_target_that_means_its_stage_alone():
    assert [each.label for each in STAGES[:6]] == [
        "ledger", "fan@1", "fan@2", "rotation:train@base", "rotation:train@a:b/c", "rotation:evaluate",
    ]  # fmt: skip
    for each in STAGES:
        assert matching(STAGES, each.label) == [each]


def test_ancestors_are_followed_through_every_level():
    graph = {"d": ["b", "c"], "c": ["a"], "b": ["a"], "a": [], "e": ["a"]}
    assert with_ancestors(graph, ["d"]) == {"a", "b", "c", "d"}
    assert with_ancestors(graph, []) == set()


@st.composite
def graphs(draw) -> tuple[dict[str, list[str]], dict[str, float]]:
    """A graph without circles, in any order, and what its stages cost."""
    count = draw(st.integers(0, 9))
    sources = {
        str(i): sorted(draw(st.sets(st.sampled_from([str(j) for j in range(i)]), max_size=3))) if i else []
        for i in range(count)
    }
    order = draw(st.permutations(sorted(sources)))
    costs = {name: float(draw(st.integers(0, 20))) for name in sources}
    return {name: sources[name] for name in order}, costs


def chains(graph: dict[str, list[str]], first: str) -> list[list[str]]:
    """Every chain of stages, each reading from the one before, that begins with one."""
    readers = [name for name, sources in graph.items() if first in sources]
    return [[first], *([first, *rest] for reader in readers for rest in chains(graph, reader))]


@given(graphs())
def test_the_longest_path_is_the_longest_of_all_chains(drawn):
    graph, costs = drawn
    expected = {name: max(sum(map(costs.get, chain)) for chain in chains(graph, name)) for name in graph}
    assert longest_paths(graph, costs) == expected


def run_in_order(graph, costs, paths) -> list[str]:
    """The order in which one slot starts them."""
    waiting, done = list(graph), []
    while waiting:
        ready = [name for name in waiting if set(graph[name]) <= set(done)]
        done.append(choose(ready, paths))
        waiting.remove(done[-1])
    return done


@given(graphs())
def test_one_slot_takes_the_longest_of_what_is_ready_and_nothing_before_its_sources(drawn):
    graph, costs = drawn
    paths = longest_paths(graph, costs)
    order = run_in_order(graph, costs, paths)
    assert sorted(order) == sorted(graph)
    assert all(order.index(source) < order.index(name) for name in graph for source in graph[name])
    for place, (one, other) in enumerate(pairwise(order)):
        if set(graph[other]) <= set(order[:place]):  # could have started in its place
            assert paths[one] >= paths[other]


@given(graphs(), st.integers(1, 12))
def test_the_time_left_is_that_of_a_schedule(drawn, jobs):
    graph, costs = drawn
    paths = longest_paths(graph, costs)
    left = seconds_left(graph, list(graph), {}, costs, paths, jobs)
    total, longest = sum(costs.values()), max(paths.values(), default=0.0)
    assert max(total / jobs, longest) <= left <= total
    assert left <= total / jobs + longest  # Graham's bound
    if jobs == 1:
        assert left == total
    if jobs >= len(graph):
        assert left == longest


def test_the_time_left_counts_what_runs_and_leaves_out_what_a_failure_blocks():
    graph = {"a": [], "b": ["a"], "c": [], "d": ["failed"], "failed": []}
    costs = {"a": 9.0, "b": 5.0, "c": 3.0}
    paths = {"b": 5.0, "c": 3.0}
    assert seconds_left(graph, ["b", "c"], {"a": 2.0}, costs, paths, jobs=2) == 7.0
    assert seconds_left(graph, ["b", "c"], {"a": 2.0}, costs, paths, jobs=1) == 10.0
    assert seconds_left(graph, [], {"a": 2.0}, costs, paths, jobs=1) == 2.0
    assert seconds_left(graph, [], {}, costs, paths, jobs=1) == 0.0


def test_quick_stages_that_read_from_nothing_and_end_in_evidence_come_first_for_a_minute():
    evidence = {"outs": ("data/evidence/x",)}
    stages = [
        stage("a:slow", **evidence),
        stage("b:reads", "a:slow", **evidence),
        stage("c:other", outs=("data/evidences/x",)),
        *(stage(f"d:{i}", **evidence) for i in range(9)),
    ]
    costs = {"a:slow": 16.0, "b:reads": 1.0, "c:other": 1.0} | {f"d:{i}": float(14 - i) for i in range(9)}
    quick = quick_first(stages, costs)
    assert quick == ["d:8", "d:7", "d:6", "d:5", "d:4", "d:3"]  # 6 + ... + 11 = 51 s; 12 more are too many


def test_only_ready_quick_stages_are_chosen_and_others_by_their_path():
    paths = {"a": 3.0, "b": 9.0, "c": 9.0}
    assert choose(["a", "b", "c"], paths) == "b"  # the first in the files
    assert choose(["a", "b", "c"], paths, quick=["a"]) == "a"
    assert choose(["b", "c"], paths, quick=["a"]) == "b"

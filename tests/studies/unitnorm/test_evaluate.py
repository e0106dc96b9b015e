"""Claims 72-78 are all answered; made-up networks score what they must."""

from __future__ import annotations

import pytest
from tests.studies import made_up

from reprise.workspace import Workspace


def similarity(variant, seed, epoch):
    return {"filter_similarity": (0.02 if variant == "diverse" else 0.1) + 0.001 * seed}


def measured(folder, accuracy):
    space = made_up.workspace("unitnorm", folder)
    for variant in space.config.variants:
        made_up.write_run(space, variant, accuracy(variant), similarity)
    return made_up.evaluate(space)


@pytest.fixture(scope="module")
def as_published(tmp_path_factory):
    better = {"baseline": 0.6, "both": 0.25, "baseline_elu": 0.4}
    return measured(tmp_path_factory.mktemp("unitnorm"), lambda name: better.get(name, 0.95))


def test_every_claim_is_answered(as_published):
    assert {finding.claim for finding in as_published.findings} == set(range(72, 79))


@pytest.mark.parametrize("claim", [72, 73, 75])
def test_arithmetic_is_reproduced(as_published, claim):
    assert set(made_up.verdicts(as_published, claim)) == {"reproduced"}


def test_the_oracle_of_the_gradient_holds(as_published):
    assert made_up.verdicts(as_published, 75, "oracle") == ["reproduced"]


def test_networks_that_are_as_published_reproduce_what_was_published(as_published):
    assert made_up.verdicts(as_published, 74) == ["reproduced"] * 3
    assert set(made_up.verdicts(as_published, 76)) == {"reproduced"}
    assert made_up.verdicts(as_published, 78) == ["reproduced"]


def test_equal_networks_decide_nothing_and_say_what_would(tmp_path):
    evidence = measured(tmp_path, lambda name: 0.5)
    found = [finding for finding in evidence.findings if finding.claim == 74 and finding.kind == "claim"]
    assert [finding.verdict for finding in found] == ["inconclusive"] * 3
    assert all(finding.remedy for finding in found)
    assert all("holds for all 3 at once" in finding.note for finding in found)


def test_networks_at_chance_are_not_judged(tmp_path):
    evidence = measured(tmp_path, lambda name: 0.1)
    trained = [f for f in evidence.findings if f.kind == "claim" and f.claim not in (72, 73, 75)]
    assert {f.claim for f in trained} == {74, 76, 77, 78}
    assert {f.verdict for f in trained} == {"inconclusive"}
    assert all("below 0.2 test accuracy" in f.undecided for f in trained)


def test_published_gaps_are_those_of_the_figure(as_published):
    gaps = [f.published.split()[0] for f in as_published.findings if f.claim == 74 and f.published]
    assert gaps == ["+0.0329", "+0.0224", "-0.0122"]  # .8533, .8428 and .8082 against .8204


def test_the_same_results_give_the_same_bytes(tmp_path):
    measured(tmp_path, lambda name: 0.5)
    first = {path: path.read_bytes() for path in (tmp_path / "data" / "evidence").rglob("*") if path.is_file()}
    made_up.evaluate(Workspace("unitnorm", tmp_path))
    assert {path: path.read_bytes() for path in first} == first

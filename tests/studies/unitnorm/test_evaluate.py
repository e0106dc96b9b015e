"""Claims 72-78 are all answered; made-up networks score what they must."""

from __future__ import annotations

import pytest
from tests.studies import made_up

from reprise.workspace import Workspace


def similarity(variant, seed, epoch):
    return {"filter_similarity": (0.02 if variant == "diverse" else 0.1) + 0.001 * seed}


def measured(folder, accuracy, epochs=9):
    space = made_up.workspace("unitnorm", folder, epochs, "unitnorm.base.decay=none")
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
    found = [made_up.verdicts(as_published, claim, kind) for kind in ("primary", "secondary", "oracle")]
    assert len(found[0]) == 1
    assert {verdict for each in found for verdict in each} == {"reproduced"}


def test_networks_that_are_as_published_reproduce_what_was_published(as_published):
    assert made_up.verdicts(as_published, 74) == ["reproduced"] * 4
    assert made_up.verdicts(as_published, 74, "secondary") == ["reproduced"] * 5  # “the benefits are lost” among them


def test_what_the_source_only_names_is_built_and_carries_no_verdict(as_published):
    assert {claim for claim, declared in as_published.declared.items() if declared.built} == {76, 78}
    assert {f.kind for f in as_published.findings if f.claim in (76, 78)} == {"context", "oracle"}
    assert [made_up.verdicts(as_published, claim, "oracle") for claim in (76, 78)] == [["reproduced"] * 2] * 2


def test_networks_unlike_the_published_ones_contradict(tmp_path):
    worse = {"conv": 0.4, "conv_elu": 0.95}
    evidence = measured(tmp_path, lambda name: worse.get(name, 0.9))
    assert made_up.verdicts(evidence, 74) == ["contradicted", "inconclusive"] * 2  # `conv` loses, `dense` is even
    assert made_up.verdicts(evidence, 77) == ["contradicted"]


def test_equal_networks_decide_nothing_but_that_elu_gains_nothing(tmp_path):
    evidence = measured(tmp_path, lambda name: 0.5)
    found = [finding for finding in evidence.findings if finding.claim == 74 and finding.kind == "primary"]
    assert [finding.verdict for finding in found] == ["inconclusive"] * 4
    assert all(finding.effect.together == 4 for finding in found)


def test_nothing_is_judged_by_training_that_was_cut_off(tmp_path):
    accuracy = {"baseline_elu": 0.95, "conv_elu": 0.95}
    for epochs, verdict in ((9, "contradicted"), (4, "inconclusive")):
        folder = tmp_path / str(epochs)
        folder.mkdir()
        evidence = measured(folder, lambda name: accuracy.get(name, 0.5), epochs)
        (gain,) = (f for f in evidence.findings if f.claim == 77 and f.kind == "primary")
        four = [f for f in evidence.findings if f.claim == 74 and f.kind == "primary"]
        assert {"cut off after 4 epochs" in f.undecided for f in four} == {epochs == 4}
        assert gain.verdict == verdict
        assert ("cut off after 4 epochs" in gain.undecided) == (epochs == 4)


def test_the_gain_of_elu_is_the_mean_of_both_networks(as_published):
    (gain,) = (f for f in as_published.findings if f.claim == 77 and f.kind == "primary")
    both = [f.effect.value for f in as_published.findings if f.claim == 77 and f.kind == "context"]
    assert gain.effect.value == pytest.approx(sum(both) / 2)


def test_networks_at_chance_are_not_judged(tmp_path):
    evidence = measured(tmp_path, lambda name: 0.1)
    trained = [f for f in evidence.findings if f.kind == "primary" and f.claim not in (72, 73, 75)]
    assert {f.claim for f in trained} == {74, 77}
    assert {f.verdict for f in trained} == {"inconclusive"}
    assert all("below 0.2 test accuracy" in f.undecided for f in trained)


def test_published_gaps_are_those_of_the_figure(as_published):
    gaps = [f.published.split()[0] for f in as_published.findings if f.claim == 74 and f.published]
    assert gaps[:2] == ["+0.0329", "+0.0224"]  # .8533 and .8428 against the baseline's .8204
    assert gaps[2:4] == ["+0.0451", "+0.0346"]  # against .8082 of both
    assert gaps[4:] == ["-0.0122"]


def test_the_same_results_give_the_same_bytes(tmp_path):
    measured(tmp_path, lambda name: 0.5)
    first = {path: path.read_bytes() for path in (tmp_path / "data" / "evidence").rglob("*") if path.is_file()}
    made_up.evaluate(Workspace("unitnorm", tmp_path))
    assert {path: path.read_bytes() for path in first} == first

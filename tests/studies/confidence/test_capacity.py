"""What is worse calibrated is judged either way; too unsure networks are named; the loss must be overfitted first."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.studies.confidence.conftest import moved

from reprise.evaluation import declarations
from reprise.runs import Probed, Run
from reprise.studies.confidence.capacity import calibration_findings, capacity_findings, overfitting_findings
from reprise.studies.confidence.fitting import fitting_findings
from reprise.studies.confidence.scores import measure
from reprise.studies.confidence.variants import CONTRASTS, modern

DECLARED = declarations("confidence")


@pytest.mark.parametrize(("by", "verdict"), [(0.1, "reproduced"), (-0.1, "contradicted")])
def test_worse_calibration_of_larger_networks_is_judged_either_way(pair, by, verdict):
    every = {more: moved(pair[0], uncalibrated=by) for more, _ in CONTRASTS.values()}
    every |= {less: pair[0] for _, less in CONTRASTS.values()}
    found = capacity_findings(DECLARED[33], every)
    assert [f.verdict for f in found if f.kind == "primary"] == [verdict] * 3
    assert [f.measures for f in found if f.kind == "secondary"] == ["ECE, minivgg_norm minus minivgg (batch norm)"]
    assert [f.verdict for f in found if f.kind == "secondary"] == [verdict]


@pytest.mark.parametrize(("by", "verdict"), [(0.05, "reproduced"), (-0.4, "contradicted")])
def test_an_error_beyond_chance_is_no_calibration(pair, by, verdict):
    found = calibration_findings(DECLARED[31], {"resnet": moved(pair[0], uncalibrated=by)})
    assert found[0].verdict == verdict


def test_too_little_confidence_is_no_calibration_either(pair):
    unsure = replace(pair[0], logits=pair[0].logits / 50)
    found = calibration_findings(DECLARED[31], {"resnet": moved(unsure, uncalibrated=0.0)})
    assert [f.verdict for f in found] == ["reproduced", "contradicted"]  # an error; no excess of confidence


def test_getting_better_is_judged_only_where_the_loss_is_overfitted(pair):
    truth = 9 * np.eye(10)[pair[0].labels]
    drawn = np.random.default_rng(3).random((*pair[0].logits.shape[:2], 1))
    wrong = 9 * np.eye(10)[(pair[0].labels + 1) % 10]
    better, worse = (np.where(drawn < share, 3 * wrong, truth) for share in (0.2, 0.4))
    mild = worse / 50  # more errors, and a lower loss

    def judged(last, best):
        return overfitting_findings(DECLARED[34], {"resnet": replace(pair[0], logits=last, best=best)})[0]

    assert judged(better, mild).verdict == "reproduced"
    assert judged(np.where(drawn < 0.6, 3 * wrong, truth), mild).verdict == "contradicted"
    calm = judged(mild, worse)
    assert (calm.verdict, "nothing is overfitted" in calm.undecided) == ("inconclusive", True)


def test_networks_that_have_not_learned_are_not_judged(pair):
    idle = replace(pair[0], idle="resnet below 0.2 test accuracy")
    every = {name: idle for two in CONTRASTS.values() for name in two}
    for found in (capacity_findings(DECLARED[33], every), calibration_findings(DECLARED[31], {"resnet": idle})):
        assert {f.verdict for f in found if f.kind == "primary"} == {"inconclusive"}


def test_a_network_that_is_too_unsure_is_named(pair, evidence):
    unsure = replace(pair[1], logits=pair[1].logits / 50)
    names = {name for two in CONTRASTS.values() for name in two}
    every = dict.fromkeys(names, pair[0]) | {"resnet_more_decay": unsure}
    judged = ("primary", "secondary")
    notes = [f.note for f in capacity_findings(DECLARED[33], every) if f.kind in judged]
    assert ["resnet_more_decay is underconfident (-0." in note for note in notes] == [False, False, False, True]
    assert not any("underconfident" in f["note"] for f in evidence["findings"])


def test_variants_of_equal_settings_are_two(pair):
    one = pair[0]
    twin = replace(one, labels=one.labels.copy(), logits=one.logits.copy())
    assert twin not in [one]
    assert modern({"one": one, "twin": twin}) == [one, twin]


def test_what_cut_off_training_ends_with_is_measured_and_not_judged(pair):
    cut = "training was cut off after 25 epochs"
    short = replace(moved(pair[0], uncalibrated=0.1), cut=cut)
    every = {more: short for more, _ in CONTRASTS.values()} | {less: pair[0] for _, less in CONTRASTS.values()}
    found = capacity_findings(DECLARED[33], every)
    found += calibration_findings(DECLARED[31], {"resnet": short})
    found += overfitting_findings(DECLARED[34], {"resnet": short, "resnet_deep": short})
    judged = [f for f in found if f.kind in ("primary", "secondary")]
    assert {f.claim for f in judged} == {31, 33, 34}
    assert {f.verdict for f in judged} == {"inconclusive"}
    assert all(f.undecided.count(cut) == 1 for f in judged)


def test_training_at_a_rate_that_stays_to_its_last_epoch_is_cut_off(space, pair):
    run = Run.of(space, "resnet")
    assert pair[0].cut == ""  # it stopped by itself, an epoch before the last
    whole = replace(run)
    falls = "in the last quarter of its epochs the training loss of resnet falls by 100% of its fall before"
    for drops, said in ([], "training was cut off after 3 epochs"), ([0.5, 0.75], falls):
        vars(whole)["record"] = run.record | {"settings": run.settings | {"epochs": 3, "drops": drops}}  # as if read so
        assert measure(whole, Probed.of(space, "resnet")).cut == said


def test_less_decay_is_also_compared_where_both_are_overconfident(pair):
    names = {name for two in CONTRASTS.values() for name in two}
    every = dict.fromkeys(names, pair[0]) | {"resnet_no_decay": moved(pair[0], uncalibrated=0.1)}
    (found,) = [f for f in capacity_findings(DECLARED[33], every) if "from the base" in f.measures]
    assert (found.kind, found.effect.value) == ("context", pytest.approx(0.1))
    gap = pair[0].overconfidence.mean()
    assert found.note == f"mean confidence minus accuracy: resnet_no_decay {gap:+.3f}, resnet {gap:+.3f}"


def test_training_losses_are_told_and_confidence_follows_them(pair):
    factors = (1, 0.4, 0.2, 0.1)  # of the logits: less and less sure
    losses = (0.1, 0.5, 1.0, 1.5)
    networks = [
        replace(pair[0], logits=pair[0].logits * factor, train_loss=np.full(3, loss))
        for factor, loss in zip(factors, losses, strict=True)
    ]
    mean, rank = fitting_findings({f"net{i}": each for i, each in enumerate(networks)})
    assert mean.effect.value == pytest.approx(np.mean(losses))
    assert mean.note == "net0 0.1, net1 0.5, net2 1, net3 1.5"
    assert rank.effect.value == pytest.approx(-1)

"""What is worse calibrated is judged either way; too unsure networks are named; the loss must be overfitted first."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.studies.confidence.conftest import moved

from reprise.evaluation import declarations
from reprise.studies.confidence.capacity import calibration_findings, capacity_findings, overfitting_findings
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

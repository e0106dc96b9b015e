"""Oracles hold for saturated logits too; limits may cost their slack; published numbers stand beside ours."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from reprise.calibration import TemperatureScaling
from reprise.studies.confidence.logits import example_nll
from reprise.studies.confidence.methods import method_findings
from reprise.studies.confidence.oracles import isotonic_oracles
from reprise.studies.confidence.published import published


def test_isotonic_regression_of_saturated_scores_equals_the_reference(saturated):
    logits, labels = saturated
    wrong = np.where(np.random.default_rng(1).random(200) < 0.3, (labels + 1) % 10, labels)
    main = SimpleNamespace(validation=logits, validation_labels=wrong, logits=logits)
    oracle = next(f for f in isotonic_oracles(main) if f.kind == "oracle")
    assert oracle.verdict == "reproduced"


def test_temperatures_that_stand_for_a_limit_may_cost_their_slack(pair, saturated):
    logits, labels = saturated
    one = np.ones(len(logits))
    with pytest.warns(RuntimeWarning, match="every held-out prediction is right"):
        after = [TemperatureScaling().fit(z, labels).temperature for z in logits]
    nll = [[example_nll(z / t, labels).mean() for z, t in zip(logits, ts, strict=True)] for ts in (one, after)]
    sure = replace(pair[0], validation=logits, validation_labels=labels, validation_nll=np.array(nll))
    with pytest.warns(RuntimeWarning):
        found = method_findings({"sure": sure}, sure)
    rise = next(f for f in found if f.measures.startswith("Largest rise of validation NLL"))
    assert rise.effect.value > 0
    assert rise.verdict == "reproduced"
    assert all(f.verdict == "reproduced" for f in found if f.claim == 41 and f.kind == "oracle")


def test_published_errors_stand_beside_the_uncalibrated_ones():
    alone = "CIFAR-10, five networks, ECE in %: 4.6, 4.12, 4.52, 3.28, 3.02 (Guo et al., Table 1)"
    assert published("uncalibrated") == alone
    assert "4.6 → 0.83" in published("temperature")


def test_what_histogram_binning_costs_in_the_paper_is_said(evidence):
    (found,) = (f for f in evidence["findings"] if f["measures"].startswith("Test error after histogram"))
    assert found["published"] == "CIFAR-100, ResNet-110: 27.83 → 34.78 % by histogram binning (Guo et al., Table S2)"

"""Oracles hold for saturated logits too; limits may cost their slack; published numbers stand beside ours."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from tests.studies.confidence.conftest import moved

from reprise.calibration import BayesianBinning, MatrixScaling, TemperatureScaling
from reprise.claims.evidence import decide
from reprise.evaluation import declarations
from reprise.studies.confidence import oracles
from reprise.studies.confidence.logits import example_nll
from reprise.studies.confidence.methods import method_findings
from reprise.studies.confidence.oracles import _observed_shares
from reprise.studies.confidence.published import published

DECLARED = declarations("confidence")


def test_isotonic_regression_of_saturated_scores_equals_the_reference(saturated):
    logits, labels = saturated
    wrong = np.where(np.random.default_rng(1).random(200) < 0.3, (labels + 1) % 10, labels)
    main = SimpleNamespace(validation=logits, validation_labels=wrong, logits=logits)
    oracle = next(f for f in oracles.isotonic_oracles(main) if f.oracle == "scikit-learn")
    assert oracle.verdict == "reproduced"


@pytest.mark.parametrize(("by", "verdict"), [(-0.5, "reproduced"), (0.5, "contradicted")])
def test_whether_temperature_scaling_works_better_is_judged_either_way(pair, by, verdict):
    found = method_findings(DECLARED[41], {"resnet": moved(pair[0], temperature=by)}, pair[0])
    primaries = [f for f in found if f.claim == 41 and f.kind == "primary"]
    assert len(primaries) == 5
    assert decide(primaries) == verdict


def test_one_method_that_is_ahead_contradicts_what_is_said_of_all(pair):
    ahead = moved(pair[0], temperature=-0.5, matrix=-1.0)
    found = [f for f in method_findings(DECLARED[41], {"resnet": ahead}, ahead) if f.claim == 41]
    assert {f.measures.split("after ")[2].split(",")[0]: f.verdict for f in found if f.kind == "primary"} == {
        "histogram": "reproduced", "isotonic": "reproduced", "BBQ": "reproduced", "vector": "reproduced",
        "matrix": "contradicted",
    }  # fmt: skip


def test_what_methods_reach_that_are_only_named_is_shown_and_not_judged(pair):
    worse = moved(pair[0], histogram=0.5, isotonic=0.5)
    turned = replace(pair[0], validation=-pair[0].validation)  # fitted on logits that say the contrary
    for s in (worse, turned):
        found = [f for f in method_findings(DECLARED[41], {"resnet": s}, pair[0]) if f.claim in range(36, 41)]
        assert {f.claim for f in found} == set(range(36, 41))
        assert {f.kind for f in found} == {"oracle", "context"}


def test_oracles_notice_methods_that_are_off(pair, monkeypatch):
    checks = (oracles.binning_oracle, oracles.affine_oracle, oracles.histogram_oracle)
    assert [check(pair[0]).verdict for check in checks] == ["reproduced"] * 3
    monkeypatch.setattr(oracles, "BayesianBinning", lambda: BayesianBinning(prior=2.1))
    monkeypatch.setattr(oracles, "MatrixScaling", lambda: MatrixScaling(ridge=0.01))
    monkeypatch.setattr(oracles, "_observed_shares", lambda *each: _observed_shares(*each[:3], 14))
    assert [check(pair[0]).verdict for check in checks] == ["contradicted"] * 3


def test_averaged_binnings_of_saturated_scores_equal_the_definition(saturated):
    logits, labels = saturated
    main = SimpleNamespace(validation=logits, validation_labels=labels, logits=logits)
    assert oracles.binning_oracle(main).verdict == "reproduced"


def test_temperatures_that_stand_for_a_limit_may_cost_their_slack(pair, saturated):
    logits, labels = saturated
    one = np.ones(len(logits))
    with pytest.warns(RuntimeWarning, match="every held-out prediction is right"):
        after = [TemperatureScaling().fit(z, labels).temperature for z in logits]
    nll = [[example_nll(z / t, labels).mean() for z, t in zip(logits, ts, strict=True)] for ts in (one, after)]
    sure = replace(pair[0], validation=logits, validation_labels=labels, validation_nll=np.array(nll))
    with pytest.warns(RuntimeWarning):
        found = method_findings(DECLARED[41], {"sure": sure}, sure)
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

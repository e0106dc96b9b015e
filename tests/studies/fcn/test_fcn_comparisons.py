"""Made-up answers turn the verdicts of claims 171, 172 and 174 both ways; what has not learned is not judged."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from reprise.evaluation import declarations
from reprise.studies.fcn.comparisons import TABLE, comparison_findings, majority_finding, score_table
from reprise.studies.fcn.scores import Scored, apart, boundary, jackknife, mean_iu

DECLARED = declarations("fcn")
RNG = np.random.default_rng(0)
TRUTH = np.kron(RNG.integers(0, 3, (12, 4, 4)), np.ones((8, 8), int)).astype(np.uint8)


def answers(name, share, seeds=4, seed=0):
    """Networks that are wrong at a share of pixels, more or less of them by picture."""
    rng = np.random.default_rng(seed)
    wrong = rng.random((seeds, *TRUTH.shape)) < share * rng.uniform(0.9, 1.1, (seeds, 1, 1, 1))
    return Scored(name, np.where(wrong, (TRUTH + 1) % 3, TRUTH).astype(np.uint8), TRUTH, 3)


def verdicts(shares):
    scored = {name: answers(name, share, seed=place) for place, (name, share) in enumerate(shares.items())}
    found = {}
    for finding in comparison_findings(DECLARED, scored):
        if finding.kind == "primary":
            found.setdefault(finding.claim, []).append(finding.verdict)
    return found


def test_better_at_every_stride_is_reproduced_and_worse_contradicted():
    assert verdicts({"32s": 0.3, "32s_longer": 0.3, "16s": 0.2, "8s": 0.1}) == {
        171: ["reproduced"], 172: ["reproduced"] * 2, 174: ["reproduced"] * 2,
    }  # fmt: skip
    assert verdicts({"32s": 0.1, "32s_longer": 0.1, "16s": 0.2, "8s": 0.3}) == {
        171: ["contradicted"], 172: ["contradicted"] * 2, 174: ["contradicted"] * 2,
    }  # fmt: skip
    assert verdicts({"32s": 0.2, "32s_longer": 0.2, "16s": 0.2, "8s": 0.2})[171] == ["inconclusive"]


def test_what_longer_training_alone_brings_is_not_credited_to_the_stride():
    found = verdicts({"32s": 0.5, "32s_longer": 0.1, "16s": 0.3, "8s": 0.2})
    assert found[171] == ["contradicted"]
    assert found[172] == ["inconclusive", "contradicted"]  # 8s minus 16s is training alone, for all that is known
    assert found[174] == ["contradicted", "inconclusive"]


def test_few_pictures_widen_the_interval_as_students_t_has_it():
    one, other = (answers(name, share, seeds=1) for name, share in (("8s", 0.1), ("16s", 0.2)))
    one, other = (replace(each, predicted=np.repeat(each.predicted, 2, axis=0)) for each in (one, other))
    found = apart(one, other, mean_iu)
    assert found.seed_spread == 0
    assert found.high - found.value == pytest.approx(stats.t.ppf(0.975, len(TRUTH) - 1) * found.examples_error)


def test_networks_that_say_one_class_everywhere_are_not_judged():
    scored = {name: answers(name, 0.1) for name in ("16s", "8s")}
    scored["32s"] = Scored("32s", np.full((4, *TRUTH.shape), np.bincount(TRUTH.ravel()).argmax(), np.uint8), TRUTH, 3)
    scored["32s_longer"] = replace(scored["32s"], name="32s_longer")
    found = comparison_findings(DECLARED, scored)
    assert all(
        f.verdict == "inconclusive" and "commonest" in f.undecided
        for f in found
        if f.claim == 171 and f.kind == "primary"
    )
    assert any(f.verdict == "reproduced" or not f.undecided for f in found if "FCN-8s minus FCN-16s" in f.measures)


def test_scores_are_those_of_all_pixels_and_the_jackknife_is_that_of_a_mean():
    one = answers("32s", 0.2, seeds=2)
    for seed in range(2):
        right = one.predicted[seed] == TRUTH
        ious = [(right & (k == TRUTH)).sum() / ((one.predicted[seed] == k) | (k == TRUTH)).sum() for k in range(3)]
        assert one.values(mean_iu)[seed] == pytest.approx(np.mean(ious))
    values = RNG.random(9)
    left_out = (values.sum() - values) / 8
    assert jackknife(left_out) == pytest.approx(values.std(ddof=1) / 3)
    assert apart(one, one, boundary).value == 0


def test_the_table_has_published_rows_and_the_majority_is_told():
    one = {"32s": answers("32s", 0.2)}
    table = score_table(one, {"32s": 5})
    assert len(table.rows) == 1 + len(TABLE)
    assert table.rows[-1][:2] == ("published: 8s", "90.3")
    assert "commonest class" in majority_finding(one["32s"]).note

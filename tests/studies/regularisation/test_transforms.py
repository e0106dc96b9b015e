"""Claim 158: the transforms' ranges, and the source's integral."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from reprise.evaluation import declarations
from reprise.studies.regularisation import transforms

DECLARED = declarations("regularisation")[158]


def test_the_sources_integral_is_the_log_normal_distribution():
    for x in (0.5, 2.0, 7.0):
        truth = stats.lognorm.cdf(x, transforms.DEVIATION, scale=np.exp(transforms.MEAN))
        assert transforms.integral_as_written(x) == pytest.approx(truth, abs=1e-7)


def test_all_five_agree_and_only_the_z_score_leaves_the_range():
    transformed = transforms.transform()
    assert [each.name for each in transformed] == ["z-score", "min-max", "logistic", "log-normal", "tanh"]
    findings = transforms.findings(DECLARED, transformed)
    assert {finding.verdict for finding in findings if finding.kind != "context"} == {"reproduced"}
    assert [finding.kind for finding in findings].count("primary") == 5
    outside = np.abs(transformed[0].theirs) > 1
    assert findings[-1].effect.value == outside.mean() > 0


def test_a_wrong_transform_and_one_without_bounds_are_told():
    z_score, *others = transforms.transform()
    wrong = others[0]._replace(ours=others[0].ours + 1)
    findings = transforms.findings(DECLARED, [z_score, wrong, *others[1:]])
    contradicted = [finding.measures for finding in findings if finding.verdict == "contradicted"]
    assert contradicted == [
        DECLARED.measures.format("min-max: sklearn.preprocessing.minmax_scale"),
        "Transformed values outside [0, 1], all but the z-score",
    ]


def test_an_integral_without_its_one_over_t_contradicts_the_formula(monkeypatch):
    law = stats.norm(transforms.MEAN, transforms.DEVIATION)
    monkeypatch.setattr(transforms, "integral_as_written", lambda x: law.cdf(x) - law.cdf(0))
    wrong = [f for f in transforms.findings(DECLARED, transforms.transform()) if f.verdict == "contradicted"]
    assert [finding.measures for finding in wrong] == [DECLARED.measures.format("log-normal: scipy.stats.lognorm.cdf")]


def test_the_table_has_a_row_for_each():
    table = transforms.table(transforms.transform())
    assert [len(row) for row in table.rows] == [len(table.columns)] * 5
    assert table.rows[1][1:3] == ("0.000", "1.000")

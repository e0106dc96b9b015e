"""Claim 164: shares of minima."""

from __future__ import annotations

import numpy as np
import pytest

from reprise.studies.initialisation import minima
from reprise.studies.initialisation.settings import Config

CONFIG = Config(seeds=3, depth=5, width=16, examples=16, replicates=5, draws=1000, hessians=2000, dimensions=5)


def test_zero_curvature_is_no_minimum():
    assert minima.share_of_minima(np.array([-1.0, 0.0, 1.0, 2.0])).value == 0.5


def test_every_dimension_is_drawn_by_itself():
    alone = minima.least_eigenvalues(CONFIG)
    more = minima.least_eigenvalues(CONFIG.model_copy(update={"dimensions": 6}))
    assert sorted(alone) == [1, 2, 3, 4, 5]
    for n, values in alone.items():
        np.testing.assert_array_equal(values, more[n])


def test_exact_chances_hold_and_minima_are_rare_in_the_largest_dimension():
    findings = minima.findings(CONFIG, minima.least_eigenvalues(CONFIG))
    assert [finding.verdict for finding in findings if finding.kind == "oracle"] == ["reproduced"] * 3
    assert [f.measures for f in findings if f.kind == "claim"] == [
        "Share of random 4 x 4 Hessians that are minima",
        "Share of random 5 x 5 Hessians that are minima",
    ]


def test_minima_everywhere_contradict_the_claim_and_its_exact_chances():
    everywhere = {n: np.ones(2000) for n in range(1, 6)}
    findings = minima.findings(CONFIG, everywhere)
    assert {finding.verdict for finding in findings if finding.kind != "context"} == {"contradicted"}
    assert findings[-1].effect.value == pytest.approx(1)

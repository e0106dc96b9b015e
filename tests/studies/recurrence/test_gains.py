"""Claims 136 and 137: gains by radius, and findings on made-up ones."""

from __future__ import annotations

import numpy as np
import pytest

from reprise.studies.recurrence import gains
from reprise.studies.recurrence.settings import Gains

GAINS = Gains(networks=6, hidden=8, steps=24, radii=[0.5, 1.0, 2.0])


def test_linear_gains_scale_with_the_radius():
    measured = gains.measure(GAINS)
    steps = np.arange(1, GAINS.steps + 1)[:, None]
    np.testing.assert_allclose(measured["linear", 2.0], measured["linear", 1.0] * 2.0**steps, rtol=1e-9)
    assert {values.shape for values in measured.values()} == {(24, 6)}


def test_gains_that_grow_contradict_vanishing_and_such_that_shrink_exploding():
    shape = np.ones((24, 6)) * np.linspace(0.9, 1.1, 6)
    growing = {key: shape * 1.5 ** np.arange(24)[:, None] for key in gains.measure(GAINS)}
    shrinking = {key: 1 / values for key, values in growing.items()}
    for measured, wrong in ((growing, 136), (shrinking, 137)):
        judged = [f for f in gains.findings(measured, GAINS) if f.kind == "claim"]
        assert {f.verdict for f in judged if f.claim == wrong} == {"contradicted"}
        assert {f.verdict for f in judged if f.claim != wrong} == {"reproduced"}
    assert gains.metric(growing).value == pytest.approx(np.log(1.5))

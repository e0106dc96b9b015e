"""Claims 136 and 137: gains by radius, and findings on made-up ones."""

from __future__ import annotations

import numpy as np
import pytest

from reprise.evaluation import declarations
from reprise.studies.recurrence import gains
from reprise.studies.recurrence.settings import Gains

DECLARED = declarations("recurrence")
GAINS = Gains(networks=6, hidden=8, steps=24, radii=[0.5, 1.0, 2.0])


def test_linear_gains_scale_with_the_radius():
    measured = gains.measure(GAINS)
    steps = np.arange(1, GAINS.steps + 1)[:, None]
    np.testing.assert_allclose(measured["linear", 2.0], measured["linear", 1.0] * 2.0**steps, rtol=1e-9)
    assert {values.shape for values in measured.values()} == {(24, 6)}


def verdicts(measured, claim, kind="primary"):
    return [f.verdict for f in gains.findings(DECLARED, measured, GAINS) if (f.claim, f.kind) == (claim, kind)]


@pytest.fixture
def growing():
    shape = np.ones((24, 6)) * np.linspace(0.9, 1.1, 6)
    return {key: shape * 1.5 ** np.arange(24)[:, None] for key in gains.measure(GAINS)}


def test_gains_that_grow_contradict_vanishing_and_such_that_shrink_do_not(growing):
    shrinking = {key: 1 / values for key, values in growing.items()}
    assert verdicts(growing, 136) == ["contradicted"]
    assert verdicts(shrinking, 136) == ["reproduced"]
    assert gains.metric(growing).value == pytest.approx(np.log(1.5))


def test_random_tanh_networks_with_large_weights_grow_their_gradients_and_sigmoid_ones_do_not():
    config = Gains(networks=40, hidden=32, steps=60, radii=[1.0, 2.0, 4.0])
    measured = gains.measure(config)
    rates = [f for f in gains.findings(DECLARED, measured, config) if (f.claim, f.kind) == (136, "secondary")]
    assert [finding.verdict for finding in rates[:2]] == ["reproduced", "contradicted"]
    assert gains.shrunk(measured, config.radii).mean() == pytest.approx(
        2 / 3, abs=0.05
    )  # tanh holds or grows at 2 and 4


def test_large_weights_alone_stand_beside_a_majority_that_vanishes(growing):
    mixed = {key: values if key == ("tanh", 2.0) else 1 / values for key, values in growing.items()}
    assert verdicts(mixed, 136) == ["reproduced"]
    assert verdicts(mixed, 136, "secondary") == ["reproduced", "contradicted"] + ["reproduced"] * 2


def test_only_what_shrinks_tenfold_has_vanished_and_relu_does_not_count(growing):
    made = {key: np.full((4, 2), 0.2) for key in growing}
    assert gains.shrunk(made, GAINS.radii).tolist() == [0, 0]
    made["ReLU", 0.5] = made["linear", 0.5] = np.zeros((4, 2))
    made["sigmoid", 0.5] = np.array([[0.2, 0.2]] * 3 + [[0.2, 0.09]])
    assert gains.shrunk(made, GAINS.radii).tolist() == [0, 1 / 6]


def test_gains_that_stay_contradict_that_they_vanish_or_explode(growing):
    assert verdicts(growing, 137) == ["reproduced"]
    assert verdicts({key: 1 / values for key, values in growing.items()}, 137) == ["reproduced"]
    level = {key: np.ones((24, 6)) for key in growing}
    assert verdicts(level, 137) == ["contradicted"]
    assert "reproduced" not in verdicts(level, 137, "secondary")


def test_shares_are_of_the_sources_activations_and_of_every_radius():
    made = {(a, r): np.ones((4, 2)) for a in ("sigmoid", "tanh", "ReLU", "linear") for r in GAINS.radii}
    made["linear", 0.5] = made["linear", 0.5] * 1e9  # the source has no such activation
    made["tanh", 0.5] = np.array([[1.0, 1.0]] * 3 + [[0.01, 50.0]])
    changed, grown = gains.turned(made, GAINS.radii)
    assert changed.tolist() == [1 / 9, 1 / 9]
    assert grown.tolist() == [0, 1 / 9]

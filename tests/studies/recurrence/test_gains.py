"""Claims 136 and 137: gains by radius, and findings on made-up ones."""

from __future__ import annotations

import numpy as np
import pytest

from reprise.evaluation import declarations
from reprise.studies.recurrence import gains
from reprise.studies.recurrence.settings import Gains

DECLARED = declarations("recurrence")
OTHERWISE = {"radii": [1.1], "hidden": 4, "inputs": 5}
GAINS = Gains(networks=6, hidden=8, steps=24, radii=[0.5, 1.0, 2.0], otherwise=OTHERWISE)


def test_linear_gains_scale_with_the_radius():
    measured = gains.measure(GAINS)
    steps = np.arange(1, GAINS.steps + 1)[:, None]
    np.testing.assert_allclose(measured["linear", 2.0], measured["linear", 1.0] * 2.0**steps, rtol=1e-9)
    assert {values.shape for values in measured.values()} == {(24, 6)}


def verdicts(measured, claim, kind="primary", config=GAINS, otherwise=None):
    found = gains.findings(DECLARED, measured, otherwise or {}, config)
    return [f.verdict for f in found if (f.claim, f.kind) == (claim, kind)]


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
    config = Gains(networks=40, hidden=32, steps=60, radii=[1.0, 2.0, 4.0], otherwise=OTHERWISE)
    measured = gains.measure(config)
    rates = [f for f in gains.findings(DECLARED, measured, {}, config) if (f.claim, f.kind) == (136, "secondary")]
    assert [finding.verdict for finding in rates[:2]] == ["reproduced", "contradicted"]
    assert verdicts(measured, 136, config=config) == ["contradicted"]
    every = gains.shrunk(gains.ended(measured, gains.BOUNDED, config.radii))
    assert every.mean() == pytest.approx(2 / 3, abs=0.05)  # tanh holds or grows at 2 and 4


@pytest.mark.parametrize("radius", [0.5, 1.0])
def test_what_small_weights_or_a_sigmoid_shrink_in_any_case_does_not_decide(growing, radius):
    """Else a share above one half could not fail."""
    mixed = {key: 1 / values if key[0] == "sigmoid" or key[1] <= radius else values for key, values in growing.items()}
    assert verdicts(mixed, 136) == ["contradicted"]
    level = {
        key: 1 / values if key[0] == "sigmoid" or key[1] <= radius else np.ones_like(values)
        for key, values in growing.items()
    }
    assert verdicts(level, 137) == ["contradicted"]


def test_what_the_source_leaves_open_bars_claim_136_only_where_it_lies_on_the_other_side_of_one_half(growing):
    same, other = {"4 hidden units": np.full(6, 0.2)}, {"inputs 5 times as large": np.full(6, 0.8)}
    assert verdicts(growing, 136, otherwise=same) == ["contradicted"]
    assert verdicts(growing, 136, otherwise=same | other) == ["inconclusive"]
    assert gains.left_open(0.1, same | other).endswith("0.10 as declared, 0.80 with inputs 5 times as large")
    shrinking = {key: 1 / values for key, values in growing.items()}
    assert verdicts(shrinking, 136, otherwise=other) == ["reproduced"]


def test_smaller_networks_smaller_radii_and_larger_inputs_vanish_more_often():
    config = Gains(networks=40, hidden=32, steps=60, radii=[1.0, 2.0, 4.0], otherwise=OTHERWISE | {"hidden": 8})
    declared = gains.shrunk(gains.ended(gains.measure(config), ("tanh",), [2.0, 4.0])).mean()
    found = gains.choices(config)
    assert set(found) == {"spectral radii 1.1", "8 hidden units", "inputs 5 times as large"}
    assert all(share.mean() > 0.4 > declared + 0.2 for share in found.values())


def test_only_what_shrinks_tenfold_has_vanished():
    last = np.array([[0.2, 0.09], [0.2, 0.2], [0.2, 11.0]])
    assert gains.shrunk(last).tolist() == [0, 1 / 3]
    assert gains.grown(last).tolist() == [0, 1 / 3]


def test_cases_are_activations_by_radii_at_the_last_step():
    made = {(a, r): np.full((4, 2), 1.0) for a in ("sigmoid", "tanh", "ReLU", "linear") for r in GAINS.radii}
    made["tanh", 2.0][-1] = [5, 7]
    assert gains.ended(made, ("sigmoid", "tanh"), [0.5, 2.0]).tolist() == [[1, 1], [1, 1], [1, 1], [5, 7]]


def test_gains_that_stay_contradict_that_they_vanish_or_explode(growing):
    assert verdicts(growing, 137) == ["reproduced"]
    assert verdicts({key: 1 / values for key, values in growing.items()}, 137) == ["reproduced"]
    level = {key: np.ones((24, 6)) for key in growing}
    assert verdicts(level, 137) == ["contradicted"]
    assert "reproduced" not in verdicts(level, 137, "secondary")

"""What comes through random networks, and the findings of claims 159 and 161 on made-up signals."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from reprise.claims.evidence import decide
from reprise.evaluation import declarations
from reprise.studies.initialisation import lesson, signals, sizes, xavier
from reprise.studies.initialisation.settings import Config

DECLARED = declarations("initialisation")
CONFIG = Config(
    seeds=3, depth=5, width=16, examples=16, replicates=5, draws=1000, descents=8, hessians=1000, dimensions=4
)


@pytest.fixture(scope="module")
def measured():
    return signals.measure(CONFIG)


def test_every_scheme_is_measured_for_every_seed_and_layer(measured):
    assert set(measured) == {
        *((a, s) for a in ("tanh", "ReLU") for s in ("N(0, 1)", "N(0, 0.01²)", "Xavier", "He")),
        ("linear", "Xavier"),
    }
    for found in measured.values():
        assert {name: rows.shape for name, rows in found.items()} == dict.fromkeys(
            ("moments", "variances", "saturated", "gradients", "by_weights"), (3, 5)
        )


def test_schemes_share_their_draws(measured):
    first = {scheme: measured["ReLU", scheme]["moments"][:, 0] for scheme in ("N(0, 1)", "Xavier", "He")}
    np.testing.assert_allclose(first["N(0, 1)"] * lesson.xavier_deviation(16) ** 2, first["Xavier"], rtol=1e-12)
    np.testing.assert_allclose(2 * first["Xavier"], first["He"], rtol=1e-12)


@pytest.mark.parametrize("activation", ["tanh", "ReLU"])
def test_gradients_by_the_weights_are_those_of_torch(activation):
    rng = np.random.default_rng(3)
    weights, (inputs, upstream) = rng.normal(size=(4, 6, 6)), rng.normal(size=(2, 9, 6))
    ours = lesson.through_layers(activation, 0.4, weights, inputs, upstream)
    layers = [torch.tensor(0.4 * each, requires_grad=True) for each in weights]
    h = torch.tensor(inputs)
    for layer in layers:
        h = (h @ layer).tanh() if activation == "tanh" else (h @ layer).relu()
    (h * torch.tensor(upstream)).sum().backward()
    theirs = [float((layer.grad / len(inputs)).square().mean().sqrt()) for layer in layers]
    np.testing.assert_allclose(ours.by_weights, theirs, rtol=1e-10)


def test_with_small_weights_the_last_layer_learns_as_little_as_the_first(measured):
    for activation in ("ReLU", "tanh"):
        first, last = (signals.smaller(measured, activation, layer) for layer in (0, -1))
        assert (first < -3).all()
        assert np.abs(first - last).max() < 1


def test_factor_of_a_geometric_row_is_its_ratio():
    rows = 0.5 ** np.arange(6) * np.array([[1.0], [7.0]])
    np.testing.assert_allclose(signals.factor(rows), 0.5)
    np.testing.assert_allclose(signals.growth(rows), 5 * np.log10(0.5))


def test_signals_that_neither_grow_nor_shrink_contradict_claim_159():
    level = {name: np.ones((3, 5)) for name in ("moments", "variances", "saturated", "gradients", "by_weights")}
    keys = [(a, s) for a in ("tanh", "ReLU") for s in ("N(0, 1)", "N(0, 0.01²)", "He")]
    findings = sizes.findings(DECLARED[159], CONFIG, dict.fromkeys(keys, level))
    assert [finding.verdict for finding in findings if finding.kind == "primary"] == ["contradicted"] * 4


def test_gradients_that_grow_towards_the_first_layer_contradict_claim_159():
    rows = np.array([1.0, 10, 1e2, 1e3, 1e4]) * np.ones((3, 1))
    grown = {"variances": rows, "gradients": rows[:, ::-1], "saturated": np.zeros((3, 5)), "by_weights": rows}
    keys = [(a, s) for a in ("tanh", "ReLU") for s in ("N(0, 1)", "N(0, 0.01²)", "He")]
    findings = sizes.findings(DECLARED[159], CONFIG, dict.fromkeys(keys, grown))
    assert [finding.verdict for finding in findings if finding.kind == "primary"] == ["reproduced"] * 2 + [
        "contradicted"
    ] * 2


def test_networks_that_keep_relu_level_disagree_with_the_closed_form_of_claim_161():
    level = {name: np.ones((3, 5)) for name in ("moments", "variances", "saturated", "gradients")}
    findings = xavier.findings(
        DECLARED[161], CONFIG, {(a, s): level for a in ("linear", "tanh", "ReLU") for s in ("Xavier", "He")}
    )
    assert [f.verdict for f in findings if f.kind == "slip"] == ["reproduced"]
    drawn = next(f for f in findings if f.oracle == "networks with drawn weights")
    assert drawn.verdict == "contradicted"
    assert decide(findings) == "inconclusive"
    mean_field = next(f for f in findings if f.oracle.startswith("mean-field"))
    assert mean_field.verdict == "contradicted"  # for tanh shrinks what it squashes

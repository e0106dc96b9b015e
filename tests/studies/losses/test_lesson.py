"""Activations and losses against PyTorch and scipy; line fits against linear programming."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from reprise.studies.losses import lesson

WILD = np.array([-1e4, -745.0, -40.0, -1e-12, 0.0, 1e-300, 1.0, 40.0, 1e4])


def test_curves_and_slopes_equal_pytorchs():
    torch = pytest.importorskip("torch")
    f = torch.nn.functional
    theirs = (
        torch.sigmoid,
        torch.tanh,
        torch.relu,
        f.leaky_relu,
        lambda x: f.prelu(x, torch.tensor([0.25], dtype=x.dtype)),
        f.elu,
    )
    for activation, curve in zip(lesson.ACTIVATIONS, theirs, strict=True):
        x = torch.linspace(-20, 20, 400, dtype=torch.float64, requires_grad=True)
        y = curve(x)
        y.sum().backward()
        at = x.detach().numpy()
        np.testing.assert_allclose(activation.curve(at), y.detach().numpy(), rtol=1e-12, atol=1e-15)
        # torch computes 1 - tanh², which cancels in the tails; ours does not
        np.testing.assert_allclose(activation.slope(at), x.grad.numpy(), rtol=1e-12, atol=3e-16)


def test_nothing_overflows_on_wild_inputs():
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        for activation in lesson.ACTIVATIONS:
            assert np.isfinite(activation.curve(WILD)).all(), activation.name
            assert np.isfinite(activation.slope(WILD)).all(), activation.name
        assert np.isfinite(lesson.binary_cross_entropy(1.0, WILD)).all()
        assert np.isfinite(lesson.cross_entropy(np.eye(9), np.tile(WILD, (9, 1)))).all()


def test_the_sources_prelu_is_right_only_up_to_slope_one():
    x = np.linspace(-3, 3, 31)
    np.testing.assert_array_equal(lesson.prelu_as_written(x, 0.5), lesson.leaky_relu(x, 0.5))
    assert (lesson.prelu_as_written(x, 2.0) != lesson.leaky_relu(x, 2.0)).any()


@settings(deadline=None)
@given(st.floats(-30, 30), st.floats(0, 1))
def test_binary_cross_entropy_equals_scipys_logs(z, y):
    truth = -(y * special.log_expit(z) + (1 - y) * special.log_expit(-z))
    assert lesson.binary_cross_entropy(y, z) == pytest.approx(truth, rel=1e-9, abs=1e-14)


def test_the_formula_on_probabilities_breaks_where_the_network_is_certain():
    assert np.isnan(lesson.binary_cross_entropy_as_written([1.0], [1.0])[0])
    assert lesson.binary_cross_entropy(1.0, 40.0) < 1e-17


def test_class_losses_equal_pytorchs():
    torch = pytest.importorskip("torch")
    f, rng = torch.nn.functional, np.random.default_rng(0)
    scores, label = rng.normal(size=(50, 6)), rng.integers(0, 6, 50)
    t, k = torch.tensor(scores), torch.tensor(label)
    one_hot = np.eye(6)[label]
    np.testing.assert_allclose(lesson.cross_entropy(one_hot, scores), f.cross_entropy(t, k, reduction="none"))
    # torch divides the sum by the number of classes
    np.testing.assert_allclose(
        lesson.multiclass_hinge(label, scores) / 6, f.multi_margin_loss(t, k, reduction="none"), rtol=1e-12, atol=1e-15
    )
    several = (rng.random((50, 6)) < 0.5).astype(float)
    theirs = f.binary_cross_entropy_with_logits(t, torch.tensor(several), reduction="none").sum(dim=1)
    np.testing.assert_allclose(lesson.multilabel(several, scores), theirs)


def test_the_sources_hinge_example_is_two():
    assert lesson.multiclass_hinge(0, [2, -5, 3]).tolist() == [2]


@pytest.mark.parametrize("label", [-1, 3, [0, 1]])
def test_labels_that_do_not_fit_the_scores_are_refused(label):
    with pytest.raises(ValueError, match="label"):
        lesson.multiclass_hinge(label, [2.0, -5.0, 3.0])


def test_cost_refuses_shapes_that_would_broadcast():
    with pytest.raises(ValueError, match="one shape"):
        lesson.cost(lesson.squared, np.zeros((3, 1)), np.zeros(3))
    with pytest.raises(ValueError, match="empty"):
        lesson.cost(lesson.squared, np.zeros(0), np.zeros(0))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.0, 0.3, 2.0]), st.integers(2, 12))
def test_no_line_nearby_costs_less_than_the_exact_fit(seed, margin, count):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=count), rng.standard_cauchy(count)
    slope, intercept = lesson.robust_line(x, y, margin)
    best = lesson.epsilon_hinge(y, slope * x + intercept, margin).sum()
    for _ in range(50):
        near = (slope + rng.normal(scale=0.1)) * x + intercept + rng.normal(scale=0.1)
        assert lesson.epsilon_hinge(y, near, margin).sum() >= best - 1e-9 * (1 + best)


def test_l1_fit_equals_scikit_learns_median_regression():
    from sklearn.linear_model import QuantileRegressor

    rng = np.random.default_rng(3)
    x = rng.normal(size=41)
    y = 2 * x + 1 + rng.standard_t(2, size=41)
    theirs = QuantileRegressor(quantile=0.5, alpha=0).fit(x[:, None], y)
    np.testing.assert_allclose(lesson.robust_line(x, y), (theirs.coef_[0], theirs.intercept_), atol=1e-7)


def test_lines_through_one_place_are_refused():
    with pytest.raises(ValueError, match="two different x"):
        lesson.robust_line([1.0, 1.0], [0.0, 2.0])
    with pytest.raises(ValueError, match="margin"):
        lesson.epsilon_hinge(0.0, 1.0, -1.0)


def test_least_squares_line_equals_polyfit():
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=(2, 30))
    np.testing.assert_allclose(lesson.least_squares_line(x, y), np.polyfit(x, y, 1), atol=1e-12)


def test_dead_units_stay_dead_and_leaky_ones_wake():
    inputs = np.column_stack([np.linspace(-1, 1, 20), np.ones(20)])
    targets = np.ones((20, 1))
    start = np.array([[0.1, -1.0]])
    dead, _ = lesson.train_units(inputs, targets, start, 0.0, 0.1, 200)
    leaky, losses = lesson.train_units(inputs, targets, start, 0.01, 0.1, 2000)
    assert dead.tobytes() == start.tobytes()
    assert losses[-1, 0] < 0.01 * losses[0, 0]
    assert leaky[0, 1] > 0

"""Signals against PyTorch, moments against closed forms, optimizers against torch.optim."""

from __future__ import annotations

import numpy as np
import pytest

from reprise.studies.initialisation import lesson


@pytest.mark.parametrize("activation", ["linear", "tanh", "ReLU"])
def test_signal_and_gradient_equal_pytorchs(activation):
    torch = pytest.importorskip("torch")
    curve = {"linear": lambda z: z, "tanh": torch.tanh, "ReLU": torch.relu}[activation]
    rng = np.random.default_rng(0)
    weights, (inputs, upstream) = rng.normal(size=(4, 8, 8)), rng.normal(size=(2, 5, 8))
    found = lesson.through_layers(activation, 0.3, weights, inputs, upstream)
    h, kept = torch.tensor(inputs), []
    for w in weights:
        z = (h @ torch.tensor(0.3 * w)).requires_grad_(True)
        z.retain_grad()
        kept.append(z)
        h = curve(z)
    h.backward(torch.tensor(upstream))
    np.testing.assert_allclose(found.moments, [(z.detach() ** 2).mean().item() for z in kept], rtol=1e-12)
    np.testing.assert_allclose(found.gradients, [(z.grad**2).mean().sqrt().item() for z in kept], rtol=1e-12)


def test_relu_halves_and_linear_keeps_the_expected_moment():
    # 101 nodes integrate the kinked ReLU exactly by symmetry: half of an even moment
    np.testing.assert_allclose(lesson.expected_moments("ReLU", 1.0, 5), 0.5 ** np.arange(5), rtol=1e-12)
    np.testing.assert_allclose(lesson.expected_moments("ReLU", 2.0, 5), 2.0, rtol=1e-12)
    np.testing.assert_allclose(lesson.expected_moments("linear", 1.0, 5), 1.0, rtol=1e-12)


def test_tanh_moment_equals_adaptive_quadrature():
    from scipy.integrate import quad
    from scipy.stats import norm

    truth = quad(lambda x: np.tanh(x) ** 2 * norm.pdf(x), -12, 12)[0]
    assert lesson.expected_moments("tanh", 1.0, 2)[1] == pytest.approx(truth, abs=1e-8)


def test_variance_formula_is_exact_for_coins():
    # w, x in {0, 1} fair: w x is 1 with chance 1/4, variance 3/16
    assert lesson.variance_of_sum(5, 0.5, 0.25, 0.5, 0.25) == pytest.approx(5 * 3 / 16)


def test_deviations():
    assert lesson.xavier_deviation(100) == 0.1
    assert lesson.he_deviation(200) == 0.1


@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_share_of_minima_is_the_exact_probability(dimension):
    positive = lesson.smallest_eigenvalues(dimension, 40_000, np.random.default_rng(dimension)) > 0
    truth = lesson.ALL_POSITIVE[dimension]
    assert positive.mean() == pytest.approx(truth, abs=5 * np.sqrt(truth * (1 - truth) / 40_000))


def test_probability_in_two_dimensions_by_quadrature():
    # a, c ~ N(0, 1), b ~ N(0, 1/2): positive where a > 0, c > 0, |b| < sqrt(a c); with a = u², c = v² it is smooth
    from scipy.special import erf
    from scipy.stats import norm

    nodes, weights = np.polynomial.legendre.leggauss(60)
    u, w = 1.5 * (nodes + 1), 1.5 * weights  # [0, 3]
    density = w * 2 * u * norm.pdf(u**2)
    found = density @ erf(np.outer(u, u)) @ density
    assert found == pytest.approx(lesson.ALL_POSITIVE[2], abs=1e-9)


def test_adam_and_momentum_equal_pytorchs():
    torch = pytest.importorskip("torch")

    def slope(theta):
        return np.array([2 * theta[0], 20 * theta[1] + np.sin(theta[0])])

    start = np.array([1.0, -2.0])
    for path, optimizer in (
        (lesson.adam_path(slope, start, 50), lambda p: torch.optim.Adam([p])),
        (lesson.momentum_path(slope, start, 50, 0.01), lambda p: torch.optim.SGD([p], lr=0.01, momentum=0.9)),
    ):
        theta = torch.tensor(start, dtype=torch.float64, requires_grad=True)
        theirs = optimizer(theta)
        for _ in range(50):
            theta.grad = torch.tensor(slope(theta.detach().numpy()))
            theirs.step()
        np.testing.assert_allclose(path[-1], theta.detach().numpy(), rtol=1e-12)


def test_adams_first_step_is_the_learning_rate_whatever_the_scale():
    for scale in (1e-3, 1.0, 1e6):
        path = lesson.adam_path(lambda theta, scale=scale: scale * np.ones(2), np.zeros(2), 1, learning_rate=0.01)
        np.testing.assert_allclose(path[1], -0.01, rtol=1e-4)


def test_bad_networks_are_refused():
    weights, inputs = np.ones((2, 3, 3)), np.ones((4, 3))
    with pytest.raises(ValueError, match="unknown activation 'swish'"):
        lesson.through_layers("swish", 1.0, weights, inputs, inputs)
    with pytest.raises(ValueError, match="do not fit"):
        lesson.through_layers("tanh", 1.0, weights, np.ones((4, 5)), np.ones((4, 5)))
    with pytest.raises(ValueError, match="deviation"):
        lesson.through_layers("tanh", 0.0, weights, inputs, inputs)
    with pytest.raises(ValueError, match="at least 1"):
        lesson.smallest_eigenvalues(0, 10, np.random.default_rng(0))

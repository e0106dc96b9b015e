"""The one-hidden-layer network against PyTorch's gradient, on sets that lines can and cannot divide."""

from __future__ import annotations

import numpy as np
import pytest

from reprise.studies.shallow import lesson


@pytest.mark.parametrize("regression", [False, True])
def test_gradient_equals_pytorchs(regression):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(30, 3)), rng.integers(0, 2, 30).astype(float)
    theta = rng.normal(size=5 * 4 + 1)
    t = torch.tensor(theta, requires_grad=True)
    W, b, v, c = t[:12].reshape(3, 4), t[12:16], t[16:20], t[20]
    out, target = torch.tanh(torch.tensor(x) @ W + b) @ v + c, torch.tensor(y)
    if regression:
        loss = ((out - target) ** 2).mean() / 2
    else:
        loss = torch.nn.functional.binary_cross_entropy_with_logits(out, target)
    (loss + 0.1 * (t @ t) / 2).backward()
    ours, gradient = lesson.loss_and_gradient(theta, x, y, 4, 0.1, regression)
    assert ours == pytest.approx(loss.item() + 0.05 * theta @ theta, rel=1e-12)
    np.testing.assert_allclose(gradient, t.grad.numpy(), rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("name", list(lesson.SETS))
def test_eight_units_learn_every_set(name):
    x, labels = lesson.SETS[name](200, np.random.default_rng(1))
    net = lesson.fit(x, labels, 8, np.random.default_rng(2))
    assert lesson.accuracy(net, *lesson.SETS[name](1000, np.random.default_rng(3))) > 0.93


CORNERS = np.array([[0.0, 0], [1, 1], [0, 1], [1, 0]])


def test_the_best_line_gets_three_of_four_corners_and_all_of_what_a_line_parts():
    assert lesson.best_line(CORNERS, np.array([0, 0, 1, 1])) == 0.75
    assert lesson.best_line(CORNERS, np.array([0, 1, 1, 1])) == 1
    assert lesson.best_line(CORNERS, np.ones(4)) == lesson.best_line(CORNERS, np.zeros(4)) == 1


@pytest.mark.parametrize("name", list(lesson.SETS))
def test_no_line_through_two_points_does_better_than_the_best_but_for_the_rounding_of_its_angle(name):
    x, labels = lesson.SETS[name](60, np.random.default_rng(4))
    most = 0
    for one in range(60):
        for other in range(one):
            a, b = x[other] - x[one]
            side = (x[:, 1] - x[one, 1]) * a - (x[:, 0] - x[one, 0]) * b
            rest = np.delete(np.arange(60), [one, other])  # the two themselves: either side, by turning a little
            hits = ((side > 0) == (labels == 1))[rest].sum()
            most = max(most, hits + 2, 58 - hits + 2)
    assert most / 60 - 2 / 60 <= lesson.best_line(x, labels) <= most / 60


def test_sets_have_both_labels_and_the_size_asked_for():
    for make in lesson.SETS.values():
        x, labels = make(101, np.random.default_rng(0))
        assert x.shape == (101, 2)
        assert set(labels.tolist()) == {0, 1}


def test_the_same_seed_gives_the_same_network():
    x, labels = lesson.circle(50, np.random.default_rng(0))
    a, b = (lesson.fit(x, labels, 3, np.random.default_rng(7)) for _ in range(2))
    assert a(x).tobytes() == b(x).tobytes()


@pytest.mark.parametrize(
    ("x", "y", "hidden", "message"),
    [
        (np.zeros((3, 2)), np.zeros(2), 2, "expected"),
        (np.zeros((0, 2)), np.zeros(0), 2, "expected"),
        (np.zeros((3, 2)), np.zeros(3), 0, "one unit"),
        (np.zeros((3, 2)), np.array([0, 1, 2]), 2, "0 or 1"),
    ],
)
def test_bad_training_data_are_refused(x, y, hidden, message):
    with pytest.raises(ValueError, match=message):
        lesson.fit(x, y, hidden, np.random.default_rng(0))


def test_parameters_of_the_wrong_number_are_refused():
    with pytest.raises(ValueError, match="need 9"):
        lesson.unpack(np.zeros(8), 2, 2)

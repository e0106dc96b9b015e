"""Training by hand-written gradients: losses and Adam against PyTorch, easy tasks learned, many networks at once."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from reprise.studies.recurrence import memory
from reprise.studies.recurrence.networks import NETWORKS


def test_losses_and_their_derivatives_agree_with_torch():
    rng = np.random.default_rng(0)
    logits, labels = rng.normal(size=(2, 3, 5, 4)), rng.integers(0, 4, (2, 3, 5))
    outputs, goals = rng.normal(size=(2, 3, 5, 1)), rng.normal(size=(2, 3, 5))
    for ours, values, targets in (
        (memory.softmax_cross_entropy, logits, labels),
        (memory.squared_error, outputs, goals),
    ):
        tensor = torch.from_numpy(values).requires_grad_()
        if ours is memory.squared_error:
            every = (tensor[..., 0] - torch.from_numpy(targets)) ** 2
        else:
            every = torch.nn.functional.cross_entropy(
                tensor.flatten(0, 2), torch.from_numpy(targets).flatten(), reduction="none"
            ).view(2, 3, 5)
        summed = every.mean(dim=2).sum(dim=0)
        summed.sum().backward()
        loss, derivative = ours(values, targets)
        np.testing.assert_allclose(loss, summed.detach().numpy(), rtol=1e-12)
        np.testing.assert_allclose(derivative, tensor.grad.numpy(), atol=1e-14)


def test_adam_agrees_with_torch_where_nothing_is_clipped():
    rng = np.random.default_rng(1)
    start = rng.normal(size=(2, 3, 4))
    gradients = 0.01 * rng.normal(size=(20, 2, 3, 4))
    ours = start.copy()
    adam = memory.Adam([ours], np.array([0.01, 0.01]))
    theirs = torch.from_numpy(start.copy()).requires_grad_()
    optimizer = torch.optim.Adam([theirs], lr=0.01, eps=1e-12)
    for gradient in gradients:
        adam.step([gradient])
        theirs.grad = torch.from_numpy(gradient.copy())
        optimizer.step()
    np.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=1e-3)
    assert np.abs(ours - start).max() > 0.01


@pytest.mark.parametrize("task", [memory.number(1), memory.symbol(1), memory.echo(3)])
def test_easy_tasks_are_learned(task):
    losses, scores = memory.train(NETWORKS["GRU"], task, np.full(2, 0.03), 12, 16, 200, rng_seed=3)
    assert (losses[-1] < losses[0] / 3).all()
    assert (scores > 0.85).all()


def test_a_network_trained_among_others_is_clipped_by_its_own_norm():
    parameters = [np.zeros((2, 3))]
    adam = memory.Adam(parameters, np.array([0.1, 0.1]))
    adam.step([np.array([[1e9, 0, 0], [0.1, 0, 0]])])
    assert adam.first[0][:, 0] == pytest.approx([0.1, 0.01])  # a tenth of 1 and of 0.1


def test_an_open_gate_changes_the_lstm_alone():
    def losses(name):
        return memory.train(NETWORKS[name], memory.number(2), np.full(2, 0.01), 8, 8, 20)[0]

    assert (losses("LSTM") != losses("open LSTM")).any()
    for name in ("RNN", "GRU"):
        shut = NETWORKS[name]._replace(keep_bias=5.0)
        found = memory.train(shut, memory.number(2), np.full(2, 0.01), 8, 8, 20)[0]
        np.testing.assert_array_equal(found, losses(name))

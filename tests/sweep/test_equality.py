"""Many networks at once end as each would have ended alone, under plain torch.optim."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from reprise.data.batches import epoch_seed
from reprise.sweep import Network
from reprise.sweep.alone import train_alone
from reprise.sweep.masks import kept, keys
from reprise.sweep.rules import RULES
from reprise.sweep.stacked import train_stacked
from reprise.sweep.work import Work

RATES = {"sgd": (0.01, 0.3), "adam": (1e-4, 0.01), "adagrad": (0.003, 0.1), "adadelta": (0.1, 2.0)}
OPTIONS = {"adadelta": {"rho": 0.95, "eps": 1e-8}, "adagrad": {"initial_accumulator_value": 0.1}}


class Small(nn.Module):
    """The sweep's network, made small: two convolutions, a pool, dropout before each dense layer."""

    def __init__(self, norm: bool = False) -> None:
        super().__init__()
        # a bias before batch norm has no gradient but rounding, which Adam would make large
        self.conv1, self.conv2 = nn.Conv2d(1, 3, 3), nn.Conv2d(3, 5, 3, bias=not norm)
        self.norm = nn.BatchNorm2d(5) if norm else nn.Identity()
        self.drop1, self.drop2 = nn.Dropout(0.25), nn.Dropout(0.5)
        self.dense1, self.dense2 = nn.Linear(5 * 4, 8), nn.Linear(8, 4)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.norm(self.conv2(F.relu(self.conv1(x))))), 2)
        return self.dense2(self.drop2(F.relu(self.dense1(self.drop1(x.flatten(1))))))


def work(steps=20, options=None, build=Small, **changes):
    generator = torch.Generator().manual_seed(5)
    x = torch.randn(45, 1, 8, 8, generator=generator)
    y = torch.randint(0, 4, (45,), generator=generator)
    settings = {"steps": steps, "readings": (steps // 2, steps), "options": options or {}} | changes
    return Work(build, (x[:30], y[:30]), (x[30:], y[30:]), 8, **settings)


def plain(work, network, build=Small):
    """As anyone would write it, with torch.optim as it comes; only order and masks are ours."""
    torch.manual_seed(network.seed)
    model = build()
    rate, options = network.learning_rate, work.options.get(network.optimizer, {})
    optimizer = RULES[network.optimizer].optimizer(model.parameters(), lr=rate, **options)
    noted = torch.from_numpy(keys(network.seed, 0, work.steps))
    shares = (0.25, 0.5) if network.dropout is None else (network.dropout, network.dropout)
    curve, losses = [], []
    for step in range(work.steps):
        epoch, place = divmod(step, 3)  # 30 examples: three batches of eight, and six are left out
        order = np.random.default_rng(epoch_seed(network.seed, epoch)).permutation(30)
        index = torch.from_numpy(order[8 * place : 8 * place + 8])
        x = model.norm(model.conv2(F.relu(model.conv1(work.train[0][index]))))
        x = F.max_pool2d(F.relu(x), 2).flatten(1)
        mask1 = kept(noted[step], 0, 8 * 20, torch.tensor(shares[0])).view(8, 20)
        x = F.relu(model.dense1(x * mask1 / (1 - shares[0])))
        mask2 = kept(noted[step], 1, 8 * 8, torch.tensor(shares[1])).view(8, 8)
        loss = F.cross_entropy(model.dense2(x * mask2 / (1 - shares[1])), work.train[1][index])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if step + 1 in work.readings:
            curve.append(float(np.mean(losses)))
            losses = []
    return model, curve


@pytest.mark.parametrize("norm", [False, True], ids=["plain", "batch norm"])
@pytest.mark.parametrize("options", [{}, OPTIONS], ids=["torch's defaults", "TensorFlow's"])
@pytest.mark.parametrize("optimizer", RULES)
def test_parameters_after_twenty_steps_are_those_of_torch_optim(optimizer, options, norm):
    def build():
        return Small(norm)

    task = work(options=options, build=build)
    networks = [
        Network(optimizer, rate, seed, share) for rate in RATES[optimizer] for seed, share in ((0, None), (3, 0.4))
    ]
    curves, stack = train_stacked(task, networks)
    for place, network in enumerate(networks):
        model, losses = plain(task, network, build)
        curve, alone = train_alone(task, network)
        for name, parameter in model.named_parameters():
            torch.testing.assert_close(stack.parameters[name][place], parameter.data, rtol=2e-4, atol=2e-5)
            torch.testing.assert_close(alone.get_parameter(name).data, parameter.data, rtol=2e-4, atol=2e-5)
        assert curves[place].loss == pytest.approx(losses, rel=1e-4)
        assert curve.loss == pytest.approx(losses, rel=1e-4)
        assert curves[place].test_loss == pytest.approx(curve.test_loss, rel=1e-3)
        assert curves[place].test_accuracy == pytest.approx(curve.test_accuracy)
        assert curves[place].accuracy == pytest.approx(curve.accuracy)


def test_a_network_does_not_depend_on_its_company():
    task, network = work(), Network("adam", 0.003, 1)
    _, one = train_stacked(task, [network])
    company = [Network("adam", 0.1, 4, 0.0), network, Network("adam", 1e-5, 1, 0.9)]
    _, three = train_stacked(task, company)
    for name, parameter in one.parameters.items():
        torch.testing.assert_close(three.parameters[name][1], parameter[0], rtol=1e-4, atol=1e-6)


def test_dropout_and_seed_change_what_is_learned():
    task = work()
    _, stack = train_stacked(
        task, [Network("sgd", 0.1, 0, 0.0), Network("sgd", 0.1, 0, 0.5), Network("sgd", 0.1, 1, 0.5)]
    )
    weights = stack.parameters["dense1.weight"]
    assert (weights[0] - weights[1]).abs().max() > 1e-3
    assert (weights[1] - weights[2]).abs().max() > 1e-3


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_a_diverged_network_is_frozen_and_spoils_no_other(optimizer):
    task = work(steps=20)
    networks = [Network(optimizer, 1e-3, 0), Network(optimizer, 1e30, 1), Network(optimizer, 1e-3, 2)]
    curves, stack = train_stacked(task, networks)
    _, without = train_stacked(task, [networks[0], networks[2]])
    assert [curve.diverged > 0 for curve in curves] == [False, True, False]
    assert curves[1].diverged == train_alone(task, networks[1])[0].diverged
    assert np.isnan(curves[1].loss[-1])
    assert np.isnan(curves[1].test_accuracy[-1])
    assert [network.seed for network in stack.networks] == [0, 2]
    for name, parameter in without.parameters.items():
        assert torch.equal(stack.parameters[name], parameter)
    assert np.isfinite(curves[0].loss).all()


def test_all_networks_may_diverge():
    curves, stack = train_stacked(work(), [Network("sgd", 1e30, seed) for seed in range(3)])
    assert all(curve.diverged for curve in curves)
    assert len(stack) == 0
    assert all(len(curve.loss) == 2 for curve in curves)


def test_networks_of_two_optimizers_are_not_stacked():
    with pytest.raises(ValueError, match="same optimizer"):
        train_stacked(work(), [Network("sgd", 0.1), Network("adam", 0.1)])

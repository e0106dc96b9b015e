"""Each player steps while the other's weights stay as they are, bit for bit; at once both move."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from reprise.data.parts import TrainingData
from reprise.models.gan import Gan
from reprise.settings import TrainingConfig
from reprise.studies.rivals.settings import RivalSettings
from reprise.tasks.rivals import Rivals
from reprise.training import train_seed

FAST = TrainingConfig(accelerator="cpu", precision="32-true")


def settings(**more):
    base = {"network": "dense", "width": 4, "latent": 3, "epochs": 2, "batch_size": 4, "learning_rate": 1e-2}
    return RivalSettings(**base | {"keeps": "last"} | more)


def digits(count=12):
    rng = np.random.default_rng(0)
    part = {"image": rng.integers(0, 256, (count, 8, 8, 1), dtype=np.uint8), "label": np.arange(count) % 10}
    return part | {"label": part["label"].astype(np.uint8), "index": np.arange(count)}


class Watched(Rivals):
    """Keeps both players' weights whenever a loss is asked for, which is before each step."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.seen = []

    def loss_of(self, player, batch):
        if self.training and torch.is_grad_enabled():
            weights = {
                name: [p.detach().clone() for p in getattr(self.model, name).parameters()]
                for name in ("critic", "generator")
            }
            needs = {name: any(p.requires_grad for p in getattr(self.model, name).parameters()) for name in weights}
            self.seen.append((player, weights, needs))
        return super().loss_of(player, batch)


class Study:
    """What training asks of a study."""

    def __init__(self):
        self.tasks = []

    def build(self, chosen, shapes, structure=None):
        classes = 10 if chosen.labelled else 0
        return Gan(chosen.network, chosen.latent, chosen.width, classes, shapes["image"][0], chosen.epochs)

    def task(self, model, chosen, seed):
        self.tasks.append(Watched(model, chosen, seed))
        return self.tasks[-1]


def trained(**more):
    study = Study()
    part = digits()
    result = train_seed(study, settings(**more), TrainingData(part, part, part), 0, FAST)
    return study.tasks[0], result


def same(one, other):
    return [torch.equal(a, b) for a, b in zip(one, other, strict=True)]


@pytest.mark.parametrize("network", ["dense", "conv"])
@pytest.mark.parametrize("labelled", [False, True])
def test_in_turn_the_frozen_network_stays_as_it_is_bit_for_bit(network, labelled):
    task, _ = trained(network=network, labelled=labelled)
    assert [player for player, _, _ in task.seen[:4]] == ["critic", "generator"] * 2
    assert len(task.seen) == 2 * 2 * 3  # players, epochs, batches
    for (player, before, needs), (_, after, _) in pairwise(task.seen):
        other = {"critic": "generator", "generator": "critic"}[player]
        assert all(same(before[other], after[other]))
        assert not all(same(before[player], after[player]))
        assert needs == {player: True, other: False}


def test_at_once_both_move_in_the_same_step():
    task, _ = trained(turns=False)
    assert task.players() == {}
    steps = [weights for player, weights, _ in task.seen if player == "critic"]
    for before, after in pairwise(steps):
        assert not all(same(before["critic"], after["critic"]))
        assert not all(same(before["generator"], after["generator"]))


@pytest.mark.parametrize("network", ["dense", "conv"])
def test_at_once_each_player_goes_down_its_own_loss_and_no_other(network):
    task = Rivals(Gan(network, 3, 4, 0, 8, 1), settings(network=network, turns=False), 0).eval()
    batch = {name: torch.from_numpy(array) for name, array in digits().items()}
    torch.manual_seed(5)
    task.loss(batch).backward()
    torch.manual_seed(5)  # the same codes, in the same order
    for name in ("critic", "generator"):
        weights = list(getattr(task.model, name).parameters())
        expected = torch.autograd.grad(task.loss_of(name, batch), weights)
        assert any(each.abs().max() > 0 for each in expected)
        for weight, own in zip(weights, expected, strict=True):
            torch.testing.assert_close(weight.grad, own)
    assert all(each.requires_grad for each in task.model.parameters())


def test_the_plain_sum_of_both_losses_would_teach_the_critic_to_know_nothing():
    logits = torch.linspace(-4, 4, 9, requires_grad=True)  # of drawn images
    (F.softplus(logits) + F.softplus(-logits)).sum().backward()
    assert torch.equal(logits.grad.sign(), logits.detach().sign())  # from both sides towards 0


def test_the_losses_are_cross_entropies_with_the_labels_real_and_drawn():
    task = Rivals(Gan("dense", 3, 4, 0, 8, 1), settings(), 0).eval()
    batch = {name: torch.from_numpy(array) for name, array in digits().items()}
    torch.manual_seed(5)
    critic = task.loss_of("critic", batch)
    torch.manual_seed(5)
    generator = task.loss_of("generator", batch)
    torch.manual_seed(5)
    drawn = task.model.judge(task.model.draw(torch.randn(12, 3), batch["label"]), batch["label"])
    real = task.predict(batch)["critic"]
    logits, labels = torch.cat([real, drawn]), torch.tensor([1.0] * 12 + [0.0] * 12)
    expected = 2 * F.binary_cross_entropy_with_logits(logits, labels)
    assert critic.item() == pytest.approx(expected.item(), rel=1e-6)
    assert generator.item() == pytest.approx(F.binary_cross_entropy_with_logits(drawn, torch.ones(12)).item(), rel=1e-6)
    assert 0 < generator.item() < 5 * math.log(2)


def test_a_sheet_is_kept_of_every_epoch_and_the_same_again():
    task, result = trained()
    sheets = result.weights["sheets"]
    assert int(result.weights["epoch"]) == 2
    assert not torch.equal(sheets[0], sheets[1])
    now = task.model.draw(task.model.codes, torch.zeros(10).long()).detach()
    expected = ((now[:, 0] + 1) * 127.5).round().to(torch.uint8)
    assert torch.equal(sheets[1], expected)
    _, again = trained()
    assert all(torch.equal(result.weights[name], again.weights[name]) for name in result.weights)


def test_what_is_written_is_a_row_an_example():
    _, result = trained()
    assert result.predictions["test/critic"].shape == (12,)
    assert {"train_loss_critic", "train_loss_generator", "val_called_real"} <= set(result.history[0])

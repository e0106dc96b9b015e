"""What the loop carries beside a classifier: networks in turn, sequences and pairs, boxes, losses in nats."""

from __future__ import annotations

from contextlib import suppress
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from reprise.data.parts import TrainingData
from reprise.loop import Loop
from reprise.settings import Settings, TrainingConfig
from reprise.tasks.task import Task
from reprise.training import train_seed, train_variant

CPU = TrainingConfig(accelerator="cpu", precision="32-true")


def settings(**more):
    return Settings(**{"epochs": 2, "batch_size": 16, "learning_rate": 1e-2, "keeps": "last"} | more)


def numbers(count, seed=0):
    rng = np.random.default_rng(seed)
    return {"real": rng.normal(3, 0.5, (count, 2)).astype(np.float32), "index": np.arange(count)}


class Adversaries(Task):
    """A generator of points in the plane and the critic that tells them from real ones."""

    def players(self):
        return {"critic": self.model["critic"], "generator": self.model["generator"]}

    def loss_of(self, player, batch):
        real, fake = batch["real"], self.model["generator"](torch.randn(len(batch["real"]), 2))
        wanted = (1.0, 0.0) if player == "critic" else (None, 1.0)
        losses = [
            F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, target))
            for logits, target in ((self.model["critic"](real), wanted[0]), (self.model["critic"](fake), wanted[1]))
            if target is not None
        ]
        return sum(losses)


def adversaries(*_):
    return nn.ModuleDict({"critic": nn.Linear(2, 1), "generator": nn.Linear(2, 2)})


def weights(module):
    return {name: tensor.clone() for name, tensor in module.state_dict().items()}


def same(one, other):
    return all(torch.equal(tensor, other[name]) for name, tensor in one.items())


class TestPlayers:
    """Networks that step in turn."""

    def test_each_steps_while_the_other_stands_bit_for_bit(self):
        seen = []

        class Watched(Adversaries):
            def loss_of(self, player, batch):
                frozen = {name: not next(p.parameters()).requires_grad for name, p in self.players().items()}
                seen.append((player, frozen, {name: weights(p) for name, p in self.players().items()}))
                return super().loss_of(player, batch)

        study = SimpleNamespace(build=adversaries, task=Watched)
        train_seed(study, settings(epochs=1), TrainingData(numbers(48)), 0, CPU)
        assert [player for player, _, _ in seen] == ["critic", "generator"] * 3
        for (player, frozen, before), (_, _, after) in pairwise(seen):
            other = "generator" if player == "critic" else "critic"
            assert frozen == {player: False, other: True}
            assert same(before[other], after[other])
            assert not same(before[player], after[player])

    def test_their_losses_stand_beside_each_other_and_both_can_train_afterwards(self):
        study = SimpleNamespace(build=adversaries, task=Adversaries)
        result = train_seed(study, settings(), TrainingData(numbers(48)), 0, CPU)
        for row in result.history:
            assert row["train_loss"] == pytest.approx(row["train_loss_critic"] + row["train_loss_generator"], rel=1e-5)
        assert result.parameters == 3 + 6
        assert result.predictions == {}

    def test_each_is_clipped_by_itself(self):
        moved = {}

        class Steep(Adversaries):
            def optimizer(self, parameters):
                return torch.optim.SGD(parameters, lr=1.0)

            def loss_of(self, player, batch):
                before = moved.pop(player, None)
                if before is not None:
                    step = torch.cat([(before[n] - t).flatten() for n, t in weights(self.players()[player]).items()])
                    norms.append(float(step.norm()))
                moved[player] = weights(self.players()[player])
                return 1000 * super().loss_of(player, batch)

        norms: list[float] = []
        study = SimpleNamespace(build=adversaries, task=Steep)
        train_seed(study, settings(epochs=1, clip=0.25), TrainingData(numbers(64)), 0, CPU)
        assert len(norms) == 6
        assert norms == pytest.approx([0.25] * 6, rel=1e-4)

    def test_a_run_that_was_killed_ends_as_one_that_was_not(self, tmp_path):
        class Killed(Adversaries):
            def measures(self):
                if (tmp_path / "armed").exists() and list((tmp_path / "cut-kept").rglob("last-*.ckpt")):
                    (tmp_path / "armed").unlink()
                    raise RuntimeError("killed")
                return {}

        study, data = SimpleNamespace(build=adversaries, task=Killed), TrainingData(numbers(48))

        def run(name):
            train_variant(
                study, settings(epochs=4), range(1), lambda _: data, CPU, tmp_path / name, tmp_path / f"{name}-kept"
            )

        run("whole")
        (tmp_path / "armed").touch()
        with pytest.raises(RuntimeError, match="killed"):
            run("cut")
        run("cut")
        for path in (tmp_path / "whole").iterdir():
            assert path.read_bytes() == (tmp_path / "cut" / path.name).read_bytes()


def sequences(count, seed=0):
    """Symbols of a sequence of unequal length, padded, with the length beside it: none is an image."""
    rng = np.random.default_rng(seed)
    length = rng.integers(3, 8, count)
    symbols = np.where(np.arange(8) < length[:, None], rng.integers(0, 4, (count, 8)), 0)
    return {"symbols": symbols.astype(np.int64), "length": length.astype(np.uint8), "index": np.arange(count)}


class NextSymbol(Task):
    """A language model whose predictions are not logits but what each sequence costs, in nats."""

    def nats(self, batch):
        symbols, length = batch["symbols"], batch["length"].long()
        logits = self.model(symbols[:, :-1])
        loss = F.cross_entropy(logits.transpose(1, 2), symbols[:, 1:], reduction="none")
        return (loss * (torch.arange(7) < length[:, None] - 1)).sum(1)

    def loss(self, batch):
        return self.nats(batch).mean()

    def predict(self, batch):
        return {"nats": self.nats(batch)}


def test_sequences_are_trained_on_and_predicted_in_nats():
    def build(chosen, shapes, structure):
        assert shapes == {"symbols": (8,), "length": ()}
        return nn.Sequential(nn.Embedding(4, 8), nn.Linear(8, structure))

    data = TrainingData(sequences(64), sequences(32, 1), sequences(10, 2), structure=4)
    study = SimpleNamespace(build=build, task=NextSymbol)
    result = train_seed(study, settings(epochs=3, keeps="best"), data, 0, CPU)
    assert result.predictions["test/nats"].shape == (10,)
    assert (result.predictions["test/nats"] > 0).all()
    assert result.history[-1]["val_loss"] < result.history[0]["val_loss"]


def boxes(count, seed=0):
    """Up to five boxes a picture, padded with zeros, and how many there are."""
    rng = np.random.default_rng(seed)
    number = rng.integers(0, 6, count)
    found = rng.random((count, 5, 4)).astype(np.float32) * (np.arange(5) < number[:, None])[..., None]
    image = rng.random((count, 6, 6)).astype(np.float32)
    return {"image": image, "boxes": found, "count": number.astype(np.uint8), "index": np.arange(count)}


class MeanBox(Task):
    """Regresses the mean of a picture's boxes; pictures without any do not count."""

    def loss(self, batch):
        count = batch["count"].float()
        wanted = batch["boxes"].sum(1) / count.clamp(min=1)[:, None]
        error = (self.model(batch["image"].flatten(1)) - wanted).square().mean(1)
        return (error * (count > 0)).sum() / (count > 0).sum().clamp(min=1)

    def predict(self, batch):
        return {"box": self.model(batch["image"].flatten(1)), "pair": batch["boxes"][:, :2]}


def test_padded_boxes_with_a_count_are_trained_on():
    data = TrainingData(boxes(64), boxes(32, 1), boxes(7, 2))
    study = SimpleNamespace(build=lambda *_: nn.Linear(36, 4), task=MeanBox)
    result = train_seed(study, settings(keeps="best"), data, 0, CPU)
    assert result.predictions["test/box"].shape == (7, 4)
    np.testing.assert_array_equal(result.predictions["test/pair"], data.test["boxes"][:, :2])


@pytest.mark.parametrize("clip", [None, 0.1])
def test_one_network_is_clipped_by_the_settings(clip):
    steps = []

    class Steep(Task):
        def optimizer(self, parameters):
            return torch.optim.SGD(parameters, lr=1.0)

        def loss(self, batch):
            steps.append(weights(self.model))
            return 1000 * (self.model(batch["real"]) ** 2).mean()

    study = SimpleNamespace(build=lambda *_: nn.Linear(2, 1), task=Steep)
    with suppress(ValueError):  # without clipping the loss leaves all bounds
        train_seed(study, settings(epochs=1, clip=clip), TrainingData(numbers(64)), 0, CPU)
    moves = [float(torch.cat([(a[n] - b[n]).flatten() for n in a]).norm()) for a, b in pairwise(steps)]
    assert all(move == pytest.approx(0.1, rel=1e-3) for move in moves) == (clip is not None)


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_a_fused_optimizer_is_clipped_at_every_precision_that_scales_no_gradients(precision):
    norms = []

    class Steep(Task):
        def optimizer(self, parameters):
            found = super().optimizer(parameters)
            assert found.defaults["fused"]
            found.register_step_post_hook(lambda *_: norms.append(norm(self.model)))
            return found

        def loss(self, batch):
            return 1000 * (self.model(batch["real"]).float() ** 2).mean()

    study = SimpleNamespace(build=lambda *_: nn.Linear(2, 1), task=Steep)
    training = CPU.model_copy(update={"precision": precision})
    train_seed(study, settings(epochs=1, clip=0.25), TrainingData(numbers(64)), 0, training)
    assert len(norms) > 1
    assert norms == pytest.approx([0.25] * len(norms), rel=1e-4)


def test_networks_that_step_in_turn_are_clipped_with_bf16_too():
    norms = []

    class Steep(Adversaries):
        def optimizer(self, parameters):
            found = torch.optim.Adam(parameters, fused=True)
            each = found.param_groups[0]["params"]
            found.register_step_post_hook(
                lambda *_: norms.append(float(torch.cat([w.grad.flatten() for w in each]).norm()))
            )
            return found

        def loss_of(self, player, batch):
            return 1000 * super().loss_of(player, batch)

    study = SimpleNamespace(build=adversaries, task=Steep)
    training = CPU.model_copy(update={"precision": "bf16-mixed"})
    train_seed(study, settings(epochs=1, clip=0.25), TrainingData(numbers(64)), 0, training)
    assert norms == pytest.approx([0.25] * len(norms), rel=1e-4)
    assert len(norms) > 1


def test_scaled_gradients_that_a_fused_optimizer_is_to_step_are_not_clipped_and_it_says_so():
    task = MeanBox(nn.Linear(36, 4), settings(clip=0.5), 0)
    loop = Loop(task, 1)
    loop.trainer = SimpleNamespace(precision="16-mixed", strategy=None)
    with pytest.raises(ValueError, match=r"16-mixed scales gradients.*clip: 0\.5.*choose bf16-mixed"):
        loop.configure_gradient_clipping(task.optimizer(task.model.parameters()), 0.5)


def norm(model):
    return float(torch.cat([weight.grad.flatten() for weight in model.parameters()]).norm())

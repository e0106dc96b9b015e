"""A killed run ends as an uninterrupted one would have; the same run twice gives the same bytes."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from reprise.studies._images import ImageSettings

from reprise import training
from reprise.config import TrainingConfig
from reprise.data.batches import Batches, epoch_seed, resident
from reprise.tasks.classify import Classify
from reprise.training import TrainingData, train_seed, train_variant

CPU = TrainingConfig(accelerator="cpu", precision="32-true")

SCRIPT = '''
"""Trains a small U-Net on squares: a stand-in for a stage, quick enough to be killed often."""
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from reprise.config import TrainingConfig
from reprise.models.unet import UNet
from reprise.studies.ultrasound import UltrasoundSettings
from reprise.tasks.segment import Segment
from reprise.training import TrainingData, train_variant


def part(count, seed):
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 100, (count, 32, 32)).astype(np.uint8)
    target = np.zeros_like(image)
    for i in range(0, count, 2):
        y, x = rng.integers(4, 20, 2)
        target[i, y : y + 8, x : x + 8] = 255
    image[target > 0] += 100
    has_mask = target.any((1, 2)).astype(np.uint8)
    return {"image": image, "target": target, "has_mask": has_mask, "index": np.arange(count)}


settings = UltrasoundSettings(
    epochs=8, batch_size=8, learning_rate=1e-3, width=4, dropout=0.2, has_mask=True, rotation=5, translation=0.06,
    plateau_factor=0.5, plateau_patience=0,
)
study = SimpleNamespace(
    build=lambda *_: UNet(outputs=1, width=4, padding="same", norm=True, dropout=0.2, head_size=2),
    task=Segment,
)
data = TrainingData(part(64, 0), part(32, 1), part(32, 2))
training = TrainingConfig(accelerator="cpu", threads=2)
train_variant(study, settings, 2, lambda seed: data, training, Path(sys.argv[1]), Path(sys.argv[2]))
'''


def run(script: Path, out: Path, checkpoints: Path) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, script, out, checkpoints], stdout=subprocess.DEVNULL)


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    script = folder / "script.py"
    script.write_text(SCRIPT)
    assert run(script, folder / "out", folder / "checkpoints").wait() == 0
    assert not (folder / "checkpoints").exists()
    return script, digests(folder / "out")


@pytest.mark.parametrize("seed", [0, 1])
def test_a_run_killed_in_either_seed_resumes_and_ends_with_the_same_bytes(uninterrupted, tmp_path, seed):
    script, expected = uninterrupted
    out, checkpoints = tmp_path / "out", tmp_path / "checkpoints"
    process = run(script, out, checkpoints)
    deadline = time.monotonic() + 120
    while not list(checkpoints.glob(f"seed-{seed}-*/last.ckpt")) and time.monotonic() < deadline:
        time.sleep(0.002)
    process.kill()  # SIGKILL: no handler runs
    assert process.wait() == -9
    assert not (out / "run.json").exists()
    left = list(checkpoints.glob("seed-*/*"))
    assert any(path.name == "last.ckpt" for path in left) or any(path.name == "done.json" for path in left)
    assert run(script, out, checkpoints).wait() == 0
    assert digests(out) == expected


def test_a_checkpoint_of_other_settings_is_not_resumed(uninterrupted, tmp_path):
    script, expected = uninterrupted
    other = tmp_path / "other.py"
    other.write_text(SCRIPT.replace("dropout=0.2, has_mask", "dropout=0.3, has_mask").replace("epochs=8", "epochs=2"))
    checkpoints = tmp_path / "checkpoints"
    process = run(other, tmp_path / "a", checkpoints)
    while not list(checkpoints.glob("seed-0-*/last.ckpt")):
        time.sleep(0.002)
    process.kill()
    process.wait()
    assert run(script, tmp_path / "out", checkpoints).wait() == 0
    assert digests(tmp_path / "out") == expected


def test_every_epoch_serves_every_example_once_in_its_own_order():
    tensors = resident({"image": np.arange(64)}, "cpu")
    epoch = 0
    batches = Batches(tensors, 16, seed=3, epoch=lambda: epoch)
    orders = []
    for epoch in (0, 1, 0):  # noqa: B007  the lambda reads it
        orders.append(np.concatenate([batch["image"].numpy() for batch in batches]))
    assert all(sorted(order) == list(range(64)) for order in orders)
    assert np.array_equal(orders[0], orders[2])
    assert not np.array_equal(orders[0], orders[1])


def test_processes_share_the_examples_without_overlap():
    tensors = resident({"image": np.arange(60)}, "cpu")
    parts = [np.concatenate([b["image"] for b in Batches(tensors, 5, seed=1, rank=r, world=3)]) for r in range(3)]
    assert sorted(np.concatenate(parts)) == list(range(60))


def test_unshuffled_batches_keep_the_order_and_the_incomplete_last_one():
    batches = Batches(resident({"image": np.arange(10)}, "cpu"), 4)
    assert len(batches) == 3
    assert [batch["image"].tolist() for batch in batches] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


@pytest.mark.parametrize("arrays", [{"a": np.zeros(0)}, {"a": np.zeros(3), "b": np.zeros(2)}])
def test_batches_of_nothing_or_of_unequal_lengths_are_refused(arrays):
    with pytest.raises(ValueError, match="same number of examples"):
        Batches(resident(arrays, "cpu"), 2)


def test_epoch_seeds_do_not_collide():
    seeds = {epoch_seed(seed, epoch) for seed in range(50) for epoch in range(200)}
    assert len(seeds) == 50 * 200
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_precision_follows_the_machine_unless_it_is_named():
    from reprise.training import precision_for

    assert precision_for(TrainingConfig(precision="32-true")) == "32-true"
    assert precision_for(TrainingConfig()) in ("32-true", "bf16-mixed")


class Pictures:
    """A linear classifier on noise, as a study."""

    @staticmethod
    def build(settings, shape, structure=None):
        return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 10))

    @staticmethod
    def task(model, settings, seed):
        return Classify(model, settings, seed)


def pictures(count, seed):
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (count, 8, 8, 1)).astype(np.uint8)
    return {"image": images, "label": rng.integers(0, 10, count).astype(np.uint8), "index": np.arange(count)}


DATA = TrainingData(pictures(64, 0), pictures(32, 1), pictures(200, 2))


def settings(**more):
    return ImageSettings(epochs=6, batch_size=16, **{"learning_rate": 1e-2} | more)


def test_a_run_that_had_stopped_early_when_it_was_killed_is_not_trained_on(tmp_path, monkeypatch):
    still = settings(learning_rate=1e-30, early_stopping=1)  # nothing ever improves: two epochs of six

    def train(name):
        train_variant(Pictures, still, 1, lambda seed: DATA, CPU, tmp_path / name, tmp_path / f"{name}-kept")

    train("whole")
    with monkeypatch.context() as patch:
        patch.setattr(training, "_predict", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            train("killed")
    assert list(tmp_path.glob("killed-kept/seed-0-*/last.ckpt"))
    train("killed")
    assert digests(tmp_path / "killed") == digests(tmp_path / "whole")
    assert json.loads((tmp_path / "whole" / "run.json").read_text())["epochs"] == [2]


def test_predictions_are_float32_whatever_precision_trained():
    result = train_seed(Pictures, settings(), DATA, 0, CPU.model_copy(update={"precision": "bf16-mixed"}))
    model = Pictures.build(None, None)
    model.load_state_dict({name.removeprefix("model."): t for name, t in result.weights.items()})
    with torch.inference_mode():
        exact = model(torch.from_numpy(DATA.test["image"]).permute(0, 3, 1, 2).float() / 255).numpy()
    np.testing.assert_allclose(result.predictions["test/logits"], exact, atol=1e-5)


@pytest.mark.parametrize("level", [-0.5, 0.5])
def test_the_learning_rate_falls_where_the_loss_stands_still_be_it_negative(level):
    task = Classify(Pictures.build(None, None), settings(plateau_patience=2), 0)
    optimizer = task.configure_optimizers()
    for epoch in range(8):
        task.plateau.step(level + 1e-5 * epoch)  # a little worse every time
    assert optimizer.param_groups[0]["lr"] < 1e-2

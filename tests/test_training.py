"""A killed run ends as an uninterrupted one would have; the same run twice gives the same bytes."""

from __future__ import annotations

import csv
import hashlib
import json
import pickle
import shutil
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file

from reprise import checkpoints, training
from reprise.data.batches import Batches, epoch_seed, resident
from reprise.data.parts import TrainingData
from reprise.loop import Loop, precision_for
from reprise.runs import Run
from reprise.settings import ImageSettings, TrainingConfig
from reprise.tasks.classify import Classify
from reprise.training import train_seed, train_variant

CPU = TrainingConfig(accelerator="cpu", precision="32-true")

SCRIPT = '''
"""Trains a small U-Net on squares: a stand-in for a stage, quick enough to be killed often."""
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from reprise.data.parts import TrainingData
from reprise.models.unet import UNet
from reprise.settings import TrainingConfig
from reprise.studies.ultrasound.settings import UltrasoundSettings
from reprise.tasks.segment import Segment
from reprise.training import train_variant


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
train_variant(study, settings, range(2), lambda seed: data, training, Path(sys.argv[1]), Path(sys.argv[2]))
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
    return script, digests(folder / "out")


@pytest.mark.parametrize("seed", [0, 1])
def test_a_run_killed_in_either_seed_resumes_and_ends_with_the_same_bytes(uninterrupted, tmp_path, seed):
    script, expected = uninterrupted
    out, checkpoints = tmp_path / "out", tmp_path / "checkpoints"
    process = run(script, out, checkpoints)
    deadline = time.monotonic() + 120
    while not list(checkpoints.glob(f"seed-{seed}-*/last-*.ckpt")) and time.monotonic() < deadline:
        time.sleep(0.002)
    process.kill()  # SIGKILL: no handler runs
    assert process.wait() == -9
    assert not (out / "run.json").exists()
    left = list(checkpoints.glob("seed-*/*"))
    assert any(path.name.startswith(("last-", "done-")) for path in left)
    assert run(script, out, checkpoints).wait() == 0
    assert digests(out) == expected


def test_a_checkpoint_of_other_settings_is_not_resumed(uninterrupted, tmp_path):
    script, expected = uninterrupted
    other = tmp_path / "other.py"
    other.write_text(SCRIPT.replace("dropout=0.2, has_mask", "dropout=0.3, has_mask").replace("epochs=8", "epochs=2"))
    checkpoints = tmp_path / "checkpoints"
    process = run(other, tmp_path / "a", checkpoints)
    while not list(checkpoints.glob("seed-0-*/last-*.ckpt")):
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
    parts = [np.concatenate([b["image"] for b in Batches(tensors, 15, seed=1, rank=r, world=3)]) for r in range(3)]
    assert sorted(np.concatenate(parts)) == list(range(60))


@given(st.integers(2, 5), st.integers(1, 6), st.integers(0, 9), st.integers(0, 3))
def test_each_step_of_all_processes_holds_the_examples_of_that_step_of_one(world, batch, seed, epoch):
    tensors = resident({"index": np.arange(world * batch * 4)}, "cpu")
    alone = [part["index"].tolist() for part in Batches(tensors, world * batch, seed, lambda: epoch)]
    shares = [
        [part["index"].tolist() for part in Batches(tensors, world * batch, seed, lambda: epoch, rank, world)]
        for rank in range(world)
    ]
    assert len(alone) == 4
    for step, whole in enumerate(alone):
        together = [share[step] for share in shares]
        assert [part[place] for place in range(batch) for part in together] == whole  # dealt out in turn


def test_unshuffled_batches_keep_the_order_and_the_incomplete_last_one():
    batches = Batches(resident({"image": np.arange(10)}, "cpu"), 4)
    assert len(batches) == 3
    assert [batch["image"].tolist() for batch in batches] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


@pytest.mark.parametrize("arrays", [{"a": np.zeros(0)}, {"a": np.zeros(3), "b": np.zeros(2)}])
def test_batches_of_nothing_or_of_unequal_lengths_are_refused(arrays):
    with pytest.raises(ValueError, match="same number of examples"):
        Batches(resident(arrays, "cpu"), 2)


def test_batches_that_do_not_divide_among_the_processes_are_refused_with_both_numbers():
    tensors = resident({"a": np.zeros(9)}, "cpu")
    with pytest.raises(ValueError, match="batch_size: found 3, which does not divide among 2 processes"):
        Batches(tensors, 3, seed=0, rank=1, world=2)
    assert [len(part["a"]) for part in Batches(tensors, 20, seed=0, rank=1, world=2)] == [4]  # all that divides
    with pytest.raises(ValueError, match="at least 2"):
        Batches(resident({"a": np.zeros(1)}, "cpu"), 2, seed=0, world=2)


def test_epoch_seeds_do_not_collide():
    seeds = {epoch_seed(seed, epoch) for seed in range(50) for epoch in range(200)}
    assert len(seeds) == 50 * 200
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_precision_follows_the_machine_unless_it_is_named():
    assert precision_for(TrainingConfig(precision="32-true")) == "32-true"
    assert precision_for(TrainingConfig()) in ("32-true", "bf16-mixed")


class Pictures:
    """A linear classifier on noise, as a study."""

    @staticmethod
    def build(settings, shapes, structure=None):
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
        train_variant(Pictures, still, range(1), lambda seed: DATA, CPU, tmp_path / name, tmp_path / f"{name}-kept")

    train("whole")
    with monkeypatch.context() as patch:
        patch.setattr(training, "predict", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            train("killed")
    assert list(tmp_path.glob("killed-kept/seed-0-*/last-*.ckpt"))
    train("killed")
    assert digests(tmp_path / "killed") == digests(tmp_path / "whole")
    assert json.loads((tmp_path / "whole" / "run.json").read_text())["epochs"] == [2]


def test_predictions_are_float32_whatever_precision_trained():
    result = train_seed(Pictures, settings(), DATA, 0, CPU.model_copy(update={"precision": "bf16-mixed"}))
    model = Pictures.build(None, None)
    model.load_state_dict(result.weights)
    with torch.inference_mode():
        exact = model(torch.from_numpy(DATA.test["image"]).permute(0, 3, 1, 2).float() / 255).numpy()
    np.testing.assert_allclose(result.predictions["test/logits"], exact, atol=1e-5)


@pytest.mark.parametrize("level", [-0.5, 0.5])
def test_the_learning_rate_falls_where_the_loss_stands_still_be_it_negative(level):
    loop = Loop(Classify(Pictures.build(None, None), settings(plateau_patience=2), 0), steps=1)
    optimizer = loop.configure_optimizers()
    for epoch in range(8):
        loop.plateau.step(level + 1e-5 * epoch)  # a little worse every time
    assert optimizer.param_groups[0]["lr"] < 1e-2


@pytest.mark.skipif(torch.cuda.is_available(), reason="asks for a GPU where there is none")
@pytest.mark.parametrize(("name", "value"), [("accelerator", "gpu"), ("accelerator", "tpu"), ("strategy", "teamwork")])
def test_a_machine_without_what_was_asked_for_is_told_in_one_line(name, value):
    with pytest.raises(ValueError, match=r"^params\.yaml: training: .+$"):
        train_seed(Pictures, settings(), DATA, 0, TrainingConfig(**{"accelerator": "cpu", name: value}))


def train(folder, chosen, data=DATA, seeds=1, study=Pictures, **more):
    """Trains into ``folder / "out"`` and returns it."""
    load = data if callable(data) else lambda seed: data
    train_variant(study, chosen, range(seeds), load, CPU, folder / "out", folder / "kept", **more)
    return folder / "out"


def arrays(out):
    with np.load(out / "predictions.npz") as archive:
        return dict(archive)


class TestWhatIsKept:
    """`keeps` says which epoch's weights are written and predicted with."""

    def weights(self, tmp_path, **more):
        out = train(tmp_path, settings(learning_rate=0.5, **more))
        return load_file(out / "weights.safetensors"), arrays(out), json.loads((out / "run.json").read_text())

    def test_the_last_the_best_or_both(self, tmp_path):
        last, last_predictions, last_record = self.weights(tmp_path / "last", keeps="last")
        best, best_predictions, best_record = self.weights(tmp_path / "best", keeps="best")
        both, both_predictions, both_record = self.weights(tmp_path / "both", keeps="both")
        assert last_record["best_epoch"] == [-1]
        assert 0 <= best_record["best_epoch"][0] < 5, "the best epoch must not be the last for this to show anything"
        assert both_record["best_epoch"] == best_record["best_epoch"]
        for name, tensor in last.items():
            assert torch.equal(both[name], tensor)
            assert torch.equal(both[f"best/{name}"], best[name])
            assert not torch.equal(best[name], tensor)
        np.testing.assert_array_equal(both_predictions["test/logits"], last_predictions["test/logits"])
        np.testing.assert_array_equal(both_predictions["best/test/logits"], best_predictions["test/logits"])

    def test_the_best_by_another_measure(self, tmp_path):
        _, _, record = self.weights(tmp_path, measure="val_accuracy", better="higher")
        with (tmp_path / "out" / "history.csv").open() as stream:
            rows = list(csv.DictReader(stream))
        best = max(range(len(rows)), key=lambda i: (float(rows[i]["val_accuracy"]), -i))
        assert record["best_epoch"] == [best]

    def test_a_measure_that_the_task_does_not_give_is_named_with_those_it_gives(self, tmp_path):
        with pytest.raises(ValueError, match=r"'val_dice'.*train_loss, val_accuracy, val_loss"):
            self.weights(tmp_path, measure="val_dice")

    def test_without_validation_the_last_is_kept_and_nothing_is_watched(self, tmp_path):
        alone = TrainingData(DATA.train)
        with pytest.raises(ValueError, match=r"nothing to validate on.*keeps: last"):
            train(tmp_path / "a", settings(), alone)
        out = train(tmp_path / "b", settings(keeps="last"), alone)
        assert set(arrays(out)) == {"train/index"}
        assert (out / "history.csv").read_text().startswith("seed,epoch,learning_rate,train_loss\n")

    def test_a_measure_that_is_never_finite_says_that_training_diverged(self, tmp_path):
        class Broken(Classify):
            def validate(self, batch):
                return {"val_loss": (torch.tensor(float("nan")), 1)}

        study = SimpleNamespace(build=Pictures.build, task=Broken)
        with pytest.raises(ValueError, match=r"val_loss was not finite in any of 6 epochs: .*learning rate"):
            train(tmp_path, settings(), study=study)


def test_a_rate_that_decays_linearly_ends_at_nearly_nothing(tmp_path):
    out = train(tmp_path, settings(decay="linear"))
    with (out / "history.csv").open() as stream:
        rates = [float(row["learning_rate"]) for row in csv.DictReader(stream)]
    steps = 4  # 64 images in batches of 16: what is written is the rate of an epoch's last step
    assert rates == pytest.approx([1e-2 * (1 - (epoch + (steps - 1) / steps) / 6) for epoch in range(6)])


class TestSeeds:
    """All seeds of a variant are written as one array."""

    def test_each_keeps_its_own_examples_and_labels(self, tmp_path):
        def load(seed):
            return TrainingData(pictures(64, seed), pictures(32, seed + 10), shifted(pictures(20, seed + 20), seed))

        def shifted(part, seed):
            return part | {"index": part["index"] + 100 * seed}

        out = train(tmp_path, settings(), load, seeds=2)
        found = arrays(out)
        np.testing.assert_array_equal(found["test/index"], [np.arange(20), np.arange(100, 120)])
        np.testing.assert_array_equal(found["test/label"], [pictures(20, 20)["label"], pictures(20, 21)["label"]])
        run = Run("variant", (out,))
        with pytest.raises(ValueError, match="test/index differs between seeds"):
            run.common("test/index")
        assert run.common("train/index").tolist() == list(range(64))

    @pytest.mark.parametrize(
        ("other", "message"),
        [
            (lambda: TrainingData(pictures(64, 0), DATA.validation, pictures(19, 0)), r"test/image: \(200.* and \(19"),
            (lambda: TrainingData(pictures(64, 0), DATA.validation), r"test/image: \(200.*nothing for a later"),
            (
                lambda: TrainingData(
                    DATA.train | {"label": DATA.train["label"].astype(int)}, DATA.validation, DATA.test
                ),
                r"train/label: \(64,\) uint8 .*int64",
            ),
        ],
    )
    def test_data_that_differ_in_kind_are_refused_before_the_second_is_trained(self, tmp_path, other, message):
        with pytest.raises(ValueError, match=message):
            train(tmp_path, settings(), lambda seed: DATA if seed == 0 else other(), seeds=2)
        assert not (tmp_path / "out").exists()


class TestDamage:
    """A checkpoint that is not what was written is named, put aside, and its seed trained again."""

    @pytest.fixture(scope="class")
    def left(self, tmp_path_factory):
        """What a run of two seeds leaves when it is cut in the second, and the bytes that it should end with."""
        folder = tmp_path_factory.mktemp("left")
        whole = digests(train(folder / "whole", settings(), seeds=2))

        class Cut(Classify):
            def measures(self):
                if self.seed == 1 and list((folder / "kept").glob("seed-1-*/last-*.ckpt")):
                    raise RuntimeError("cut")
                return {}

        with pytest.raises(RuntimeError, match="cut"):
            train(folder, settings(), seeds=2, study=SimpleNamespace(build=Pictures.build, task=Cut))
        assert list(folder.glob("kept/seed-0-*/done-*.safetensors"))
        return folder, whole

    @pytest.fixture
    def again(self, left, tmp_path):
        folder, whole = left
        shutil.copytree(folder / "kept", tmp_path / "kept")

        def run():
            assert digests(train(tmp_path, settings(), seeds=2)) == whole

        return tmp_path, run

    def flip(self, path):
        content = bytearray(path.read_bytes())
        content[len(content) * 2 // 3] ^= 1
        path.write_bytes(content)

    @pytest.mark.parametrize("pattern", ["seed-1-*/last-*.ckpt", "seed-0-*/done-*.safetensors"])
    @pytest.mark.parametrize("damage", ["flip", "cut", "empty", "foreign"])
    def test_it_is_told_by_name_and_changes_nothing(self, again, capsys, pattern, damage):
        folder, run = again
        (path,) = folder.glob(f"kept/{pattern}")
        if damage == "flip":
            self.flip(path)
        else:
            content = {"cut": path.read_bytes()[:-100], "empty": b"", "foreign": b"PK\x03\x04 another's"}[damage]
            path.write_bytes(content)
        run()
        told = capsys.readouterr().err
        assert str(path) in told
        assert "trained again" in told

    def test_undamaged_checkpoints_are_gone_on_from_in_silence(self, again, capsys):
        again[1]()
        assert capsys.readouterr().err == ""

    def test_a_planted_pickle_runs_nothing(self, again, tmp_path, capsys):
        folder, run = again

        class Planted:
            def __reduce__(self):
                return (Path.touch, (tmp_path / "planted",))

        (path,) = folder.glob("kept/seed-1-*/last-*.ckpt")
        torch.save({"state_dict": Planted()}, path)
        run()
        assert not (tmp_path / "planted").exists()
        assert str(path) in capsys.readouterr().err

    def test_a_checkpoint_is_read_without_running_code_even_where_its_digest_is_right(self, again, tmp_path):
        folder, run = again

        class Planted:
            def __reduce__(self):
                return (Path.touch, (tmp_path / "planted",))

        (path,) = folder.glob("kept/seed-1-*/last-*.ckpt")
        checkpoints.save(path.parent, "last", ".ckpt", lambda file: torch.save({"state_dict": Planted()}, file))
        with pytest.raises(pickle.UnpicklingError, match="Weights only load failed"):
            run()
        assert not (tmp_path / "planted").exists()

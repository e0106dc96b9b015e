"""Two processes that train one network together end as one process does, resume after a kill, and write once."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from tests.test_training import digests
from torch import nn

from reprise import checkpoints, training
from reprise.data.parts import TrainingData
from reprise.settings import Settings, TrainingConfig
from reprise.tasks.task import Task

SCRIPT = '''
"""Trains two seeds of a small network without anything random inside, on as many processes as are asked for."""
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from reprise.data.parts import TrainingData
from reprise.settings import ImageSettings, TrainingConfig
from reprise.tasks.classify import Classify
from reprise.training import train_variant
from torch import nn


def part(count, seed):
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 256, (count, 8, 8, 1)).astype(np.uint8)
    return {"image": image, "label": (image.mean((1, 2, 3)) > 127).astype(np.int64), "index": np.arange(count)}


class Flat(nn.Sequential):
    def forward(self, x):
        return super().forward(x.flatten(1))


out, kept, devices, epochs = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
settings = ImageSettings(epochs=epochs, batch_size=16, learning_rate=1e-3, clip=1.0, plateau_patience=1, keeps="both")
study = SimpleNamespace(build=lambda *_: Flat(nn.Linear(64, 32), nn.Tanh(), nn.Linear(32, 2)), task=Classify)
data = TrainingData(part(256, 0), part(64, 1), part(64, 2))
training = TrainingConfig(
    accelerator="cpu", precision="32-true", devices=devices, strategy="ddp" if devices > 1 else "auto"
)
train_variant(study, settings, range(2), lambda seed: data, training, out, kept)
'''


@pytest.fixture(scope="module")
def script(tmp_path_factory):
    path = tmp_path_factory.mktemp("script") / "script.py"
    path.write_text(SCRIPT)
    return path


def start(script: Path, folder: Path, devices: int, epochs: int = 4) -> subprocess.Popen:
    environment = {name: value for name, value in os.environ.items() if name != "LOCAL_RANK"}
    command = [sys.executable, script, folder / "out", folder / "kept", str(devices), str(epochs)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, start_new_session=True)


def processes_of(group: int) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, IndexError, ValueError):
            state, _, of = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
            if int(of) == group and state != "Z":
                found.append(int(entry.name))
    return found


@pytest.mark.timeout(300)
def test_two_processes_measure_and_predict_what_one_does(script, tmp_path):
    for devices in (1, 2):
        assert start(script, tmp_path / str(devices), devices).wait() == 0
    rows = [list(csv.reader((tmp_path / each / "out/history.csv").open())) for each in "12"]
    assert rows[0][0] == rows[1][0]
    alone, together = (np.array(each[1:], float) for each in rows)
    assert len(alone) == 8
    np.testing.assert_allclose(together, alone, rtol=1e-4, atol=1e-6)
    alone, together = (np.load(tmp_path / each / "out/predictions.npz") for each in "12")
    assert sorted(alone.files) == sorted(together.files)
    for name in alone.files:
        np.testing.assert_allclose(together[name], alone[name], rtol=1e-3, atol=1e-4)


@pytest.mark.timeout(300)
def test_killed_on_the_way_two_processes_leave_none_behind_and_end_with_the_same_bytes(script, tmp_path):
    assert start(script, tmp_path / "whole", 2, epochs=30).wait() == 0
    killed = tmp_path / "killed"
    process = start(script, killed, 2, epochs=30)
    deadline = time.monotonic() + 120
    while not list(killed.glob("kept/seed-1-*/last-*.ckpt")):  # in the second seed
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.005)
    assert len(processes_of(process.pid)) >= 2
    process.send_signal(signal.SIGKILL)
    process.wait()
    while processes_of(process.pid):  # the other one ends by itself, since it is alone
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert not (killed / "out").exists()
    assert start(script, killed, 2, epochs=30).wait() == 0
    assert digests(killed / "out") == digests(tmp_path / "whole/out")


def test_a_process_that_is_not_the_first_puts_nothing_aside(tmp_path, monkeypatch, capsys):
    path = tmp_path / "last-0123.ckpt"
    path.write_bytes(b"damaged")
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert checkpoints.find(tmp_path, "last", ".ckpt") is None
    assert path.exists()
    monkeypatch.setenv("LOCAL_RANK", "0")
    assert checkpoints.find(tmp_path, "last", ".ckpt") is None
    assert not path.exists()
    assert capsys.readouterr().err.count("put aside") == 1


def test_networks_that_step_in_turn_are_refused_where_several_processes_train(monkeypatch):
    class Pair(Task):
        def players(self):
            return {"one": self.model}

    monkeypatch.setattr(training, "trainer_for", lambda *_, **__: SimpleNamespace(world_size=2))
    study = SimpleNamespace(build=lambda *_: nn.Linear(1, 1), task=Pair)
    data = TrainingData({"x": np.zeros((4, 1), np.float32)})
    settings = Settings(epochs=1, batch_size=2, learning_rate=0.1, keeps="last")
    with pytest.raises(ValueError, match=r"step in turn train in one process; set it to 1"):
        training.train_seed(study, settings, data, 0, TrainingConfig(devices=2))
    assert torch.is_grad_enabled()

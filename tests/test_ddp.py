"""Two processes (gloo) train as one does: the same examples in the same steps, the same network but for rounding."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load_file

from reprise.data.batches import Batches, resident
from reprise.files import read_json, read_npz

TOLERANCE = 1e-5  # of weights: two means of 8 gradients, averaged, round otherwise than a mean of 16
# script.py OUT KEPT PROCESSES; each process takes its share of 16 examples a step
SCRIPT = """
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from torch import nn
from reprise.data.parts import TrainingData
from reprise.settings import ImageSettings, TrainingConfig
from reprise.tasks.classify import Classify
from reprise.training import train_variant


def part(count, seed):
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 256, (count, 8, 8, 1)).astype(np.uint8)
    label = (image[:, :4].mean((1, 2, 3)) > image[:, 4:].mean((1, 2, 3))).astype(np.int64)
    return {"image": image, "label": label, "index": np.arange(count)}


out, kept, processes = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
settings = ImageSettings(epochs=8, batch_size=16 // processes, learning_rate=1e-2, keeps="last")
study = SimpleNamespace(
    build=lambda *_: nn.Sequential(nn.Flatten(), nn.Linear(64, 16), nn.Tanh(), nn.Linear(16, 2)), task=Classify
)
more = {"devices": 2, "strategy": "ddp"} if processes == 2 else {}
training = TrainingConfig(accelerator="cpu", precision="32-true", **more)
data = TrainingData(part(256, 0), part(64, 1), part(64, 2))
train_variant(study, settings, range(1), lambda seed: data, training, out, kept)
"""


@given(st.integers(2, 5), st.integers(1, 6), st.integers(0, 9), st.integers(0, 3))
def test_each_step_of_all_processes_holds_the_examples_of_that_step_of_one(world, batch, seed, epoch):
    tensors = resident({"index": np.arange(world * batch * 4)}, "cpu")
    alone = [part["index"].tolist() for part in Batches(tensors, world * batch, seed, lambda: epoch)]
    shares = [
        [part["index"].tolist() for part in Batches(tensors, batch, seed, lambda: epoch, rank, world)]
        for rank in range(world)
    ]
    assert len(alone) == 4
    for step, whole in enumerate(alone):
        together = [share[step] for share in shares]
        assert [part[place] for place in range(batch) for part in together] == whole  # dealt out in turn


def start(folder: Path, name: str, processes: int) -> subprocess.Popen[str]:
    script = folder / "script.py"
    script.write_text(SCRIPT)
    command = [sys.executable, str(script), str(folder / name), str(folder / f"{name}-kept"), str(processes)]
    environment = os.environ | {"CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment, start_new_session=True)


def ended(run: subprocess.Popen[str]) -> None:
    said = run.communicate(timeout=500)[1]
    assert run.returncode == 0, said[-3000:]


@pytest.fixture(scope="module")
def two(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("two")
    ended(start(folder, "out", 2))
    return folder / "out"


def arrays(out: Path) -> dict[str, np.ndarray]:
    with read_npz(out / "predictions.npz") as found:
        return {name: found[name] for name in found.files}


def network(out: Path) -> dict[str, np.ndarray]:
    (path,) = out.glob("*.safetensors")
    return load_file(path)


def test_two_processes_end_with_the_network_and_the_metrics_of_one(two, tmp_path):
    ended(start(tmp_path, "out", 1))
    one, other = network(tmp_path / "out"), network(two)
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_allclose(other[name], one[name], atol=TOLERANCE, err_msg=name)
    said, found = arrays(tmp_path / "out"), arrays(two)
    logits = [name for name in said if name.endswith("logits")]
    assert logits
    for name in logits:
        np.testing.assert_allclose(found[name], said[name], atol=100 * TOLERANCE)
        assert (found[name].argmax(-1) == said[name].argmax(-1)).mean() > 0.99
    assert read_json(two / "run.json")["epochs"] == [8]


def test_two_processes_that_were_killed_go_on_and_end_with_the_same_bytes(two, tmp_path):
    run = start(tmp_path, "out", 2)
    deadline = time.monotonic() + 300
    while not list((tmp_path / "out-kept").glob("seed-0-*/last-*.ckpt")):
        assert time.monotonic() < deadline
        assert run.poll() is None
        time.sleep(0.01)
    for each in [psutil.Process(run.pid), *psutil.Process(run.pid).children(recursive=True)]:
        each.send_signal(signal.SIGKILL)
    run.communicate()
    assert not (tmp_path / "out" / "run.json").exists()
    ended(start(tmp_path, "out", 2))
    for name in ("predictions.npz", "history.csv", "run.json", *(path.name for path in two.glob("*.safetensors"))):
        assert (tmp_path / "out" / name).read_bytes() == (two / name).read_bytes(), name

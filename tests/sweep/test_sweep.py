"""The public function: one tidy table, whatever the engine; killed sweeps go on; what does not fit is refused."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from reprise.sweep import Network, grid, run, sweep
from reprise.sweep.alone import train_alone
from reprise.sweep.work import Work

NUMBERS = ("learning_rate", "dropout", "seed", "step", "loss", "accuracy", "test_loss", "test_accuracy", "diverged")


def build():
    return nn.Sequential(nn.Linear(6, 10), nn.ReLU(), nn.Dropout(0.2), nn.Linear(10, 3))


def examples(n, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, 6)).astype(np.float32)
    return torch.from_numpy(x), torch.from_numpy(x[:, :3].argmax(axis=1))


NETWORKS = grid(["sgd", "adam"], [0.01, 0.1], range(2), [0.0, 0.5])


def test_a_grid_holds_every_combination():
    assert len(NETWORKS) == 16
    assert len(set(NETWORKS)) == 16
    assert NETWORKS[1] == Network("sgd", 0.01, 1, 0.0)


@pytest.mark.parametrize("engine", ["alone", "stacked"])
def test_the_table_is_tidy_and_something_is_learned(engine):
    table = sweep(build, examples(200), NETWORKS, test=examples(100, 1), epochs=4, readings=5, engine=engine, workers=1)
    assert set(table) == {"optimizer", *NUMBERS}
    assert {len(column) for column in table.values()} == {16 * 5}
    assert table["step"][:5].tolist() == [20, 40, 60, 80, 100]
    assert table["optimizer"][::5].tolist() == [network.optimizer for network in NETWORKS]
    assert table["learning_rate"][::5].tolist() == [network.learning_rate for network in NETWORKS]
    best = (table["step"] == 100) & (table["learning_rate"] == 0.1) & (table["dropout"] == 0)
    assert table["test_accuracy"][best].min() > 0.8
    assert (table["test_accuracy"] <= 1).all()


def test_engines_processes_and_chunks_give_the_same_table():
    settings = {"test": examples(40, 1), "steps": 12, "readings": 3}
    tables = [
        sweep(build, examples(100), NETWORKS, **settings, **way)
        for way in (
            {"engine": "alone", "workers": 1},
            {"engine": "alone", "workers": 2},
            {"engine": "stacked"},
            {"engine": "stacked", "chunk": 3},
        )
    ]
    for column in NUMBERS:
        assert np.array_equal(tables[0][column], tables[1][column])  # to the byte
        for other in tables[2:]:
            np.testing.assert_allclose(tables[0][column], other[column], rtol=1e-4)


@pytest.mark.parametrize("engine", ["alone", "stacked"])
def test_products_in_bfloat16_are_rounded_and_learn_as_well(engine):
    settings = {"test": examples(400, 1), "epochs": 8, "readings": 4, "engine": engine, "workers": 1}
    networks = grid(["sgd", "adam"], [0.03], range(4), [0.2])
    exact, rounded = (sweep(build, examples(400), networks, precision=p, **settings) for p in ("float32", "bfloat16"))
    assert exact["loss"].dtype == rounded["loss"].dtype
    assert not np.array_equal(exact["loss"], rounded["loss"])
    np.testing.assert_allclose(exact["loss"], rounded["loss"], rtol=0.05)
    last = exact["step"] == exact["step"].max()
    assert abs(exact["test_accuracy"][last].mean() - rounded["test_accuracy"][last].mean()) < 0.02
    assert rounded["test_accuracy"][last].min() > 0.7


def test_parameters_stay_float32_and_the_precision_is_part_of_what_is_kept():
    work = Work(build, examples(100), None, 8, 12, (12,), precision="bfloat16")
    _, model = train_alone(work, NETWORKS[0])
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    assert work.digest != replace(work, precision="float32").digest


def test_a_user_s_own_loss_and_targets():
    x = torch.linspace(-1, 1, 64)[:, None]
    table = sweep(
        lambda: nn.Sequential(nn.Linear(1, 8), nn.Tanh(), nn.Linear(8, 1)),
        (x, x**2),
        grid(["adam"], [0.03]),
        loss=nn.functional.mse_loss,
        epochs=40,
        engine="stacked",
    )
    assert table["loss"][-1] < 0.01
    assert np.isnan(table["accuracy"]).all()  # no classes, so there is none
    assert np.isnan(table["test_loss"]).all()


def test_finished_networks_are_kept_and_count_for_the_same_sweep_only(tmp_path, monkeypatch):
    settings = {"test": examples(40, 1), "steps": 12, "readings": 3, "workers": 1, "engine": "alone"}
    first = sweep(build, examples(100), NETWORKS, folder=tmp_path, **settings)
    trained = []
    monkeypatch.setattr(run, "train_alone", lambda work, network: trained.append(network))
    again = sweep(build, examples(100), NETWORKS, folder=tmp_path, **settings)
    assert trained == []
    for column in NUMBERS:
        assert np.array_equal(first[column], again[column], equal_nan=True)
    for change in ({"steps": 13}, {"options": {"adam": {"eps": 0.1}}}, {"test": examples(41, 1)}):
        with pytest.raises(TypeError):  # the stand-in for training gives nothing
            sweep(build, examples(100), NETWORKS, folder=tmp_path, **settings | change)
    assert len(trained) == 3


@pytest.mark.parametrize("content", ["", "{}", '{"steps": [4, 8, 12], "read": [[1]], "diverged": 0}', "\x00"])
def test_a_damaged_part_is_trained_again(tmp_path, content):
    settings = {"steps": 12, "readings": 3, "workers": 1, "folder": tmp_path, "engine": "alone"}
    first = sweep(build, examples(100), NETWORKS[:2], **settings)
    part = next(tmp_path.rglob("*.json"))
    part.write_text(content)
    again = sweep(build, examples(100), NETWORKS[:2], **settings)
    assert np.array_equal(first["loss"], again["loss"])


KILLED = """
import sys, torch
sys.path.insert(0, {tests!r})
from test_sweep import build, examples, NETWORKS
from reprise.sweep import sweep
settings = dict(steps=400, readings=3, engine="alone")
sweep(build, examples(100), NETWORKS, folder={folder!r}, workers={workers}, **settings)
"""


@pytest.mark.parametrize("workers", [1, 2])
def test_a_killed_sweep_goes_on_and_ends_with_the_same_table(tmp_path, workers):
    code = KILLED.format(tests=os.path.dirname(__file__), folder=str(tmp_path / "a"), workers=workers)
    killed = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, start_new_session=True)
    while len(list(tmp_path.rglob("*.json"))) < 3 and killed.poll() is None:
        time.sleep(0.02)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    before = len(list(tmp_path.rglob("*.json")))
    assert 3 <= before <= 16
    done = []
    table = sweep(
        build,
        examples(100),
        NETWORKS,
        steps=400,
        readings=3,
        folder=tmp_path / "a",
        workers=1,
        engine="alone",
        progress=lambda n, of: done.append((n, of)),
    )
    assert done == [(n, 16) for n in range(before + 1, 17)]
    whole = sweep(build, examples(100), NETWORKS, steps=400, readings=3, workers=1, engine="alone")
    assert np.array_equal(whole["loss"], table["loss"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"networks": []}, "no networks"),
        ({"epochs": 1, "steps": 2}, "give one of them"),
        ({"batch_size": 0}, "batch_size=0"),
        ({"batch_size": 101}, "batch_size=101: expected 1 to 100"),
        ({"steps": 0}, "readings"),
        ({"readings": 0}, "readings=0"),
        ({"options": {"adma": {}}}, "no optimizer adma"),
        ({"options": {"adam": {"rho": 1.0}}}, "Adam has no option rho"),
        ({"build": nn.ReLU}, "without parameters"),
        ({"precision": "float16"}, "precision='float16': expected one of float32, bfloat16"),
        ({"test": (torch.zeros(3, 6), torch.zeros(2))}, "test: 3 inputs and 2 targets"),
    ],
)
def test_what_does_not_fit_is_refused(change, message):
    settings = {"build": build, "train": examples(100), "networks": NETWORKS} | change
    with pytest.raises(ValueError, match=message):
        sweep(**settings)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (("adma", 0.1), "did you mean 'adam'"),
        (("adam", 0.0), "learning rate"),
        (("adam", float("nan")), "learning rate"),
        (("adam", 0.1, -1), "seed"),
        (("adam", 0.1, 0, 1.0), "dropout"),
    ],
)
def test_a_network_that_cannot_be_is_refused(values, message):
    with pytest.raises(ValueError, match=message):
        Network(*values)


def test_torch_s_own_generator_is_left_as_it_was():
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    sweep(build, examples(30), NETWORKS[:3], steps=2, workers=1)
    assert torch.equal(torch.rand(2), expected)

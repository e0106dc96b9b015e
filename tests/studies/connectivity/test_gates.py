"""Gates are read where they are written: merge by merge in the history, seed by seed in the weights."""

from __future__ import annotations

import numpy as np
import pytest
from safetensors.numpy import save_file

from reprise.files import write_json, write_text
from reprise.models.connected import ConnectedNet
from reprise.runs import Run
from reprise.studies.connectivity.gates import MERGES, final_gates, kept_connections, stored_gates


def test_the_gates_counted_are_those_of_the_network():
    gates = ConnectedNet(width=2, hidden=4).gates()
    assert [(i, j) for i, row in enumerate(gates) for j in row] == MERGES


def test_final_gates_are_those_of_each_seeds_last_epoch(tmp_path):
    names = [f"gate_{i}_{j}" for i, j in MERGES]
    lines = [",".join(["seed", "epoch", *reversed(names)])]
    for seed, epochs in ((0, 3), (1, 2)):
        for epoch in range(epochs):
            values = [100 * seed + 10 * epoch + k / 100 for k in range(len(names))]
            lines.append(",".join(map(str, [seed, epoch, *reversed(values)])))
    write_text(tmp_path / "history.csv", "\n".join(lines) + "\n")
    gates = final_gates(Run("concat", (tmp_path,)))
    assert gates == pytest.approx(np.array([[20 + k / 100 for k in range(44)], [110 + k / 100 for k in range(44)]]))


def test_kept_connections_are_those_the_networks_were_built_with(tmp_path):
    rows = [[[(i + j + seed) % 2 == 0 for j in range(i + 2)] for i in range(8)] for seed in (0, 1)]
    write_json(tmp_path / "run.json", {"structure": rows})
    kept = kept_connections(Run("pruned", (tmp_path,)))
    assert kept.shape == (2, 44)
    assert (kept[0] != kept[1]).all()
    assert [bool(each) for each in kept[0]] == [(i + j) % 2 == 0 for i, j in MERGES]


def test_stored_gates_are_the_sigmoid_of_every_seeds_kept_weights(tmp_path):
    weights = {
        "seed0/connections.0.weights": np.array([0.0, 1.0], np.float32),
        "seed1/connections.0.weights": np.array([-1.0, 2.0], np.float32),
        "seed0/dense.weight": np.ones((2, 2), np.float32),
        "best/seed0/connections.0.weights": np.array([9.0, 9.0], np.float32),  # not what the settings keep
    }
    save_file(weights, tmp_path / "weights.safetensors")
    found = stored_gates(Run("concat", (tmp_path,)))
    assert found == pytest.approx(1 / (1 + np.exp(-np.array([0.0, 1.0, -1.0, 2.0]))))


def test_stored_gates_are_those_of_every_block_of_seeds(tmp_path):
    folders = []
    for first, raw in ((0, 0.0), (8, 1.0)):
        folders.append(tmp_path / f"from-{first}")
        folders[-1].mkdir()
        weights = {f"seed{first}/connections.0.weights": np.array([raw], np.float32)}
        save_file(weights, folders[-1] / "weights.safetensors")
    assert stored_gates(Run("concat", tuple(folders))) == pytest.approx(1 / (1 + np.exp(-np.array([0.0, 1.0]))))

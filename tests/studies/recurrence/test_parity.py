"""The comparison with PyTorch sees what is wrong."""

from __future__ import annotations

import numpy as np

from reprise.studies.recurrence import parity
from reprise.studies.recurrence.lesson.cells import CELLS, LSTM


def test_all_three_cells_agree_in_one_layer_and_in_two():
    for cell in CELLS.values():
        for depth in (1, 2):
            assert parity.gap_to_torch(cell, depth, 2) < 1e-10


def test_a_cell_whose_gates_stand_in_another_order_is_told(monkeypatch):
    step = LSTM.step

    def swapped(a, r, state):
        i, f, g, o = np.split(a, 4, axis=-1)
        return step(np.concatenate((f, i, g, o), axis=-1), r, state)

    monkeypatch.setattr(LSTM, "step", staticmethod(swapped))
    assert parity.finding(139, LSTM, 2).verdict == "contradicted"


def test_a_gradient_without_one_gate_is_told(monkeypatch):
    back = LSTM.back

    def silent(cache, d_state):
        a, r, direct = back(cache, d_state)
        a[..., -1] = 0
        return a, r, direct

    assert parity.finding(139, LSTM, 2).verdict == "reproduced"
    monkeypatch.setattr(LSTM, "back", staticmethod(silent))
    assert parity.finding(139, LSTM, 2).verdict == "contradicted"

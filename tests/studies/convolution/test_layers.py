"""Claims 106-108: the modes of padding, and the source's layer by the numbers it prints."""

from __future__ import annotations

import numpy as np

from reprise.studies.convolution import layers
from reprise.studies.convolution.comparison import Gaps, Sizes
from reprise.studies.convolution.published import GLOBAL, LAYER, POOLING, written


def some(plain_right, paddings):
    yes = np.ones(len(paddings), bool)
    return Sizes(yes * 1, np.array(paddings), yes, np.array(plain_right), yes, yes, yes)


NO_GAPS = Gaps(np.zeros(3), np.zeros(3), np.zeros(3))


def test_the_sources_examples_are_read_as_printed():
    assert [written(LAYER[part]) for part in ("image", "output")] == ["32×32×3", "32×32×10"]
    assert [written(POOLING[part]) for part in ("image", "output")] == ["8×8×10", "4×4×10"]
    assert [written(GLOBAL[part]) for part in ("image", "output")] == ["100×100×3", "1×1×3"]
    assert LAYER["filters"] == {"size": 5, "channels": 10, "stride": 1, "padding": 2}


def test_the_layer_has_the_shape_that_the_source_says():
    layer = layers.example_layer()
    assert layer.shape == (1, 10, 32, 32)
    assert layer[0, 0, 16, 16] == 3 * 5 * 5
    assert layer[0, 0, 0, 0] == 3 * 3 * 3  # two rows and two columns of zeros


def test_only_padded_layers_are_judged_by_the_formula_without_padding():
    found = layers.findings(NO_GAPS, some([False, True, True, False], [0, 0, 1, 1]))
    plain = found[1]
    assert (plain.effect.value, plain.effect.n, plain.verdict) == (0.5, 2, "contradicted")
    assert found[2].effect.value == 28


def test_sixty_layers_of_three_modes_are_right_and_a_wrong_mode_is_seen(monkeypatch):
    assert sum(layers.modes_right()) == 60
    monkeypatch.setattr(layers, "padding_for", lambda mode, kernel: kernel // 2)
    assert 20 <= sum(layers.modes_right()) < 60
    modes = layers.findings(NO_GAPS, some([True], [1]))[4]
    assert modes.verdict == "contradicted"


def test_a_gap_in_values_contradicts_the_weighted_sum():
    gaps = Gaps(np.array([0.0, 1e-3]), np.zeros(2), np.zeros(2))
    assert layers.findings(gaps, some([True], [1]))[0].verdict == "contradicted"

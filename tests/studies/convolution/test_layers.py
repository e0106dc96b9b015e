"""Claims 106-108: the modes of padding, and the source's layer by the numbers it prints."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from reprise.evaluation import declarations
from reprise.studies.convolution import layers
from reprise.studies.convolution.comparison import Gaps, Sizes
from reprise.studies.convolution.published import GLOBAL, LAYER, POOLING, written


def some(plain_right, paddings):
    yes = np.ones(len(paddings), bool)
    return Sizes(yes * 1, np.array(paddings), yes, yes, yes, np.array(plain_right), yes, yes, yes)


DECLARED = declarations("convolution")
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


def found(gaps, sizes):
    return layers.findings(DECLARED, gaps, sizes)


def primaries(gaps, sizes):
    return {finding.claim: finding for finding in found(gaps, sizes) if finding.kind == "primary"}


def test_with_the_padded_input_the_formula_decides_and_as_printed_it_is_a_slip():
    sizes = some([False, True, True, False], [0, 0, 1, 1])
    assert (primaries(NO_GAPS, sizes)[107].effect.n, primaries(NO_GAPS, sizes)[107].verdict) == (2, "reproduced")
    every, ours, slip, printed = found(NO_GAPS, sizes)[2:6]
    assert [finding.kind for finding in (every, ours)] == ["context", "oracle"]
    assert (slip.kind, slip.effect.value, slip.verdict) == ("slip", 28, "contradicted")
    assert (printed.effect.value, printed.kind) == (0.5, "context")


def test_a_padded_layer_of_another_size_contradicts_the_formula():
    sizes = some([True] * 3, [0, 1, 1])
    wrong = replace(sizes, padded_right=np.array([True, True, False]))
    assert primaries(NO_GAPS, wrong)[107].verdict == "contradicted"
    unpadded = replace(sizes, padded_right=np.array([False, True, True]))
    assert primaries(NO_GAPS, unpadded)[107].verdict == "reproduced"


def test_a_size_that_is_a_fraction_is_no_size_and_stands_beside_those_that_are_right_or_wrong():
    sizes = some([False] * 3, [1, 1, 1])
    left_over = replace(sizes, padded_right=np.array([True, True, False]), whole=np.array([True, True, False]))
    primary, every = [f for f in found(NO_GAPS, left_over) if f.claim == 107][:2]
    assert (primary.effect.value, primary.effect.n, primary.verdict) == (1, 2, "reproduced")
    assert (every.effect.value, every.effect.n) == (2 / 3, 3)
    wrong = replace(left_over, padded_right=np.array([True, False, False]))
    assert primaries(NO_GAPS, wrong)[107].verdict == "contradicted"


def test_sixty_layers_of_three_modes_are_right_and_a_wrong_mode_is_seen(monkeypatch):
    assert sum(layers.modes_right()) == 60
    monkeypatch.setattr(layers, "padding_for", lambda mode, kernel: kernel // 2)
    assert 20 <= sum(layers.modes_right()) < 60
    modes = found(NO_GAPS, some([True], [1]))[6]
    assert modes.verdict == "contradicted"


def test_a_gap_in_values_contradicts_the_weighted_sum():
    gaps = Gaps(np.array([0.0, 1e-3]), np.zeros(2), np.zeros(2))
    assert primaries(gaps, some([True], [1]))[106].verdict == "contradicted"


def test_a_layer_of_another_depth_contradicts_the_example(monkeypatch):
    assert primaries(NO_GAPS, some([True], [1]))[108].verdict == "reproduced"
    monkeypatch.setattr(layers, "example_layer", lambda: np.zeros((1, 11, 32, 32)))
    assert primaries(NO_GAPS, some([True], [1]))[108].verdict == "contradicted"

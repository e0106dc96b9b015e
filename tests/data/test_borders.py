"""The weight map equals its equation, asked pixel by pixel, and gaps are carved between cells that touch alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from reprise.data.borders import border_weights, carved, class_weights
from reprise.metrics.instances import components

CELLS = hnp.arrays(np.int32, (8, 9), elements=st.sampled_from([0, 0, 0, 1, 2, 5]))


@given(CELLS, st.sampled_from([0.5, 2.0, 5.0]))
def test_it_is_the_papers_equation_at_every_background_pixel(cells, sigma):
    found = border_weights(cells, 10, sigma)
    places = [np.argwhere(cells == number) for number in np.unique(cells) if number]
    for pixel in np.ndindex(cells.shape):
        distances = sorted(np.hypot(*(place - pixel).T).min() for place in places)
        expected = 0.0
        if cells[pixel] == 0 and len(distances) > 1:
            expected = 10 * np.exp(-((distances[0] + distances[1]) ** 2) / (2 * sigma**2))
        assert found[pixel] == pytest.approx(expected, abs=1e-6)


def test_a_gap_of_a_pixel_between_two_cells_weighs_nearly_w0_and_the_outside_nothing():
    cells = np.zeros((60, 61), np.int32)
    cells[20:40, 20:30], cells[20:40, 31:41] = 1, 2
    weights = border_weights(cells)
    assert weights[30, 30] == pytest.approx(10 * np.exp(-4 / 50))
    assert weights[30, 5] < 1e-3
    assert border_weights((cells == 1).astype(np.int32)).max() == 0
    assert border_weights(np.zeros((3, 3), np.int32)).max() == 0


def test_touching_cells_are_two_regions_once_carved_and_lonely_ones_stay_whole():
    cells = np.zeros((10, 24), np.int32)
    cells[2:8, 2:8], cells[2:8, 8:14], cells[2:8, 17:22] = 1, 2, 3
    assert components(cells > 0).max() == 2
    inside = carved(cells)
    assert components(inside).max() == 3
    assert (inside[:, 17:] == (cells[:, 17:] > 0)).all()
    assert inside.sum() == (cells > 0).sum() - 2 * 6
    np.testing.assert_array_equal(carved(cells, 0), cells > 0)


@given(CELLS)
def test_no_two_cells_touch_once_carved(cells):
    inside = carved(cells)
    assert not (inside & (cells == 0)).any()
    for row, column in np.argwhere(inside):
        around = cells[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2]
        assert set(around[around > 0].tolist()) == {cells[row, column]}


def test_class_weights_give_both_classes_half():
    inside = np.zeros((2, 5, 5), bool)
    inside[0, 0, :4] = True
    weights = class_weights(inside)
    assert weights[inside].sum() == pytest.approx(25)
    assert weights[~inside].sum() == pytest.approx(25)
    assert (class_weights(np.ones((2, 2), bool)) == 1).all()


def test_sigma_and_gap_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="sigma"):
        border_weights(np.zeros((2, 2), np.int32), sigma=0)
    with pytest.raises(ValueError, match="gap"):
        carved(np.zeros((2, 2), np.int32), -1)

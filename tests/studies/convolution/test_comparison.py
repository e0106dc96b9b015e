"""The comparison with PyTorch: which geometries, which rule is right where, and errors that are seen."""

from __future__ import annotations

import numpy as np
import pytest

from reprise.studies.convolution import comparison
from reprise.studies.convolution.comparison import compare_sizes, compare_values, geometries
from reprise.studies.convolution.settings import Grid

GRID = geometries(Grid(size=6, kernel=3, stride=2, padding=2))


def test_every_geometry_that_fits_and_no_other():
    every = [(n, k, s, p) for n in range(1, 7) for k in (1, 2, 3) for s in (1, 2) for p in (0, 1, 2)]
    left_out = set(every) - set(GRID)
    assert len(GRID) == len(set(GRID)) > 50
    assert set(GRID) < set(every)
    assert left_out == {g for g in every if g[1] > g[0] + 2 * g[3] or g[3] >= g[1]}


def test_columns_belong_to_their_geometries():
    sizes = compare_sizes(GRID)
    assert sizes.strides.tolist() == [s for _, _, s, _ in GRID]
    assert sizes.paddings.tolist() == [p for *_, p in GRID]
    # a remainder, stride 2: 5 pixels and 6 pixels both give 2 windows of 3, and 5 is what no output padding returns
    five, six = GRID.index((5, 3, 2, 0)), GRID.index((6, 3, 2, 0))
    assert sizes.default_right[[five, six]].tolist() == [True, False]
    assert sizes.back_right[[five, six]].tolist() == [True, True]
    # the source's formula gives 2 and 2.5 windows
    assert sizes.padded_right[[five, six]].tolist() == [True, False]
    # padded, 5 pixels keep their size, which the formula without padding does not say
    assert not sizes.plain_right[GRID.index((5, 3, 1, 1))]


def test_our_formulas_are_always_right_and_the_written_one_with_stride_one():
    sizes = compare_sizes(GRID)
    assert sizes.right.all()
    assert sizes.back_right.all()
    assert sizes.written_right[sizes.strides == 1].all()
    assert not sizes.written_right[sizes.strides == 2].all()
    assert (sizes.padded_right == sizes.whole).all()  # where nothing is left over
    assert (sizes.default_right == sizes.whole).all()
    assert sizes.plain_right[(sizes.paddings == 0) & (sizes.strides == 1)].all()


@pytest.mark.parametrize(
    ("formula", "column"), [("conv_output_size", "right"), ("transposed_output_size", "back_right")]
)
def test_a_formula_that_is_one_off_is_seen(monkeypatch, formula, column):
    right = getattr(comparison, formula)
    monkeypatch.setattr(comparison, formula, lambda *geometry: right(*geometry) + 1)
    assert not getattr(compare_sizes(GRID), column).any()


def test_values_agree_to_rounding_and_a_flipped_kernel_does_not(monkeypatch):
    gaps = compare_values(GRID, 15)
    for row in (gaps.forward, gaps.back, gaps.adjoint):
        assert row.shape == (15,)
        assert row.max() < 1e-12
    right = comparison.conv2d
    monkeypatch.setattr(comparison, "conv2d", lambda x, kernels, **more: right(x, kernels[:, :, ::-1, ::-1], **more))
    flipped = compare_values(GRID, 15)
    assert flipped.forward.max() > 0.1
    assert flipped.adjoint.max() > 0.01
    assert np.array_equal(flipped.back < 1e-12, np.ones(15, bool))

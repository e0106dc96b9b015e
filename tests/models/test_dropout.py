"""Dropout from sixteen bits an element: what is kept, how often, how independently; the rest is nn.Dropout's."""

import numpy as np
import pytest
import torch
from scipy import stats
from torch import nn

from reprise.models.dropout import Dropout


def dropped(p, n, seed=0):
    torch.manual_seed(seed)
    return Dropout(p)(torch.ones(n))


@pytest.mark.parametrize("p", [1e-3, 0.1, 0.25, 0.5, 0.9])
def test_the_share_kept_is_what_it_says(p):
    kept = int((dropped(p, 400_000) > 0).sum())
    assert stats.binomtest(kept, 400_000, 1 - p).pvalue > 1e-3


@pytest.mark.parametrize("p", [0.1, 0.25, 0.5, 0.9])
def test_what_is_kept_is_scaled_so_that_the_expectation_stays(p):
    y = dropped(p, 1000)
    share = round((1 - p) * 65536) / 65536
    assert set(y.unique().tolist()) == {0.0, np.float32(1 / share)}
    assert share == pytest.approx(1 - p, abs=1 / 131072)


def test_elements_that_share_a_draw_are_independent():
    kept = (dropped(0.5, 640_000) > 0).numpy().reshape(-1, 4)
    patterns = np.bincount(kept @ [1, 2, 4, 8], minlength=16)
    assert stats.chisquare(patterns).pvalue > 1e-3
    following = np.bincount(2 * kept[:-1, 3] + kept[1:, 0], minlength=4)  # the last of one draw, the first of the next
    assert stats.chisquare(following).pvalue > 1e-3


def test_the_gradient_passes_where_the_value_did():
    x = torch.randn(7, 5, 3, requires_grad=True, generator=torch.Generator().manual_seed(0))
    y = Dropout(0.3)(x)
    y.sum().backward()
    assert torch.equal(x.grad != 0, y != 0)
    torch.testing.assert_close(x.grad * x.detach(), y.detach())


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64])
def test_layout_and_type_stay(dtype):
    x = torch.ones(3, 5, 7, 9, dtype=dtype).to(memory_format=torch.channels_last)
    y = Dropout(0.5)(x)
    assert (y.dtype, y.shape, y.stride()) == (x.dtype, x.shape, x.stride())
    assert 0 < (y > 0).float().mean() < 1


@pytest.mark.parametrize(
    "x", [torch.ones(0, 4), torch.tensor(1.0), torch.ones(6, 6)[::2, ::3], torch.ones(4).expand(3, 4)]
)
def test_any_shape_and_stride(x):
    y = Dropout(0.5)(x)
    assert y.shape == x.shape
    assert set(y.flatten().tolist()) <= {0.0, 2.0}


def test_it_repeats_with_the_seed_and_differs_from_call_to_call():
    assert torch.equal(dropped(0.5, 999, seed=1), dropped(0.5, 999, seed=1))
    torch.manual_seed(1)
    layer = Dropout(0.5)
    assert not torch.equal(layer(torch.ones(999)), layer(torch.ones(999)))


@pytest.mark.parametrize("p", [0.0, 1.0])
def test_nothing_and_everything_dropped_are_torchs(p):
    x = torch.arange(8.0)
    assert torch.equal(Dropout(p)(x), nn.Dropout(p)(x))


def test_evaluation_changes_nothing():
    x = torch.arange(8.0)
    assert Dropout(0.5).eval()(x) is x

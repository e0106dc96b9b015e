"""Dropout masks: as random as they must be, and a function of seed, step, layer and position alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import chisquare, norm
from torch import nn

from reprise.sweep.masks import SeededDropout, kept, keys, mixed, seed_dropout

COUNT = 4096


def masks(seeds, steps, layer=0, share=0.5):
    every = np.concatenate([keys(seed, 0, steps) for seed in seeds])
    return torch.stack([kept(key, layer, COUNT, torch.tensor(share)) for key in torch.from_numpy(every)]).numpy()


@pytest.mark.parametrize("share", [0.1, 0.5, 0.8])
def test_the_share_that_stays_is_the_one_asked_for(share):
    drawn = masks(range(4), 50, share=share)
    deviation = (drawn.mean() - (1 - share)) / np.sqrt(share * (1 - share) / drawn.size)
    assert abs(deviation) < 4
    counts = drawn.sum(axis=1)  # binomial over steps, no more and no less spread
    assert counts.std() == pytest.approx(np.sqrt(COUNT * share * (1 - share)), rel=0.2)


@pytest.mark.parametrize("other", ["step", "seed", "layer", "place"])
def test_masks_do_not_follow_each_other(other):
    first = masks(range(3), 40).astype(float) - 0.5
    second = {
        "step": np.roll(first, 1, axis=0),
        "seed": masks(range(1, 4), 40) - 0.5,
        "layer": masks(range(3), 40, layer=1) - 0.5,
        "place": np.roll(first, 1, axis=1),
    }[other]
    correlation = (first * second).mean() * 4
    assert abs(correlation) < 4.5 / np.sqrt(first.size)


def test_every_place_is_dropped_as_often():
    drawn = masks(range(8), 100)
    counts = drawn.sum(axis=0) + np.random.default_rng(0).uniform(-0.5, 0.5, COUNT)  # whole numbers, made even
    z = (counts / len(drawn) - 0.5) / np.sqrt(0.25 / len(drawn))
    assert np.abs(z).max() < norm.isf(1e-3 / COUNT)
    assert chisquare(np.histogram(norm.cdf(z), bins=16, range=(0, 1))[0]).pvalue > 1e-3


def test_hashing_is_the_same_in_numpy_and_torch_and_mixes_all_bits():
    x = torch.randint(-(2**31), 2**31 - 1, (2000,), dtype=torch.int32)
    flipped = torch.stack([mixed(x) ^ mixed(x ^ (1 << bit if bit < 31 else -(2**31))) for bit in range(32)])
    ones = np.unpackbits(flipped.numpy().view(np.uint8), axis=-1).reshape(32, -1, 32).mean(axis=1)
    assert np.abs(ones - 0.5).max() < 0.07
    assert keys(7, 0, 10)[3:].tolist() == keys(7, 3, 7).tolist()
    assert len(set(keys(7, 0, 1000).tolist())) == 1000


def test_what_stays_is_scaled_and_evaluation_drops_nothing():
    layer = SeededDropout(0.2, 0)
    layer.key.fill_(5)
    x = torch.ones(30, 40)
    out = layer(x)
    assert set(out.unique().tolist()) == {0.0, 1.25}
    assert torch.equal(layer(x), out)
    layer.key.fill_(6)
    assert not torch.equal(layer(x), out)
    assert torch.equal(layer.eval()(x), x)


def test_every_dropout_of_a_module_is_replaced_and_other_kinds_are_refused():
    model = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.3), nn.Sequential(nn.Dropout(0.6)))
    drops = seed_dropout(model)
    assert [(drop.layer, pytest.approx(float(drop.p))) for drop in drops] == [(0, 0.3), (1, 0.6)]
    assert not any(isinstance(layer, nn.Dropout) for layer in model.modules())
    assert [float(drop.p) for drop in seed_dropout(nn.Sequential(nn.Dropout(0.3)), 0.5)] == [0.5]
    with pytest.raises(ValueError, match="Dropout2d"):
        seed_dropout(nn.Sequential(nn.Dropout2d()))

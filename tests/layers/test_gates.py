"""Gated connections: sizes, gates, merges, starting values."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from reprise.layers import GatedConnections

CHANNELS = (3, 4, 2)


def inputs(seed=0):
    generator = np.random.default_rng(seed)
    return [torch.from_numpy(generator.normal(size=(2, c, s, s))) for c, s in zip(CHANNELS, (8, 6, 4), strict=True)]


def gated(**settings):
    torch.manual_seed(0)
    return GatedConnections(CHANNELS, **settings).double()


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


@pytest.mark.parametrize("resize", ["area", "nearest", "bilinear", "bicubic"])
def test_concat_resizes_to_the_smallest_and_multiplies_by_the_gates(resize):
    layer = gated(resize=resize, init="feed_forward")
    xs = inputs()
    out = layer(xs)
    assert out.shape == (2, 9, 4, 4)
    shrunk = [F.interpolate(x, (4, 4), mode=resize) if x.shape[-1] != 4 else x for x in xs]
    gates = [sigmoid(0.5), sigmoid(0.5), sigmoid(1.0)]
    expected = torch.cat([x * gate for x, gate in zip(shrunk, gates, strict=True)], dim=1)
    torch.testing.assert_close(out, expected)


def test_area_averages_blocks():
    layer = gated(resize="area", sigmoid=False)
    xs = inputs()
    blocks = xs[0].unfold(2, 2, 2).unfold(3, 2, 2).mean(dim=(-2, -1))
    torch.testing.assert_close(layer(xs)[:, :3], blocks)


def test_pad_centres_in_zeros_at_the_largest_size():
    layer = gated(merge="pad", sigmoid=False)
    xs = inputs()
    out = layer(xs)
    assert out.shape == (2, 9, 8, 8)
    torch.testing.assert_close(out[:, :3], xs[0])
    torch.testing.assert_close(out[:, 3:7, 1:7, 1:7], xs[1])
    torch.testing.assert_close(out[:, 7:, 2:6, 2:6], xs[2])
    total = sum(x.abs().sum() for x in xs)
    torch.testing.assert_close(out.abs().sum(), total)  # nothing but zeros elsewhere


@pytest.mark.parametrize("merge", ["sum", "max"])
def test_sum_and_max_take_each_channel_from_the_inputs_that_have_it(merge):
    layer = gated(merge=merge, init=0.3)
    xs = [x[..., :4, :4] for x in inputs()]
    out = layer(xs)
    assert out.shape == (2, 4, 4, 4)
    gate = sigmoid(0.3)
    for channel in range(4):
        present = np.stack([gate * x[:, channel].numpy() for x in xs if x.shape[1] > channel])
        expected = present.sum(0) if merge == "sum" else present.max(0)
        np.testing.assert_allclose(out[:, channel].detach().numpy(), expected)
    assert (out[:, 3] < 0).any()  # a channel that one input has alone is not cut at 0


def test_squeeze_learns_a_mix_of_all_maps():
    layer = gated(merge="squeeze", features=5)
    xs = inputs()
    out = layer(xs)
    assert out.shape == (2, 5, 4, 4)
    plain = gated()
    expected = torch.einsum("oi,nihw->nohw", layer.squeeze.weight[:, :, 0, 0], plain(xs))
    torch.testing.assert_close(out, expected)


@pytest.mark.parametrize(("per_feature", "count"), [(False, 3), (True, 9)])
def test_gates_can_be_read_and_trained(per_feature, count):
    layer = gated(per_feature=per_feature)
    assert layer.weights.numel() == count
    before = layer.gates()
    assert [gate.shape for gate in before] == [(c,) if per_feature else () for c in CHANNELS]
    assert all(torch.allclose(gate, torch.tensor(sigmoid(1.0))) for gate in before)
    layer(inputs()).square().sum().backward()
    assert (layer.weights.grad > 0).all()  # smaller gates, smaller squares
    assert not any(gate.requires_grad for gate in before)


def test_per_feature_gates_multiply_their_own_map():
    layer = gated(per_feature=True, sigmoid=False)
    with torch.no_grad():
        layer.weights.copy_(torch.arange(9.0))
    reference = gated(sigmoid=False)(inputs())
    torch.testing.assert_close(layer(inputs()), reference * torch.arange(9.0)[:, None, None])


@pytest.mark.parametrize("per_feature", [False, True])
def test_starting_values(per_feature):
    constant = GatedConnections(CHANNELS, init=0, per_feature=per_feature)
    assert torch.equal(torch.cat([g.view(-1) for g in constant.gates()]), torch.full_like(constant.weights, 0.5))
    forward = GatedConnections(CHANNELS, init="feed_forward", per_feature=per_feature).weights.detach()
    last = CHANNELS[-1] if per_feature else 1
    assert (forward[-last:] == 1).all()
    assert (forward[:-last] == 0.5).all()
    torch.manual_seed(0)
    drawn = GatedConnections((4000, 4000), init="normal", per_feature=True).weights.detach()
    assert float(drawn.mean()) == pytest.approx(0.5, abs=0.01)
    assert float(drawn.std()) == pytest.approx(0.1, abs=0.01)


def test_a_size_can_be_asked_for():
    assert gated()(inputs(), size=(3, 5)).shape == (2, 9, 3, 5)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"merge": "mean"}, "merge='mean'"),
        ({"resize": "lanczos"}, "resize='lanczos'"),
        ({"init": "ones"}, "init='ones'"),
        ({"merge": "squeeze"}, "features"),
    ],
)
def test_unknown_settings_are_refused_by_name(settings, named):
    with pytest.raises(ValueError, match=named):
        GatedConnections(CHANNELS, **settings)


def test_inputs_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="one input"):
        GatedConnections([])
    with pytest.raises(ValueError, match=r"\(3, 4, 2\) channels; found \(3, 4\)"):
        gated()(inputs()[:2])

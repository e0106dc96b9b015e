"""The mini-VGG: the published size, shapes, and weights that move between its rotated and plain forms."""

import pytest
import torch
from torch import nn

from reprise.layers import RotatedConv2d, UnitNormConv2d, UnitNormLinear
from reprise.layers.unitnorm import spherical
from reprise.models.minivgg import MiniVGG


def count(model):
    return sum(p.numel() for p in model.parameters())


def test_the_published_size_layer_by_layer():
    model = MiniVGG()
    assert count(model) == 1_250_858
    sizes = [count(layer) for layer in model.children() if count(layer)]
    assert sizes == [896, 9_248, 18_496, 36_928, 1_180_160, 5_130]
    assert count(MiniVGG(conv_bias=False)) == 1_250_666


def test_the_published_shapes():
    model, shapes = MiniVGG(), []
    for name, layer in model.named_children():
        if name.startswith("conv") or name in ("hidden", "output"):
            layer.register_forward_hook(lambda _m, _i, out: shapes.append(tuple(out.shape[1:])))
    assert model(torch.zeros(2, 3, 32, 32)).shape == (2, 10)
    assert shapes == [(32, 32, 32), (32, 30, 30), (64, 15, 15), (64, 13, 13), (512,), (10,)]


@pytest.mark.parametrize("rotations", [4, 8])
@pytest.mark.parametrize("last", [0, 1, 2, 3, 4])
def test_rotated_forms_have_the_plain_ones_state(rotations, last):
    plain, rotated = MiniVGG(), MiniVGG(rotations=rotations, rotated_last=last)
    layers = [rotated.conv1, rotated.conv2, rotated.conv3, rotated.conv4]
    assert [isinstance(layer, RotatedConv2d) for layer in layers] == [i >= 4 - last for i in range(4)]
    shapes = {name: value.shape for name, value in plain.state_dict().items()}
    assert {name: value.shape for name, value in rotated.state_dict().items()} == shapes
    rotated.load_state_dict(plain.state_dict())
    x = torch.randn(2, 3, 32, 32)
    same = torch.allclose(plain.eval()(x), rotated.eval()(x), atol=1e-5)
    assert same == (last == 0)


@pytest.mark.parametrize(
    ("settings", "parameters"),
    [
        ({"rotated_last": 4, "merge": "squeeze"}, None),
        ({"rotated_last": 1, "merge": "concat"}, 1_250_858 + 7 * 64 * 36 * 512),
        ({"rotated_last": 1, "merge": "squeeze"}, 1_250_858 + 8 * 64 * 64),
        ({"unit_norm": "both"}, 1_250_858),
        ({"activation": "elu"}, 1_250_858),
        ({"batch_norm": True}, 1_250_858 + 2 * 192),
        ({"width": 8, "classes": 3, "hidden": 16}, None),
        ({"channels": 1, "size": 28}, None),
        ({"size": 10}, None),
    ],
)
def test_variants_run_forward_and_backward(settings, parameters):
    model = MiniVGG(**settings)
    if parameters is not None:
        assert count(model) == parameters
    side = settings.get("size", 32)
    logits = model(torch.randn(4, settings.get("channels", 3), side, side))
    assert logits.shape == (4, settings.get("classes", 10))
    logits.square().sum().backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in model.parameters())


@pytest.mark.parametrize(
    ("unit_norm", "convs", "denses"),
    [(None, 0, 0), ("conv", 4, 0), ("dense", 0, 2), ("both", 4, 2)],
)
def test_unit_norm_goes_where_it_is_asked_for(unit_norm, convs, denses):
    model = MiniVGG(unit_norm=unit_norm)
    assert sum(isinstance(m, UnitNormConv2d) for m in model.modules()) == convs
    assert sum(isinstance(m, UnitNormLinear) for m in model.modules()) == denses
    model.load_state_dict(MiniVGG().state_dict())  # the same keys and shapes


def test_it_starts_glorot_uniform_with_zero_biases():
    torch.manual_seed(0)
    for model in (MiniVGG(), MiniVGG(rotated_last=4), MiniVGG(unit_norm="both")):
        for layer in (model.conv1, model.conv4, model.hidden, model.output):
            fan_in, fan_out = nn.init._calculate_fan_in_and_fan_out(layer.weight)
            limit = (6 / (fan_in + fan_out)) ** 0.5
            assert layer.weight.abs().max() <= limit
            assert layer.weight.abs().max() > 0.95 * limit
            assert float(layer.weight.detach().mean()) == pytest.approx(0, abs=0.1 * limit)
            assert not layer.bias.any()


def test_convolutions_can_come_from_a_factory():
    model = MiniVGG(conv=lambda i, o, padding, bias: spherical(nn.Conv2d(i, o, 3, padding=padding, bias=bias)))
    norms = model.conv2.weight.flatten(1).norm(dim=1)
    torch.testing.assert_close(norms, torch.ones(32), rtol=1e-5, atol=0)
    assert model(torch.randn(1, 3, 32, 32)).shape == (1, 10)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"rotated_last": 5}, "rotated_last=5"),
        ({"rotated_last": 1, "rotations": 3}, "rotations=3"),
        ({"unit_norm": "all"}, "unit_norm='all'"),
        ({"activation": "tanh"}, "activation='tanh'"),
        ({"rotated_last": 1, "unit_norm": "both"}, "each decide"),
        ({"size": 9}, "size=9"),
    ],
)
def test_settings_that_make_no_sense_are_refused_by_name(settings, named):
    with pytest.raises(ValueError, match=named):
        MiniVGG(**settings)

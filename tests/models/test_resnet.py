"""The residual network: published sizes, shortcuts without parameters, variance that stays without batch norm."""

import pytest
import torch
from torch import nn

from reprise.models.resnet import Block, ResNet


def count(model):
    return sum(p.numel() for p in model.parameters())


@pytest.mark.parametrize(("depth", "parameters"), [(20, 269_722), (32, 464_154), (56, 853_018), (110, 1_727_962)])
def test_the_published_sizes_with_parameter_free_shortcuts(depth, parameters):
    assert count(ResNet(depth)) == parameters


@pytest.mark.parametrize("batch_norm", [True, False])
@pytest.mark.parametrize("depth", [8, 14, 20])
def test_depth_counts_the_layers_with_weights(depth, batch_norm):
    layers = [m for m in ResNet(depth, 4, batch_norm=batch_norm).modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    assert len(layers) == depth


@pytest.mark.parametrize("depth", [2, 7, 9, 0, -4])
def test_other_depths_are_refused(depth):
    with pytest.raises(ValueError, match=f"depth={depth}"):
        ResNet(depth)


def test_no_width_is_refused():
    with pytest.raises(ValueError, match="width=0"):
        ResNet(8, 0)


@pytest.mark.parametrize("size", [32, 31, 8])
def test_logits_for_images_of_any_size(size):
    assert ResNet(8, 4, classes=7, channels=1)(torch.zeros(2, 1, size, size)).shape == (2, 7)


@pytest.mark.parametrize("batch_norm", [True, False])
def test_the_shortcut_subsamples_and_pads_with_zeros(batch_norm):
    block = Block(2, 4, stride=2, batch_norm=batch_norm).eval()
    nn.init.zeros_(block.conv2.weight)  # then only the shortcut is left
    if not batch_norm:
        nn.init.zeros_(block.conv2.bias)
    x = torch.randn(3, 2, 6, 6)
    out = block(x)
    assert torch.equal(out[:, :2], x[:, :, ::2, ::2].relu())
    assert (out[:, 2:] == 0).all()


def test_without_batch_norm_the_variance_does_not_grow_with_the_depth():
    torch.manual_seed(0)
    x, variance = torch.randn(16, 3, 16, 16), {}
    for depth in (8, 56):
        model = ResNet(depth, 8, batch_norm=False)
        assert not any(isinstance(m, nn.BatchNorm2d) for m in model.modules())
        variance[depth] = float(model.blocks(model.conv(x).relu()).detach().var())
    assert variance[56] < 4 * variance[8]  # undivided, each of the 24 further blocks about doubles it

"""Every architecture has its published size, depth and cost, and really computes logits."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from reprise.models.zoo import CATALOGUE, VGG, AlexNet, DenseNet, FractalNet, GoogLeNet, ResNet, SqueezeNet
from reprise.models.zoo.cost import depth, multiply_adds, on_meta, parameter_count
from reprise.models.zoo.fractalnet import FractalBlock
from reprise.models.zoo.googlenet import Inception
from reprise.models.zoo.resnet import Bottleneck, silence

EVERY = pytest.mark.parametrize("entry", CATALOGUE.values(), ids=CATALOGUE.keys())


@EVERY
def test_parameters_depth_and_cost_are_the_published_ones(entry):
    network = on_meta(entry.build)
    operations, shape = multiply_adds(network, entry.shape)
    assert parameter_count(network) == entry.parameters
    assert depth(network) == entry.layers
    assert tuple(shape) == (1, entry.classes)
    if entry.giga_multiply_adds is not None:  # published to three decimals
        assert operations / 1e9 == pytest.approx(entry.giga_multiply_adds, abs=6e-4)


@pytest.mark.parametrize("name", ["SqueezeNet 1.1", "NiN", "GoogLeNet", "FractalNet"])
def test_real_weights_give_finite_logits_that_depend_on_the_image(name):
    torch.manual_seed(0)
    entry = CATALOGUE[name]
    network = entry.build().eval()
    with torch.no_grad():
        logits = network(torch.randn(2, *entry.shape))
    assert logits.shape == (2, entry.classes)
    assert logits.isfinite().all()
    assert not torch.equal(logits[0], logits[1])


def test_pinned_parts():
    assert parameter_count(on_meta(VGG).features) == 14_714_688
    assert parameter_count(on_meta(GoogLeNet)) == 6_998_552  # as published: 5 x 5 filters, biases
    assert depth(on_meta(GoogLeNet)) == 22
    first, second = (parameter_count(on_meta(lambda w=w: nn.Conv2d(64, 64, w))) for w in (3, 5))
    assert 2 * (first - 64) * 25 == 18 * (second - 64)  # two 3 x 3 cost 18/25 of one 5 x 5


def test_alexnet_needs_227_pixels_as_published():
    """With 224 the published network ends at 5 x 5 maps, and its first dense layer does not fit."""
    features = on_meta(AlexNet).features
    assert features(torch.empty(1, 3, 227, 227, device="meta")).shape == (1, 256, 6, 6)
    assert features(torch.empty(1, 3, 224, 224, device="meta")).shape == (1, 256, 5, 5)


def test_depth_is_the_longest_path_not_the_number_of_layers():
    class Branches(nn.Module):
        def __init__(self):
            super().__init__()
            self.long = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2))
            self.short = nn.Linear(2, 2)

        def forward(self, x):
            return self.long(x) + self.short(x)

    assert depth(Branches()) == 2
    assert depth(nn.ReLU()) == 0


def test_inception_concatenates_its_branches():
    torch.manual_seed(0)
    module = Inception(8, 1, 2, 3, 2, 4, 5).eval()
    images = torch.randn(1, 8, 6, 6)
    output = module(images)
    assert output.shape == (1, 1 + 3 + 4 + 5, 6, 6)
    assert torch.equal(output[:, :1], module.branch1(images))
    assert torch.equal(output[:, 4:8], module.branch5(images))


def test_fractal_block_joins_columns_as_its_rule_says():
    """Two columns: join(conv, conv o conv); three: the inner joins too."""
    torch.manual_seed(0)
    two = FractalBlock(2, 3, 2).eval()
    images = torch.randn(1, 2, 5, 5)
    (short,), (first, second) = two.columns
    assert torch.allclose(two(images), (short(images) + second(first(images))) / 2)
    three = FractalBlock(2, 3, 3).eval()
    (a,), (b1, b2), (c1, c2, c3, c4) = three.columns
    middle = (b1(images) + c2(c1(images))) / 2
    assert torch.allclose(three(images), (a(images) + b2(middle) + c4(c3(middle))) / 3, atol=1e-6)


@pytest.mark.parametrize("training", [True, False])
def test_a_silenced_residual_block_is_relu_and_without_the_relu_the_identity(training):
    torch.manual_seed(0)
    images = torch.randn(2, 16, 4, 4)
    published = silence(Bottleneck(16, 4)).train(training)
    bare = silence(Bottleneck(16, 4, final_relu=False)).train(training)
    assert torch.equal(published(images), images.clamp(min=0))
    assert torch.equal(bare(images), images)
    assert not torch.equal(silence(Bottleneck(8, 4, final_relu=False))(images[:, :8]), images)  # a projection


def test_residual_network_has_four_projections():
    blocks = on_meta(ResNet).blocks
    assert len(blocks) == 50
    assert sum(not isinstance(block.shortcut, nn.Identity) for block in blocks) == 4


@pytest.mark.parametrize(
    ("build", "message"),
    [(lambda: VGG(17), "17"), (lambda: ResNet(18), "18"), (lambda: SqueezeNet("2.0"), "2.0")],
)
def test_unknown_members_are_refused_with_the_valid_ones(build, message):
    with pytest.raises(ValueError, match=f"{message}.*choose one of"):
        on_meta(build)


def test_small_settings_build_small_networks():
    network = DenseNet(blocks=(2, 2), growth=4, classes=3).eval()
    assert network(torch.randn(1, 3, 32, 32)).shape == (1, 3)
    assert FractalNet((4, 8), columns=2, classes=3).eval()(torch.randn(1, 3, 4, 4)).shape == (1, 3)

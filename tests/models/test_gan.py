"""Generators and critics: shapes, labels that matter, transposed convolutions as gradients of convolutions."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from reprise.models.gan import SHOWN, Gan


def made(kind, classes=0, size=28):
    torch.manual_seed(0)
    return Gan(kind, 5, 6, classes, size, 3)


@pytest.mark.parametrize("kind", ["dense", "conv"])
@pytest.mark.parametrize("size", [8, 28, 32])
@pytest.mark.parametrize("classes", [0, 10])
def test_codes_become_images_in_range_and_images_become_logits(kind, size, classes):
    model, labels = made(kind, classes, size), torch.arange(4)
    images = model.draw(torch.randn(4, 5), labels)
    assert images.shape == (4, 1, size, size)
    assert images.abs().max() <= 1
    assert model.judge(images, labels).shape == (4,)
    assert len(model.critic.features(images, model.more(labels))) == 4


@pytest.mark.parametrize("kind", ["dense", "conv"])
def test_labels_change_what_both_do_where_they_are_given_and_nothing_where_they_are_not(kind):
    for classes in (0, 10):
        model = made(kind, classes).eval()
        codes, images = torch.randn(4, 5), torch.rand(4, 1, 28, 28)
        ones, twos = torch.ones(4).long(), 2 * torch.ones(4).long()
        assert torch.equal(model.draw(codes, ones), model.draw(codes, twos)) == (classes == 0)
        assert torch.equal(model.judge(images, ones), model.judge(images, twos)) == (classes == 0)


def test_the_generators_transposed_convolution_is_the_gradient_of_a_convolution():
    layer = made("conv").generator.up2
    given = torch.randn(2, 6, 14, 14)
    images = torch.zeros(2, 1, 28, 28, requires_grad=True)
    (gradient,) = torch.autograd.grad(F.conv2d(images, layer.weight, stride=2, padding=1), images, given)
    torch.testing.assert_close(layer(given) - layer.bias, gradient, rtol=0, atol=1e-5)


def test_the_convolutional_pair_has_no_dense_layer_but_at_its_ends():
    dense = [name for name, layer in made("conv").named_modules() if isinstance(layer, torch.nn.Linear)]
    assert dense == ["generator.project", "critic.output"]
    convolutions = [each for each in made("dense").modules() if isinstance(each, torch.nn.Conv2d)]
    assert convolutions == []


def test_every_weight_gets_a_gradient_and_sides_that_cannot_be_halved_twice_are_refused():
    for kind in ("dense", "conv"):
        model = made(kind, 10)
        model.judge(model.draw(torch.randn(6, 5), torch.arange(6)), torch.arange(6)).square().sum().backward()
        assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.generator.parameters())
        assert all(p.grad is not None for p in model.critic.parameters())
    with pytest.raises(ValueError, match="size=30"):
        made("dense", size=30)


def test_a_sheet_is_drawn_in_evaluation_and_leaves_the_mode_as_it_was():
    model = made("conv", 10).train()
    before = model.generator.norm1.running_mean.clone()
    model.keep_sheet()
    assert model.generator.training
    assert torch.equal(model.generator.norm1.running_mean, before)
    assert int(model.epoch) == 1
    assert model.sheets[0].float().std() > 0
    assert model.sheets[1:].sum() == 0
    assert model.sheets.shape == (3, SHOWN, 28, 28)

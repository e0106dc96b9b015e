"""The published sizes of the U-Nets, and what the forward pass promises."""

from __future__ import annotations

import pytest
import torch

from reprise.models.unet import UNet

SOURCE = {"outputs": 1, "width": 32, "padding": "same", "norm": True, "activation": "elu", "dropout": 0.5,
          "down": "stride", "up": "nearest", "first_kernel": 7}  # fmt: skip


def count(model):
    return sum(parameter.numel() for parameter in model.parameters())


def test_the_published_network_has_31030658_parameters_and_maps_572_to_388():
    with torch.device("meta"):
        model = UNet()
        logits, head = model(torch.zeros(1, 1, 572, 572))
    assert count(model) == 31_030_658
    assert logits.shape == (1, 2, 388, 388)
    assert head is None


def test_the_starter_has_7759521_parameters():
    with torch.device("meta"):
        assert count(UNet(outputs=1, width=32, padding="same")) == 7_759_521


def test_the_source_network_has_8254050_trainable_parameters_of_8260898_and_its_head_51201():
    with torch.device("meta"):
        with_head, without = UNet(**SOURCE, head_size=10), UNet(**SOURCE)
    assert count(with_head) == 8_254_050
    assert count(with_head) + sum(b.numel() for b in with_head.buffers() if b.dim()) == 8_260_898
    assert count(with_head) - count(without) == 51_201


def test_same_padding_keeps_the_size_and_the_head_gives_one_logit_an_image():
    logits, head = UNet(**SOURCE | {"width": 2}, head_size=2)(torch.rand(3, 1, 32, 48)[..., :32])
    assert logits.shape == (3, 1, 32, 32)
    assert head.shape == (3,)


def test_sides_that_cannot_be_halved_often_enough_are_refused():
    with pytest.raises(ValueError, match="multiples of 16"):
        UNet(outputs=1, width=2, padding="same")(torch.zeros(1, 1, 40, 48))


def test_the_decoder_sees_the_centre_of_the_encoders_maps():
    # a pixel far outside the central crop of a valid U-Net cannot change the output through the copies alone
    torch.manual_seed(0)
    model = UNet(width=2, depth=1)
    image = torch.rand(1, 1, 40, 40)
    changed = image.clone()
    changed[..., 0, 0] += 10
    difference = (model(image)[0] - model(changed)[0]).abs()[0, 0]
    assert difference[5:, 5:].max() == 0

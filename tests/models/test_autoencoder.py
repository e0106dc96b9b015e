"""Encoder and decoder: shapes, ranges, and that a classifier on codes is made of the same encoder."""

from __future__ import annotations

import pytest
import torch

from reprise.models.autoencoder import AutoEncoder, CodeClassifier, Encoder


@pytest.mark.parametrize(("size", "channels", "code"), [(28, 1, 2), (32, 3, 64), (4, 1, 1)])
def test_an_image_becomes_so_many_numbers_and_an_image_again(size, channels, code):
    model = AutoEncoder(code, channels, size, 3)
    found, decoded = model(torch.rand(5, channels, size, size))
    assert found.shape == (5, code)
    assert decoded.shape == (5, channels, size, size)
    assert torch.equal(model.decoder(found), decoded)  # the code is all that the decoder gets


def test_parameters_summed_by_hand():
    width, code, side = 16, 8, 7
    encoder = width * (9 + 1) + 2 * width * (9 * width + 1) + code * (2 * width * side**2 + 1)
    decoder = 2 * width * side**2 * (code + 1) + width * (2 * width * 16 + 1) + (width * 16 + 1)
    count = lambda model: sum(p.numel() for p in model.parameters())  # noqa: E731
    assert count(AutoEncoder(code)) == encoder + decoder
    assert count(AutoEncoder(code, classes=10)) == encoder + decoder + 10 * (code + 1)
    assert count(CodeClassifier(code, hidden=64)) == encoder + 64 * (code + 1) + 10 * 65


def test_a_classifier_takes_the_encoders_weights_by_name_and_leaves_them_alone_where_frozen():
    whole, classifier = AutoEncoder(8), CodeClassifier(8, frozen=True)
    names = {name for name in classifier.state_dict() if name.startswith("encoder.")}
    assert names == {name for name in whole.state_dict() if name.startswith("encoder.")}
    classifier(torch.rand(2, 1, 28, 28)).sum().backward()
    moved = {name.split(".")[0] for name, p in classifier.named_parameters() if p.grad is not None}
    assert moved == {"hidden", "output"}


@pytest.mark.parametrize("size", [0, 2, 30])
def test_sides_that_cannot_be_halved_twice_are_refused(size):
    with pytest.raises(ValueError, match=f"size={size}"):
        Encoder(8, size=size)

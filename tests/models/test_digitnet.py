"""The source's network: its size, its first weights, and what its dropout does."""

import pytest
import torch

from reprise.models.digitnet import DigitNet


@pytest.mark.parametrize(("classes", "parameters"), [(10, 1_199_882), (47, 1_204_655)])
def test_it_has_the_published_number_of_parameters(classes, parameters):
    assert sum(each.numel() for each in DigitNet(classes).parameters()) == parameters


def test_it_maps_images_to_logits_of_every_size():
    assert DigitNet(47)(torch.rand(3, 1, 28, 28)).shape == (3, 47)
    assert DigitNet(5, size=11, width=2, hidden=7)(torch.rand(2, 1, 11, 11)).shape == (2, 5)
    with pytest.raises(ValueError, match="size=5"):
        DigitNet(size=5)


def test_weights_start_he_uniform_and_biases_at_zero():
    net = DigitNet()
    bound = (6 / 9216) ** 0.5
    weight = net.dense1.weight.detach()
    assert 0.999 * bound < weight.abs().max() <= bound
    assert weight.std() == pytest.approx(bound / 3**0.5, rel=0.01)
    assert not net.dense1.bias.any()


def test_dropout_changes_training_and_nothing_else():
    images = torch.rand(4, 1, 28, 28)
    net = DigitNet(dropout=0.5)
    assert not torch.equal(net(images), net(images))
    net.eval()
    assert torch.equal(net(images), net(images))
    plain = DigitNet(dropout=0.0)
    assert torch.equal(plain(images), plain(images))

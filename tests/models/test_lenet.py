"""LeNet-5: the size it is known by, its shapes, and images it refuses."""

import pytest
import torch

from reprise.models.lenet import LeNet5


def count(model):
    return sum(p.numel() for p in model.parameters())


def test_the_known_size_layer_by_layer():
    assert [count(layer) for layer in LeNet5().children()] == [456, 2_416, 48_120, 10_164, 850]
    assert count(LeNet5(channels=1)) == 61_706  # the figure for grey 32 x 32 images
    assert count(LeNet5(classes=100)) - count(LeNet5(classes=10)) == 90 * 85


@pytest.mark.parametrize("size", [16, 28, 32, 33])
def test_logits_for_images_of_any_size_that_is_large_enough(size):
    assert LeNet5(classes=7, size=size)(torch.zeros(2, 3, size, size)).shape == (2, 7)


def test_images_that_vanish_are_refused():
    with pytest.raises(ValueError, match="size=15"):
        LeNet5(size=15)


def test_every_parameter_gets_a_gradient():
    torch.manual_seed(0)
    model = LeNet5()
    model(torch.randn(16, 3, 32, 32)).square().sum().backward()
    assert all(p.grad.abs().sum() > 0 for p in model.parameters())

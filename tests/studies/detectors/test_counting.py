"""The published Mask R-CNN, counted by formula, as PyTorch counts its layers."""

from __future__ import annotations

import pytest

from reprise.models.zoo import ResNet
from reprise.models.zoo.cost import multiply_adds, on_meta
from reprise.studies.detectors import counting


@pytest.mark.parametrize("layers", [50, 101])
@pytest.mark.parametrize("picture", [(224, 224), (800, 1333)])
def test_resnets_convolutions_are_those_of_the_zoo(layers, picture):
    total, _ = multiply_adds(on_meta(lambda: ResNet(layers)), (3, *picture))
    assert counting.resnet(layers, picture)[0] == total - 2048 * 1000  # its classifier


def test_sizes_of_maps_are_rounded_up_as_padding_does():
    assert counting.resnet(50, (800, 1333))[1] == [(200, 334), (100, 167), (50, 84), (25, 42)]


def test_the_share_grows_with_detections_and_falls_with_the_backbone():
    assert counting.mask_share(101, 200) == pytest.approx(2 * counting.mask_share(101, 100))
    assert counting.mask_share(101) < counting.mask_share(50)

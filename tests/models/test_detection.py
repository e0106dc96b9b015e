"""The detectors' backbone and heads: shapes, what is computed, where they start."""

from __future__ import annotations

import pytest
import torch

from reprise.models.detection import (
    PRIOR,
    Backbone,
    DefaultBoxHead,
    GridHead,
    MaskHead,
    ProposalHead,
    RegionHead,
    TagHead,
)  # fmt: skip


@pytest.fixture
def images():
    torch.manual_seed(0)
    return torch.randn(2, 3, 64, 96)


def test_maps_halve_the_picture_again_and_again(images):
    found = Backbone(4)(images)
    assert {stride: tuple(each.shape) for stride, each in found.items()} == {
        4: (2, 16, 16, 24), 8: (2, 16, 8, 12), 16: (2, 16, 4, 6),
    }  # fmt: skip


def test_a_map_is_the_same_whichever_others_are_asked_for(images):
    backbone = Backbone(4).eval()
    every = backbone(images)
    for stride in (4, 8, 16):
        torch.testing.assert_close(backbone(images, (stride,))[stride], every[stride], rtol=0, atol=0)


def test_a_map_sees_what_is_far_from_its_cells():
    """The finest map's own convolutions see 7 pixels around a cell; the coarse maps that are added see more."""
    backbone = Backbone(4).eval()
    image = torch.randn(1, 3, 96, 96, generator=torch.Generator().manual_seed(0)).requires_grad_()
    backbone(image, (4,))[4][0, :, 0, 0].sum().backward()
    seen = image.grad.abs().sum(dim=(0, 1)).nonzero()
    assert seen.max() >= 16


def test_heads_have_one_row_a_box_and_start_as_rare_as_objects_are(images):
    maps = list(Backbone(4)(images).values())
    cells = 16 * 24 + 8 * 12 + 4 * 6
    there, codes = ProposalHead(16, 2)(maps)
    assert (there.shape, codes.shape) == ((2, 2 * cells), (2, 2 * cells, 4))
    assert torch.sigmoid(there).mean().item() == pytest.approx(PRIOR, rel=0.2)
    kinds, codes = DefaultBoxHead(16, 5, 2, 3)(maps)
    assert (kinds.shape, codes.shape) == ((2, 2 * cells, 6), (2, 2 * cells, 4))
    one, classes, codes = GridHead(16, 5)(maps[-1])
    assert (one.shape, classes.shape, codes.shape) == ((2, 24), (2, 24, 5), (2, 24, 4))
    assert torch.sigmoid(one).mean().item() == pytest.approx(PRIOR, rel=0.2)


def test_rows_stand_cell_by_cell_in_reading_order_as_anchors_do():
    """A head that looks at one cell alone answers in the row of that cell."""
    head = GridHead(4, 1).eval()
    head.body = torch.nn.Identity()
    with torch.no_grad():
        head.cells.weight.fill_(1.0)
        head.cells.bias.zero_()
    features = torch.zeros(1, 4, 3, 5)
    features[0, :, 1, 2] = 1
    assert head(features)[0][0].nonzero()[:, 0].tolist() == [1 * 5 + 2]


def test_regions_give_classes_boxes_and_masks_twice_as_fine():
    regions = torch.randn(7, 16, 4, 4)
    kind, move = RegionHead(16, 3, 4)(regions)
    assert (kind.shape, move.shape) == ((7, 4), (7, 4))
    assert MaskHead(16, 3)(regions).shape == (7, 3, 8, 8)


def test_tags_come_with_or_without_a_place():
    features = torch.randn(2, 16, 4, 6)
    tags, place = TagHead(16, 3, localises=True)(features)
    assert (tags.shape, place.shape) == ((2, 3), (2, 4))
    assert ((place > 0) & (place < 1)).all()
    assert TagHead(16, 3, localises=False)(features)[1] is None

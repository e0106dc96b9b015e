"""What detectors are to find, how regions are chosen, what is kept of all they say."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from reprise.layers.boxes import iou
from reprise.tasks.detect import KEPT, Detect, Objects, best_of, gather, move_loss, targets
from reprise.tasks.regions import sample
from reprise.tasks.single_pass import Grid, default_boxes

BOXES = torch.tensor([[[2.0, 2, 12, 12], [20, 20, 30, 30], [0, 0, 0, 0]], [[4, 4, 8, 8], [0, 0, 0, 0], [0, 0, 0, 0]]])
OBJECTS = Objects(
    BOXES, torch.tensor([[1, 2, 0], [3, 0, 0]]), torch.tensor([[True, True, False], [True, False, False]])
)


def test_candidates_are_to_find_what_they_overlap_most():
    candidates = torch.tensor([[2.0, 2, 12, 11], [20, 21, 30, 30], [40, 40, 50, 50], [0, 0, 0, 0]])
    place, found, overlap = targets(candidates, OBJECTS, 0.5)
    assert found.tolist() == [[True, True, False, False], [False] * 4]
    assert place[0, :2].tolist() == [0, 1]
    assert overlap[0].tolist() == pytest.approx([0.9, 0.9, 0, 0])


def test_every_object_gets_its_best_candidate_however_little_they_overlap():
    candidates = torch.tensor([[0.0, 0, 4, 4], [10, 10, 22, 22], [40, 40, 50, 50]])
    place, found, _ = targets(candidates, OBJECTS, 0.5, best_too=True)
    assert found.tolist() == [[True, True, False], [False, False, False]]  # the last object touches no candidate
    assert place[0, :2].tolist() == [0, 1]
    far = OBJECTS._replace(boxes=OBJECTS.boxes + 100)
    assert not targets(candidates, far, 0.5, best_too=True)[1].any()


def test_regions_are_chosen_at_random_with_their_share_of_objects():
    torch.manual_seed(0)
    there = torch.ones(50, 40, dtype=torch.bool)
    there[:, 30:] = False
    kind = torch.zeros_like(there)
    kind[:25, :20] = True
    kind[25:, :2] = True
    index = sample(there, kind, 16, 0.25)
    assert all(len(set(row)) == 16 for row in index.tolist())
    assert (index < 30).all()
    holds = kind.gather(1, index).sum(dim=1)
    assert (holds[:25] >= 4).all()  # 4 objects and 10 others there are: two more objects fill the places
    assert (holds[:25] == 6).all()
    assert (holds[25:] == 2).all()
    counts = torch.bincount(index[:25].flatten(), minlength=30)
    assert (counts > 0).all()


def test_no_object_and_no_candidate_is_no_error():
    empty = Objects(torch.zeros(2, 0, 4), torch.zeros(2, 0, dtype=torch.long), torch.zeros(2, 0, dtype=torch.bool))
    with pytest.raises((IndexError, RuntimeError)):
        targets(BOXES, empty, 0.5)
    nothing = OBJECTS._replace(there=torch.zeros(2, 3, dtype=torch.bool))
    assert not targets(BOXES, nothing, 0.5, best_too=True)[1].any()
    loss = move_loss(torch.zeros(2, 3, 4, requires_grad=True), BOXES, BOXES, torch.zeros(2, 3, dtype=torch.bool))
    assert loss.item() == 0


def test_gathering_takes_each_pictures_own_rows():
    found = gather(BOXES, torch.tensor([[1, 0], [0, 2]]))
    assert torch.equal(found[0], BOXES[0, [1, 0]])
    assert torch.equal(found[1], BOXES[1, [0, 2]])


def test_the_best_detections_are_kept_per_class_and_padded():
    boxes = torch.tensor([[[0.0, 0, 10, 10], [1, 0, 11, 10], [-5, -5, 5, 5], [3, 3, 3, 9]]])
    scores = torch.tensor([[[0.9, 0.2], [0.8, 0.7], [0.1, 0.3], [0.99, 0.99]]])
    found = best_of(boxes, scores, (8, 20))
    assert found["boxes"].shape == (1, KEPT, 4)
    kept = found["scores"][0] > 0
    assert found["scores"][0][kept].tolist() == pytest.approx([0.9, 0.7, 0.3, 0.1])
    assert found["classes"][0][kept].tolist() == [0, 1, 1, 0]
    assert found["place"][0][kept].tolist() == [0, 1, 2, 2]
    assert found["boxes"][0, 0].tolist() == [0, 0, 10, 8]
    assert (found["boxes"][0] >= 0).all()


def test_mirrored_pictures_take_their_boxes_and_masks_along():
    torch.manual_seed(1)
    task = Detect(torch.nn.Identity(), SimpleNamespace())
    image = torch.zeros(16, 10, 12, 3, dtype=torch.uint8)
    image[:, 2:5, 1:4] = 200
    masks = torch.zeros(16, 1, 10, 12, dtype=torch.uint8)
    masks[:, 0, 2:5, 1:4] = 1
    boxes = torch.tensor([[[1.0, 2, 4, 5]]]).expand(16, 1, 4)
    found = task.augment({"image": image, "boxes": boxes, "proposals": boxes, "masks": masks, "count": torch.ones(16)})
    turned = found["boxes"][:, 0, 0] != 1
    assert 0 < turned.sum() < 16
    for k in range(16):
        x1, y1, x2, y2 = found["boxes"][k, 0].int().tolist()
        assert (found["image"][k, y1:y2, x1:x2] == 200).all()
        assert (found["image"][k] == 200).sum() == 9 * 3
        assert found["masks"][k, 0, y1:y2, x1:x2].all()
    assert torch.equal(found["proposals"], found["boxes"])


@pytest.mark.parametrize("stride", [8, 16])
def test_the_cell_of_an_objects_middle_is_to_find_it(stride):
    task = Grid(torch.nn.Identity(), SimpleNamespace(stride=stride))
    place, found = task.cells_of(OBJECTS, (32, 48))
    columns = 48 // stride
    assert found.sum(dim=1).tolist() == [2, 1]
    for k, box in ((0, BOXES[0, 0]), (1, BOXES[0, 1])):
        middle = (box[:2] + box[2:]) / 2 // stride
        cell = int(middle[1]) * columns + int(middle[0])
        assert found[0, cell]
        assert place[0, cell] == k
        code = task.encode(box.expand(1, found.shape[1], 4), (32, 48))
        assert ((code[0, cell] >= 0) & (code[0, cell] <= 1)).all()
        torch.testing.assert_close(task.decode(code, (32, 48))[0, cell], box)


def test_default_boxes_leave_no_size_without_one_that_overlaps_half():
    """Squares from a twelfth to two thirds of the side, wherever they lie."""
    boxes = default_boxes((96, 96), torch.device("cpu"))
    generator = torch.Generator().manual_seed(0)
    side = 8 * 2 ** (3 * torch.rand(400, generator=generator))
    corner = torch.rand(400, 2, generator=generator) * (96 - side)[:, None]
    squares = torch.cat([corner, corner + side[:, None]], dim=1)
    best = iou(squares, boxes).amax(dim=1)
    assert (best >= 0.5).float().mean() > 0.9

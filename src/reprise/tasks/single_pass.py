"""Detectors of a single pass, a grid of cells (YOLO) or default boxes of several sizes (SSD); and tagging."""

from __future__ import annotations

from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

from reprise.data.batches import Batch
from reprise.layers.boxes import anchors, area, decode
from reprise.layers.focal import focal_loss
from reprise.tasks.detect import SCALES, Detect, Objects, best_of, gather, move_loss, targets
from reprise.tasks.task import Sums

BOX_WEIGHT = 5.0  # of a box's error beside the others (YOLO)
NEGATIVES = 3  # easy boxes without an object for each with one: the hardest ones train (SSD)
SIZES = (2.0, 3.0)  # of default boxes, in strides
STRIDES = (4, 8, 16)


class Grid(Detect):
    """One box a cell of the map at the settings' ``stride``; where an object's middle lies, its cell is to find it.

    ``loss``: ``cross_entropy`` or ``focal``, of whether a cell has an object, summed and divided by the number of
    objects, in both alike.
    """

    def loss(self, batch: Batch) -> Tensor:
        objects, images = self.objects(batch), self.images(batch)
        there, kinds, codes = self._cells(images)
        place, found = self.cells_of(objects, images.shape[2:])
        loss = self.there_loss(there.float(), found.float()).sum() / found.sum().clamp(min=1)
        label, wanted = gather(objects.classes, place)[found], gather(objects.boxes, place)
        loss = loss + F.cross_entropy(kinds.float()[found], label)
        code = self.encode(wanted, images.shape[2:])[found]
        return loss + BOX_WEIGHT * F.mse_loss(codes.float().sigmoid()[found], code)

    def there_loss(self, logits: Tensor, found: Tensor) -> Tensor:
        """Of each cell."""
        focal = self.settings.loss == "focal"
        return focal_loss(logits, found, *((self.settings.gamma, self.settings.alpha) if focal else (0.0, None)))

    def _cells(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        stride = self.settings.stride
        return self.model["head"](self.model["backbone"](images, (stride,))[stride])

    def cells_of(self, objects: Objects, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
        """(n, cells) which object each cell is to find, and whether there is one; of two in one cell, the last."""
        stride = self.settings.stride
        rows, columns = size[0] // stride, size[1] // stride
        middle = (objects.boxes[..., :2] + objects.boxes[..., 2:]) / 2 / stride
        column, row = (middle[..., axis].long().clamp(0, count - 1) for axis, count in ((0, columns), (1, rows)))
        place = torch.full((len(middle), rows * columns), -1, device=middle.device)
        cell = row * columns + column
        for k in range(cell.shape[1]):
            rows_with = objects.there[:, k].nonzero()[:, 0]
            place[rows_with, cell[rows_with, k]] = k
        return place.clamp(min=0), place >= 0

    def encode(self, boxes: Tensor, size: tuple[int, int]) -> Tensor:
        """(n, cells, 4) boxes -> their middle within the cell, and the roots of their sides' shares of the picture."""
        corner = self._corners(size, boxes.device)
        middle = ((boxes[..., :2] + boxes[..., 2:]) / 2 - corner) / self.settings.stride
        sides = (boxes[..., 2:] - boxes[..., :2]) / boxes.new_tensor([size[1], size[0]])
        return torch.cat([middle, sides.clamp(min=0).sqrt()], dim=-1)

    def decode(self, codes: Tensor, size: tuple[int, int]) -> Tensor:
        """What :meth:`encode` coded."""
        middle = codes[..., :2] * self.settings.stride + self._corners(size, codes.device)
        half = codes[..., 2:] ** 2 * codes.new_tensor([size[1], size[0]]) / 2
        return torch.cat([middle - half, middle + half], dim=-1)

    def _corners(self, size: tuple[int, int], device: torch.device) -> Tensor:
        stride = self.settings.stride
        cells = anchors((size[0] // stride, size[1] // stride), stride, (stride,))
        return cells[:, :2].to(device)

    def predict(self, batch: Batch) -> dict[str, Tensor]:
        images = self.images(batch)
        there, kinds, codes = self._cells(images)
        scores = there.float().sigmoid()[..., None] * kinds.float().softmax(dim=-1)
        found = best_of(self.decode(codes.float().sigmoid(), images.shape[2:]), scores, images.shape[2:])
        del found["place"]
        return found | {"there": there.float()}


@lru_cache(maxsize=8)
def default_boxes(size: tuple[int, int], device: torch.device) -> Tensor:
    """All default boxes: of every cell of three maps, squares of two sizes."""
    listed = [
        anchors((size[0] // stride, size[1] // stride), stride, tuple(stride * each for each in SIZES))
        for stride in STRIDES
    ]
    return torch.cat(listed).to(device)


class DefaultBoxes(Detect):
    """SSD: classes of default boxes by softmax with background, the hardest of the empty ones mined; boxes moved."""

    def loss(self, batch: Batch) -> Tensor:
        objects, images = self.objects(batch), self.images(batch)
        kinds, codes = self._boxes(images)
        boxes = default_boxes(tuple(images.shape[2:]), images.device)
        place, found, _ = targets(boxes, objects, 0.5, best_too=True)
        label = torch.where(found, gather(objects.classes, place) + 1, 0)
        each = F.cross_entropy(kinds.float().transpose(1, 2), label, reduction="none")
        hard = torch.where(found, -1.0, each.detach())
        rank = hard.argsort(dim=1, descending=True).argsort(dim=1)
        counted = found | (rank < NEGATIVES * found.sum(dim=1, keepdim=True).clamp(min=1))
        loss = (each * counted).sum() / found.sum().clamp(min=1)
        return loss + move_loss(codes, boxes.expand(len(codes), -1, -1), gather(objects.boxes, place), found)

    def _boxes(self, images: Tensor) -> tuple[Tensor, Tensor]:
        maps = self.model["backbone"](images, STRIDES)
        return self.model["head"]([maps[stride] for stride in STRIDES])

    def predict(self, batch: Batch) -> dict[str, Tensor]:
        images = self.images(batch)
        kinds, codes = self._boxes(images)
        boxes = decode(codes.float(), default_boxes(tuple(images.shape[2:]), images.device), SCALES)
        found = best_of(boxes, kinds.float().softmax(dim=-1)[..., 1:], images.shape[2:])
        del found["place"]
        return found


class Tagging(Detect):
    """Which classes a picture shows; with ``kind: localise`` also the box of its largest object, by a second head."""

    def loss(self, batch: Batch) -> Tensor:
        tags, place = self._heads(batch)
        loss = F.binary_cross_entropy_with_logits(tags.float(), self.shown(batch, tags.shape[1]))
        return loss if place is None else loss + BOX_WEIGHT * F.l1_loss(place.float(), self._largest(batch))

    def shown(self, batch: Batch, classes: int) -> Tensor:
        """(n, classes) 1 where an object of the class is there."""
        objects = self.objects(batch)
        one_hot = F.one_hot(objects.classes, classes) * objects.there[..., None]
        return one_hot.amax(dim=1).float()

    def _largest(self, batch: Batch) -> Tensor:
        """(n, 4) middle and size, shares of the picture."""
        objects = self.objects(batch)
        largest = (area(objects.boxes) * objects.there).argmax(dim=1)
        box = objects.boxes[torch.arange(len(largest)), largest]
        sides = torch.tensor([batch["image"].shape[2], batch["image"].shape[1]], device=box.device)
        return torch.cat([(box[:, :2] + box[:, 2:]) / 2 / sides, (box[:, 2:] - box[:, :2]) / sides], dim=1)

    def _heads(self, batch: Batch) -> tuple[Tensor, Tensor | None]:
        return self.model["head"](self.model["backbone"](self.images(batch), (16,))[16])

    def validate(self, batch: Batch) -> Sums:
        size = len(batch["image"])
        return {"val_loss": (self.loss(batch) * size, size)}

    def predict(self, batch: Batch) -> dict[str, Tensor]:
        tags, place = self._heads(batch)
        found = {"tags": tags.float()}
        if place is not None:
            sides = torch.tensor([batch["image"].shape[2], batch["image"].shape[1]] * 2, device=place.device)
            middle, half = place[:, :2], place[:, 2:] / 2
            found["box"] = torch.cat([middle - half, middle + half], dim=1).float() * sides
        return found

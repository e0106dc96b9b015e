"""What all detectors share: pictures with padded boxes come in, padded detections come out."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from reprise.data.batches import Batch
from reprise.layers.boxes import area, clip, encode, iou, nms
from reprise.tasks.task import Task

KEPT = 30  # detections of a picture
CANDIDATES = 100  # of them and their rivals that are compared
SUPPRESS = 0.5  # overlap from which the worse of two of one class goes
SCALES = (10.0, 10.0, 5.0, 5.0)  # of codes: all four are of about one size then


class Objects(NamedTuple):
    """What is in a batch: ``boxes`` (n, most, 4), ``classes`` (n, most) int64, ``there`` (n, most) bool."""

    boxes: Tensor
    classes: Tensor
    there: Tensor


class Detect(Task):
    """Trains on ``image`` (n, h, w, 3), ``boxes``, ``classes``, ``count``; predicts ``boxes``, ``scores``, ``classes``.

    Training pictures are mirrored left to right at random.
    """

    def images(self, batch: Batch) -> Tensor:
        """(n, 3, h, w) floats around 0."""
        return batch["image"].permute(0, 3, 1, 2).float() / 127.5 - 1

    def objects(self, batch: Batch) -> Objects:
        """What is there."""
        boxes = batch["boxes"].float()
        there = torch.arange(boxes.shape[1], device=boxes.device) < batch["count"][:, None]
        return Objects(boxes, batch["classes"].long(), there)

    def augment(self, batch: Batch) -> Batch:
        width = batch["image"].shape[2]
        turned = torch.rand(len(batch["image"]), device=batch["image"].device) < 0.5
        found = dict(batch)
        found["image"] = torch.where(turned[:, None, None, None], batch["image"].flip(2), batch["image"])
        for name in ("boxes", "proposals"):
            if name in batch:
                boxes = batch[name]
                other = torch.stack(
                    [width - boxes[..., 2], boxes[..., 1], width - boxes[..., 0], boxes[..., 3]], dim=-1
                )
                found[name] = torch.where(turned[:, None, None], other, boxes)
        if "masks" in batch:
            found["masks"] = torch.where(turned[:, None, None, None], batch["masks"].flip(3), batch["masks"])
        return found


def targets(
    candidates: Tensor, objects: Objects, least: float, best_too: bool = False
) -> tuple[Tensor, Tensor, Tensor]:
    """Which object each candidate box is to find.

    Args:
        candidates: (n, p, 4), or (p, 4) for the same in every picture.
        objects: what is there.
        least: overlap from which a candidate is to find the object that it overlaps most.
        best_too: the candidate that overlaps an object most is to find it, however little.

    Returns:
        (n, p) place of the object, (n, p) whether there is one to find, (n, p) the largest overlap.
    """
    overlap = iou(candidates, objects.boxes) * objects.there[:, None, :]
    largest, place = overlap.max(dim=2)
    found = largest >= least
    if best_too:
        of_object, best = overlap.max(dim=1)
        for k in range(best.shape[1]):  # a handful: where two objects have one best candidate, the last gets it
            rows = torch.nonzero(objects.there[:, k] & (of_object[:, k] > 0))[:, 0]
            place[rows, best[rows, k]] = k
            found[rows, best[rows, k]] = True
    return place, found, largest


def gather(values: Tensor, place: Tensor) -> Tensor:
    """(n, most, ...) values of the objects at (n, p) places -> (n, p, ...)."""
    index = place.reshape(*place.shape, *[1] * (values.ndim - 2)).expand(*place.shape, *values.shape[2:])
    return values.gather(1, index)


def move_loss(codes: Tensor, boxes: Tensor, wanted: Tensor, counted: Tensor) -> Tensor:
    """Smooth L1 of codes of ``boxes`` that are to become ``wanted``, over those that count, a mean over them."""
    sides = wanted[..., 2:] - wanted[..., :2]
    real = counted & (sides > 0).all(dim=-1) & (area(boxes) > 0)
    code = encode(wanted[real], boxes[real], SCALES)
    loss = F.smooth_l1_loss(codes[real].float(), code, reduction="sum", beta=1.0)
    return loss / real.sum().clamp(min=1)


def best_of(boxes: Tensor, scores: Tensor, size: tuple[int, int], suppress: float = SUPPRESS) -> dict[str, Tensor]:
    """The best detections of every picture.

    Args:
        boxes: (n, p, 4).
        scores: (n, p, classes) in [0, 1].
        size: height and width of the pictures.
        suppress: see ``SUPPRESS``.

    Returns:
        ``boxes`` (n, KEPT, 4) float32, ``scores`` (n, KEPT) falling, 0 where there is no more; ``classes`` uint8;
        ``place`` (n, KEPT): which of the p it was.
    """
    n, p, classes = scores.shape
    flat = scores.reshape(n, p * classes)
    top, index = flat.topk(min(CANDIDATES, p * classes), dim=1)
    place, kind = index // classes, index % classes
    chosen = clip(gather(boxes, place), size)
    stays = nms(chosen, top, suppress, kind) & (area(chosen) > 0)
    top = torch.where(stays, top, 0.0)
    best, order = top.sort(dim=1, descending=True, stable=True)
    best, order = best[:, :KEPT], order[:, :KEPT]
    missing = KEPT - best.shape[1]
    found = {
        "boxes": gather(chosen, order).float(),
        "scores": best.float(),
        "classes": kind.gather(1, order).to(torch.uint8),
        "place": place.gather(1, order),
    }
    if missing <= 0:
        return found
    return {name: F.pad(each, (0, 0, 0, missing) if each.ndim == 3 else (0, missing)) for name, each in found.items()}

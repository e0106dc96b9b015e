"""Detectors that look at regions: sliding window and R-CNN (each region by itself), Fast, Faster and Mask R-CNN."""

from __future__ import annotations

from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

from reprise.data.batches import Batch
from reprise.layers.boxes import anchors, area, clip, decode, iou, nms
from reprise.layers.regions import roi_align, roi_pool
from reprise.tasks.detect import SCALES, Detect, Objects, best_of, gather, move_loss, targets

POOLED = 4  # cells along each side of a region
MASK_CELLS = 8
FEATURE_STRIDE = 4
SAMPLED = 16  # regions of a picture that train
SHARE = 0.25  # of them that hold an object, at most
CROP = 32  # pixels along each side of a region that goes through the whole network
PROPOSED, CONSIDERED = 50, 150  # proposals of a picture that are kept, and among which
ANCHOR_SIZES = {4: 2.5, 8: 2.5, 16: 2.5}  # in strides
ASKED = 32  # anchors of a picture that train


def sample(there: Tensor, kind: Tensor, number: int, share: float) -> Tensor:
    """(n, number) places of a random choice of candidates, at most ``share`` of which are of the kind.

    Args:
        there: (n, p) bool: what may be chosen; others are where there is nothing else.
        kind: (n, p) bool.
    """
    draw = torch.rand(there.shape, device=there.device)
    rank = torch.where(kind & there, draw, -1.0).argsort(dim=1, descending=True).argsort(dim=1)
    chosen = kind & there & (rank < round(share * number))
    key = draw + 2.0 * chosen + 1.0 * (there & ~kind) - 1.0 * ~there
    return key.topk(min(number, there.shape[1]), dim=1).indices


class Regions(Detect):
    """Classifies given proposals (``proposals`` (n, p, 4), padded with empty ones) and moves them.

    The settings' ``kind``: ``window`` and ``rcnn`` send each region through the whole network, ``fast`` pools it from
    features that the picture has once. Windows are not moved.
    """

    @property
    def moves(self) -> bool:
        """Whether boxes are moved."""
        return self.settings.kind != "window"

    def regions(self, images: Tensor, boxes: Tensor) -> Tensor:
        """(n, 3, h, w) pictures and (n, p, 4) boxes -> (n * p, channels, POOLED, POOLED)."""
        n, p = boxes.shape[:2]
        picture = torch.arange(n, device=boxes.device).repeat_interleave(p)
        flat = boxes.reshape(-1, 4)
        if self.settings.kind == "fast":
            features = self.model["backbone"](images, (FEATURE_STRIDE,))[FEATURE_STRIDE]
            return roi_pool(features, flat, picture, POOLED, 1 / FEATURE_STRIDE)
        crops = roi_align(images, flat, picture, CROP, 1.0, samples=1)
        return F.max_pool2d(self.model["backbone"](crops, (FEATURE_STRIDE,))[FEATURE_STRIDE], CROP // 4 // POOLED)

    def proposals(self, batch: Batch) -> Tensor:
        """(n, p, 4)."""
        return batch["proposals"].float()

    def loss(self, batch: Batch) -> Tensor:
        objects = self.objects(batch)
        boxes, place, found = self.chosen(self.proposals(batch), objects)
        kind, codes = self.model["head"](self.regions(self.images(batch), boxes))
        return self.region_loss(kind, codes, boxes, place, found, objects)

    def chosen(self, proposals: Tensor, objects: Objects) -> tuple[Tensor, Tensor, Tensor]:
        """Regions to train on, with the object that each is to find; objects' own boxes are among the proposals."""
        if self.moves:
            proposals = torch.cat([proposals, objects.boxes], dim=1)
        place, found, _ = targets(proposals, objects, self.settings.overlap)
        index = sample(area(proposals) > 0, found, SAMPLED, SHARE)
        return gather(proposals, index), place.gather(1, index), found.gather(1, index)

    def region_loss(
        self, kind: Tensor, codes: Tensor, boxes: Tensor, place: Tensor, found: Tensor, objects: Objects
    ) -> Tensor:
        """Cross-entropy of what regions show, and smooth L1 of how those with an object must move."""
        n, p = place.shape
        label = torch.where(found, gather(objects.classes, place) + 1, 0)
        loss = F.cross_entropy(kind.float(), label.flatten())
        if self.moves:
            loss = loss + move_loss(codes.reshape(n, p, 4), boxes, gather(objects.boxes, place), found)
        return loss

    def predict(self, batch: Batch) -> dict[str, Tensor]:
        images, proposals = self.images(batch), self.proposals(batch)
        found = self.detected(self.regions(images, proposals), proposals, images.shape[2:])
        del found["place"]
        return found

    def detected(self, regions: Tensor, proposals: Tensor, size: tuple[int, int]) -> dict[str, Tensor]:
        """The best detections among proposals, empty ones left out."""
        n, p = proposals.shape[:2]
        kind, codes = self.model["head"](regions)
        scores = kind.float().softmax(dim=1)[:, 1:].reshape(n, p, -1) * (area(proposals) > 0)[..., None]
        boxes = decode(codes.float().reshape(n, p, 4), proposals, SCALES) if self.moves else proposals
        return best_of(boxes, scores, size)


@lru_cache(maxsize=8)
def all_anchors(size: tuple[int, int], device: torch.device) -> Tensor:
    """Square anchors, one a cell, of every stride."""
    listed = [
        anchors((size[0] // stride, size[1] // stride), stride, (stride * factor,))
        for stride, factor in ANCHOR_SIZES.items()
    ]
    return torch.cat(listed).to(device)


class Faster(Regions):
    """Faster R-CNN: a head on the features proposes regions, the same features are pooled; both train together.

    With ``kind: mask`` regions are aligned, not pooled, and a third head draws masks (Mask R-CNN); it trains on
    ``masks`` (n, most, h, w).
    """

    def loss(self, batch: Batch) -> Tensor:
        objects, images = self.objects(batch), self.images(batch)
        maps = self.model["backbone"](images)
        there, codes = self.model["proposer"](list(maps.values()))
        loss = self.proposal_loss(there.float(), codes.float(), objects, images.shape[2:])
        with torch.no_grad():
            proposals = self.proposed(there.float(), codes.float(), images.shape[2:])
            boxes, place, found = self.chosen(proposals, objects)
        kind, moves = self.model["head"](self.pooled(maps, boxes, POOLED))
        loss = loss + self.region_loss(kind, moves, boxes, place, found, objects)
        return loss + self.mask_loss(maps, boxes, place, found, batch) if self.settings.kind == "mask" else loss

    def pooled(self, maps: dict[int, Tensor], boxes: Tensor, size: int) -> Tensor:
        """(n * p, channels, size, size)."""
        picture = torch.arange(len(boxes), device=boxes.device).repeat_interleave(boxes.shape[1])
        layer = roi_align if self.settings.kind == "mask" else roi_pool
        return layer(maps[FEATURE_STRIDE], boxes.reshape(-1, 4), picture, size, 1 / FEATURE_STRIDE)

    def proposal_loss(self, there: Tensor, codes: Tensor, objects: Objects, size: tuple[int, int]) -> Tensor:
        """Over a random choice of anchors: whether they hold anything, and how those that do must move."""
        boxes = all_anchors(tuple(size), there.device)
        place, found, overlap = targets(boxes, objects, 0.5, best_too=True)
        index = sample(found | (overlap < 0.3), found, ASKED, 0.5)
        wanted = found.gather(1, index)
        loss = F.binary_cross_entropy_with_logits(there.gather(1, index), wanted.float())
        chosen = boxes[index]
        return loss + move_loss(gather(codes, index), chosen, gather(objects.boxes, place.gather(1, index)), wanted)

    def proposed(self, there: Tensor, codes: Tensor, size: tuple[int, int]) -> Tensor:
        """(n, PROPOSED, 4), empty where there are fewer."""
        top, index = there.topk(min(CONSIDERED, there.shape[1]), dim=1)
        boxes = clip(decode(gather(codes, index), all_anchors(tuple(size), there.device)[index], SCALES), tuple(size))
        stays = nms(boxes, top, 0.7) & (area(boxes) > 1)
        order = torch.where(stays, top, -torch.inf).topk(min(PROPOSED, top.shape[1]), dim=1).indices
        return gather(boxes, order) * stays.gather(1, order)[..., None]

    def mask_loss(self, maps: dict[int, Tensor], boxes: Tensor, place: Tensor, found: Tensor, batch: Batch) -> Tensor:
        """Cross-entropy of each pixel of the object that a region is to find, by the head of its class alone."""
        picture, which = found.nonzero(as_tuple=True)
        if not len(picture):
            return boxes.new_zeros(())
        objects, chosen = place[picture, which], boxes[picture, which]
        logits = self.model["mask"](roi_align(maps[FEATURE_STRIDE], chosen, picture, MASK_CELLS, 1 / FEATURE_STRIDE))
        masks = batch["masks"][picture, objects][:, None].float()
        wanted = roi_align(masks, chosen, torch.arange(len(chosen), device=boxes.device), logits.shape[2], 1.0)[:, 0]
        kinds = batch["classes"][picture, objects].long()
        own = logits[torch.arange(len(kinds), device=boxes.device), kinds].float()
        return F.binary_cross_entropy_with_logits(own, wanted)

    def predict(self, batch: Batch) -> dict[str, Tensor]:
        images = self.images(batch)
        maps = self.model["backbone"](images)
        there, codes = self.model["proposer"](list(maps.values()))
        proposals = self.proposed(there.float(), codes.float(), images.shape[2:])
        found = self.detected(self.pooled(maps, proposals, POOLED), proposals, images.shape[2:])
        del found["place"]
        found["proposals"] = proposals
        if self.settings.kind == "mask":
            boxes = found["boxes"]
            picture = torch.arange(len(boxes), device=boxes.device).repeat_interleave(boxes.shape[1])
            regions = roi_align(maps[FEATURE_STRIDE], boxes.reshape(-1, 4), picture, MASK_CELLS, 1 / FEATURE_STRIDE)
            logits = self.model["mask"](regions).float()
            kinds = found["classes"].long().flatten()
            own = logits[torch.arange(len(kinds), device=boxes.device), kinds]
            found["masks"] = torch.sigmoid(own).reshape(*boxes.shape[:2], *own.shape[1:]).half()
        return found


def recall(proposals: Tensor, objects: Objects, overlap: float = 0.5) -> Tensor:
    """Share of objects that some proposal overlaps so far."""
    best = iou(proposals, objects.boxes).amax(dim=1)
    return ((best >= overlap) & objects.there).sum() / objects.there.sum()

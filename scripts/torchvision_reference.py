"""What torchvision's operators give for random boxes, as tests/layers/torchvision.npz: parity without depending on it.

torchvision's compiled operators load beside the one torch they were built for, and this project fixes another. So they
are asked once, in an environment of their own::

    python -m venv other && other/bin/pip install torch==2.14.1 torchvision==0.29.1 numpy
    other/bin/python scripts/torchvision_reference.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
import torchvision
from torchvision import ops
from torchvision.models.detection._utils import BoxCoder

OUT = Path(__file__).parents[1] / "tests" / "layers" / "torchvision.npz"


def some_boxes(rng: np.random.Generator, count: int, width: float, height: float) -> torch.Tensor:
    """Boxes of all sizes, some beyond the picture."""
    centre = rng.uniform([-5, -5], [width + 5, height + 5], (count, 2))
    half = np.exp(rng.uniform(-1, np.log(max(width, height)), (count, 2))) / 2
    return torch.from_numpy(np.concatenate([centre - half, centre + half], 1).astype(np.float32))


def main() -> None:
    """Writes the file."""
    rng = np.random.default_rng(0)
    height, width = 44, 56
    boxes, others = some_boxes(rng, 60, width, height), some_boxes(rng, 40, width, height)
    boxes[:6] = torch.round(boxes[:6])  # whole corners, where rounding matters
    boxes[6:12] = torch.floor(boxes[6:12] / 4) * 4 + 2  # halves of a cell
    boxes[:, 2:] = torch.maximum(boxes[:, 2:], boxes[:, :2] + 1)
    near = boxes.repeat(4, 1) + torch.from_numpy(rng.normal(0, 2, (240, 4)).astype(np.float32))
    near[:, 2:] = torch.maximum(near[:, 2:], near[:, :2] + 0.5)
    scores = torch.from_numpy(rng.permutation(240).astype(np.float32) / 240)
    classes = torch.from_numpy(rng.integers(0, 3, 240))
    features = torch.from_numpy(rng.normal(size=(2, 3, height // 4, width // 4)).astype(np.float32))
    picture = torch.from_numpy(rng.integers(0, 2, 60))
    regions = torch.cat([picture[:, None].float(), boxes], 1)
    logits = torch.from_numpy(rng.normal(0, 4, (200,)).astype(np.float32))
    targets = torch.from_numpy(rng.integers(0, 2, 200).astype(np.float32))
    coder = BoxCoder((10.0, 10.0, 5.0, 5.0))
    codes = coder.encode_single(others, boxes[:40])
    given: dict[str, torch.Tensor] = {
        "boxes": boxes, "others": others, "near": near, "scores": scores, "classes": classes, "features": features,
        "picture": picture, "logits": logits, "targets": targets,
    }  # fmt: skip
    found = {
        "iou": ops.box_iou(boxes, others),
        "giou": ops.generalized_box_iou(boxes, others),
        "codes": codes,
        "decoded": coder.decode_single(codes * 3, boxes[:40]),
        **{f"nms_{t}": ops.nms(near, scores, t / 10) for t in (1, 3, 5, 7)},
        **{f"nms_per_class_{t}": ops.batched_nms(near, scores, classes, t / 10) for t in (3, 5)},
        **{f"roi_pool_{n}": ops.roi_pool(features, regions, n, 0.25) for n in (1, 2, 5)},
        **{f"roi_align_{n}": ops.roi_align(features, regions, n, 0.25, 2, aligned=True) for n in (1, 2, 5)},
        "roi_align_3_samples": ops.roi_align(features, regions, 4, 0.25, 3, aligned=True),
        **{f"focal_{g}": ops.sigmoid_focal_loss(logits, targets, 0.25, float(g)) for g in (0, 1, 2, 5)},
        "focal_2_even": ops.sigmoid_focal_loss(logits, targets, -1, 2.0),
    }
    arrays = {name: tensor.numpy() for name, tensor in (given | found).items()}
    np.savez_compressed(OUT, version=np.array(torchvision.__version__), **arrays)
    print(f"{OUT}: {len(arrays)} arrays of torchvision {torchvision.__version__}")


if __name__ == "__main__":
    main()

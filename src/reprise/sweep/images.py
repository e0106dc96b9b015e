"""Prepared images as a sweep takes them: tensors in memory, as many as asked for, and smaller where that is enough."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from reprise.data.cifar import load
from reprise.sweep.work import Examples


def image_examples(path: Path, train: int, test: int, shrink: int = 1) -> tuple[Examples, Examples]:
    """Training and test images of a prepared file, spread over it, since official test files may be sorted.

    Args:
        path: what ``prepare`` wrote; its name is the data set's.
        train, test: how many.
        shrink: squares of so many pixels become their mean.

    Returns:
        Twice images (n, channels, h / shrink, w / shrink) in [0, 1] and labels (n,).

    Raises:
        ValueError: the file has fewer.
    """
    found = load(path)
    parts = []
    for wanted, pixels, labels in (
        (train, found.train_images, found.train_labels),
        (test, found.test_images, found.test_labels),
    ):
        if not 1 <= wanted <= len(labels):
            raise ValueError(f"{path}: {len(labels)} images, {wanted} are asked for; raise data.{path.stem}")
        taken = np.arange(wanted) * len(labels) // wanted
        x = torch.from_numpy(pixels[taken]).permute(0, 3, 1, 2).float() / 255
        parts.append((F.avg_pool2d(x, shrink), torch.from_numpy(labels[taken].astype(np.int64))))
    return parts[0], parts[1]

"""Networks that learned digits, put to letters with a new last layer, frozen or tuned, or from scratch (claim 165)."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor, nn

from reprise.data import cifar
from reprise.data.parts import TrainingData
from reprise.models.minivgg import MiniVGG
from reprise.networks import adopt as adopt_all
from reprise.studies.transfer.settings import TransferSettings
from reprise.tasks.classify import Classify
from reprise.workspace import Workspace

HEAD = "output."  # the last layer
WITH_DIGITS = 47  # classes of EMNIST's Balanced and ByMerge, of which the first ten are digits
DIGITS = 10


def data(workspace: Workspace, settings: TransferSettings, seed: int) -> TrainingData:
    """All digits; or so many of each letter, chosen by the seed, and all test letters.

    Raises:
        ValueError: there are fewer of some letter.
    """
    name = "digits" if settings.per_class is None else "letters"
    images = cifar.load(workspace.prepared(name))
    count = len(images.train_labels)
    train = np.arange(count)
    test = np.arange(len(images.test_labels))
    first = 0
    if settings.per_class is not None:
        if images.classes == WITH_DIGITS:  # the first network has seen these
            first = DIGITS
            train, test = (np.flatnonzero(each >= first) for each in (images.train_labels, images.test_labels))
        train = few(images.train_labels, train, settings.per_class, np.random.default_rng([165, seed]))
    return TrainingData(
        cifar.as_arrays(images.train_images[train], images.train_labels[train] - first, train),
        test=cifar.as_arrays(images.test_images[test], images.test_labels[test] - first, count + test),
        structure=images.classes - first,
    )


def few(labels: np.ndarray, among: np.ndarray, per_class: int, rng: np.random.Generator) -> np.ndarray:
    """So many places of each class ``among`` all, at random, in rising order.

    Raises:
        ValueError: a class has fewer.
    """
    chosen = []
    for label in np.unique(labels[among]):
        members = among[labels[among] == label]
        if len(members) < per_class:
            raise ValueError(f"per_class: found {per_class}, but class {label} has {len(members)} images")
        chosen.append(rng.choice(members, per_class, replace=False))
    return np.sort(np.concatenate(chosen))


def build(settings: TransferSettings, shapes: dict[str, tuple[int, ...]], structure: Any = None) -> nn.Module:
    """The mini-VGG without dropout; ``structure`` is the number of classes."""
    size, _, channels = shapes["image"]
    model = MiniVGG(
        classes=structure or DIGITS,
        channels=channels,
        size=size,
        width=settings.width,
        hidden=16 * settings.width,
        dropout=(0.0, 0.0, 0.0),
    )
    if settings.frozen:
        for name, parameter in model.named_parameters():
            parameter.requires_grad_(name.startswith(HEAD))
    return model


def adopt(model: nn.Module, weights: dict[str, Tensor], settings: TransferSettings) -> None:
    """All layers but the last: that one starts anew, even where both tasks have as many classes."""
    adopt_all(model, {name: tensor for name, tensor in weights.items() if not name.startswith(HEAD)})


task = Classify  # cross-entropy

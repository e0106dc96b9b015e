"""What generators draw, what a classifier makes of it, and what critics have learned (claims 99-101)."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from reprise.data import cifar, digits
from reprise.data.parts import Arrays
from reprise.metrics.generation import frechet_distance, nearest_distance, precision_recall
from reprise.models.digitnet import DigitNet
from reprise.networks import Network, load_networks
from reprise.studies.rivals.settings import CLASSES, JUDGE
from reprise.workspace import Workspace

STUDY = "rivals"
SEED = 101  # of all codes
RIDGE = 1.0  # of the linear probe, on features of unit variance
WALKS = 4  # pairs of codes that are walked between


def probe(network: Network, workspace: Workspace) -> Arrays:
    """Asks one network.

    Returns:
        Of generators: ``asked`` (n,) labels and ``named`` (n,) what the judge calls the images; ``distance`` (),
        ``precision`` (), ``recall`` () against as many test images; ``copies`` (n,) distance to the nearest training
        image, pixels in [0, 1]; ``probed`` (), test accuracy of a linear classifier on the critic's features;
        ``sheet`` (10, 10, h, w) uint8, a label a column; ``walk`` (4, steps, h, w); ``epochs`` (epochs, 10, h, w).
        Of the judge: ``distance`` () of training from test images, ``halved`` () of training images of half of the
        classes, and ``copies`` (n,) of test images.
    """
    images = digits.load(workspace.prepared("digits"))
    changed = (workspace.run(JUDGE) / "weights.safetensors").stat().st_mtime_ns
    reference = _reference(workspace.root, changed, workspace.config.probe.drawn)
    if network.settings.network == JUDGE:
        return {
            "distance": np.array(reference.floor),
            "halved": np.array(reference.halved),
            "copies": reference.copies,
        }
    settings, model = workspace.config.probe, network.model
    asked = torch.arange(settings.drawn, device=network.device) % CLASSES
    codes = _codes(settings.drawn, model.latent).to(network.device)
    with torch.inference_mode():
        drawn = _bytes(model.draw(codes, asked))
    features, named = judged(reference.judge, drawn)
    count = min(len(features), len(reference.features))
    distance = frechet_distance(features[:count], reference.features[:count])
    precision, recall = precision_recall(reference.features[:count], features[:count])
    return {
        "asked": asked.cpu().numpy(),
        "named": named,
        "distance": np.array(distance),
        "precision": np.array(precision),
        "recall": np.array(recall),
        "copies": nearest_distance(_flat(drawn), _flat(images.train_images[..., 0])),
        "probed": np.array(_probed(network, images)),
        "sheet": _sheet(network),
        "walk": _walk(network, settings.steps),
        "epochs": model.sheets.cpu().numpy(),
    }


class Reference:
    """What drawn images are held against.

    Attributes:
        judge: the classifier.
        features: (n, d) of test images.
        floor: Fréchet distance between as many training and test images.
        halved: mean Fréchet distance of training images of half of the classes alone: of drawings without a fault, but
            that half of the classes are lost.
        copies: (n,) of test images, the distance to the nearest training image.
    """

    def __init__(self, judge: DigitNet, images: cifar.Images, count: int) -> None:
        self.judge = judge
        test, train = images.test_images[:count, ..., 0], images.train_images[:count, ..., 0]
        self.features, _ = judged(judge, test)
        same = min(len(test), len(train))
        self.floor = frechet_distance(self.features[:same], judged(judge, train)[0][:same])
        self.halved = self._halved(images.train_images[: 2 * count, ..., 0], images.train_labels[: 2 * count], same)
        self.copies = nearest_distance(_flat(test), _flat(images.train_images[..., 0]))

    def _halved(self, train: np.ndarray, labels: np.ndarray, same: int) -> float:
        features = judged(self.judge, train)[0]
        half = CLASSES // 2
        kept = ((labels.astype(int) - first) % CLASSES < half for first in range(CLASSES))  # 0-4, 1-5, ..., 9-3
        return float(np.mean([frechet_distance(features[each][:same], self.features[:same]) for each in kept]))


@functools.lru_cache(maxsize=1)
def _reference(root: Path, changed: int, count: int) -> Reference:
    """The same for all seeds of a variant, as long as the judge is the same."""
    workspace = Workspace(STUDY, root)
    return Reference(next(load_networks(workspace, JUDGE)).model, digits.load(workspace.prepared("digits")), count)


def judged(judge: DigitNet, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What a classifier makes of (n, h, w) uint8 images: features of its last hidden layer (n, d), classes (n,)."""
    found, classes = [], []
    with torch.inference_mode():
        for part in torch.from_numpy(images).to(judge.dense2.weight.device).split(500):
            hidden = judge.features(part[:, None].float() / 255)
            found.append(hidden.cpu().numpy())
            classes.append(judge.dense2(hidden).argmax(dim=1).cpu().numpy())
    return np.concatenate(found), np.concatenate(classes)


def _probed(network: Network, images: cifar.Images) -> float:
    """Test accuracy of a ridge regression of the labels on the critic's features."""
    model, count = network.model, 4000
    features = []
    for pictures in (images.train_images[:count], images.test_images):
        real = torch.from_numpy(pictures).permute(0, 3, 1, 2).float().to(network.device) / 127.5 - 1
        labels = torch.zeros(len(real), dtype=torch.long, device=network.device)
        more = torch.zeros_like(model.more(labels))  # no label is given away
        with torch.inference_mode():
            parts = zip(real.split(500), more.split(500), strict=True)
            features.append(torch.cat([model.critic.features(*part) for part in parts]).double().cpu().numpy())
    train, test = features
    middle, spread = train.mean(axis=0), train.std(axis=0) + 1e-6
    train, test = ((each - middle) / spread for each in (train, test))
    labels = images.train_labels[:count].astype(int)
    gram = train.T @ train + RIDGE * np.eye(train.shape[1])
    weights = np.linalg.solve(gram, train.T @ (np.eye(CLASSES)[labels] - 1 / CLASSES))
    return float(((test @ weights).argmax(axis=1) == images.test_labels).mean())


def _sheet(network: Network) -> np.ndarray:
    """(10, 10, h, w): a code a row, a label a column; without labels a hundred codes."""
    model, rows = network.model, CLASSES
    labels = torch.arange(rows * CLASSES, device=network.device) % CLASSES
    codes = _codes(rows * CLASSES, model.latent).to(network.device)
    if model.classes:
        codes = codes[:rows].repeat_interleave(CLASSES, dim=0)
    with torch.inference_mode():
        return _bytes(model.draw(codes, labels)).reshape(rows, CLASSES, *model.sheets.shape[2:])


def _walk(network: Network, steps: int) -> np.ndarray:
    """(4, steps, h, w): straight from one code to another, the label kept."""
    model = network.model
    codes = _codes(2 * WALKS, model.latent).to(network.device)
    share = torch.linspace(0, 1, steps, device=network.device)[None, :, None]
    between = (1 - share) * codes[:WALKS, None] + share * codes[WALKS:, None]
    labels = torch.arange(WALKS, device=network.device).repeat_interleave(steps)
    with torch.inference_mode():
        return _bytes(model.draw(between.flatten(0, 1), labels)).reshape(WALKS, steps, *model.sheets.shape[2:])


def _codes(count: int, latent: int) -> Tensor:
    return torch.randn(count, latent, generator=torch.Generator().manual_seed(SEED))


def _bytes(images: Tensor) -> np.ndarray:
    """(n, 1, h, w) in [-1, 1] -> (n, h, w) uint8."""
    return ((images[:, 0].float() + 1) * 127.5).round().to(torch.uint8).cpu().numpy()


def _flat(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1) / 255

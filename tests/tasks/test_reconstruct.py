"""The losses of reconstruction, by hand; and that labels without weight change nothing."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from reprise.models.autoencoder import AutoEncoder
from reprise.studies.encoder.settings import EncoderSettings
from reprise.tasks.reconstruct import Reconstruct


def settings(**more):
    return EncoderSettings(epochs=1, batch_size=4, learning_rate=1e-3, examples=10, code=3, width=2, **more)


def batch(seed=0):
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (6, 8, 8, 1)).astype(np.uint8)
    return {"image": torch.from_numpy(images), "label": torch.from_numpy(rng.integers(0, 10, 6))}


def model(classes=0):
    torch.manual_seed(0)
    return AutoEncoder(3, size=8, width=2, classes=classes)


@pytest.mark.parametrize("weight", [0.0, 0.01, 2.0])
def test_the_loss_is_the_sum_of_both_by_hand(weight):
    task, given = Reconstruct(model(10), settings(label_weight=weight)), batch()
    images = given["image"].numpy().transpose(0, 3, 1, 2) / 255
    code, decoded = task.model(torch.from_numpy(images).float())
    logits = task.model.labels(code).detach().numpy().astype(float)
    log = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    entropy = -log[np.arange(6), given["label"].numpy()].mean()
    expected = ((decoded.detach().numpy() - images) ** 2).mean() + weight * entropy
    assert task.loss(given).item() == pytest.approx(expected, rel=1e-5)


def test_labels_without_weight_are_not_looked_at():
    task, one, other = Reconstruct(model(), settings()), batch(), batch()
    other["label"] = (other["label"] + 1) % 10
    assert torch.equal(task.loss(one), task.loss(other))
    weighed = Reconstruct(model(10), settings(label_weight=0.1))
    assert not torch.equal(weighed.loss(one), weighed.loss(other))


def test_the_error_of_each_image_has_the_loss_as_its_mean():
    task, given = Reconstruct(model(), settings()), batch()
    errors = task.predict(given)["error"]
    assert errors.shape == (6,)
    assert errors.mean().item() == pytest.approx(task.loss(given).item(), rel=1e-6)

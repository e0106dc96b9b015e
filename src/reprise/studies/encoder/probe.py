"""What codes are good for: telling classes, standing a push, and telling letters of which the encoder saw none."""

from __future__ import annotations

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from reprise.data import cifar
from reprise.data.parts import Arrays
from reprise.networks import Network
from reprise.studies.encoder import judging
from reprise.studies.encoder.settings import Probe
from reprise.studies.encoder.train import data
from reprise.workspace import Workspace

SHOWN = 6  # test images that are shown with what becomes of them
AT_ONCE = 1000


def probe(network: Network, workspace: Workspace) -> Arrays:
    """Asks one network.

    Returns:
        Of a classifier ``known`` (1,): its accuracy on the training images. Of an encoder ``linear`` (n,) uint8: test
        images whose class a linear classifier on the codes tells. Of an encoder of digits without labels also what
        ``moved`` and ``letters`` return.
    """
    found = data(workspace, network.settings, network.seed)
    train, test = found.train, found.test
    if network.settings.classifies:
        right = network.predict(train)["logits"].argmax(axis=1) == train["label"]
        return {"known": np.array([right.mean()])}
    codes, asked = encode(network, train["image"]), encode(network, test["image"])
    linear = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(codes, train["label"])
    answers = {"linear": (linear.predict(asked) == test["label"]).astype(np.uint8)}
    if network.settings.images == "digits" and not network.settings.label_weight:
        settings = workspace.config.probe
        answers |= moved(network, train, test, codes, settings)
        answers |= letters(network, cifar.load(workspace.prepared("letters")), settings)
    return answers


def encode(network: Network, images: np.ndarray) -> np.ndarray:
    """(n, h, w, c) bytes -> (n, code)."""
    return _ask(network, lambda part: network.model.encoder(network.task.images({"image": part})), images)


def decode(network: Network, codes: np.ndarray) -> np.ndarray:
    """(n, code) -> (n, h, w, c) in [0, 1]."""
    decoder = network.model.decoder
    return _ask(network, lambda part: decoder(part).permute(0, 2, 3, 1).clamp(0, 1), codes.astype(np.float32))


def _ask(network: Network, of, arrays: np.ndarray) -> np.ndarray:
    with torch.inference_mode():
        parts = [
            of(torch.from_numpy(np.ascontiguousarray(arrays[k : k + AT_ONCE])).to(network.device)).float().cpu().numpy()
            for k in range(0, len(arrays), AT_ONCE)
        ]
    return np.concatenate(parts)


def moved(network: Network, train: Arrays, test: Arrays, codes: np.ndarray, settings: Probe) -> Arrays:
    """Codes of test images, moved at random, decoded, and the nearest training image of what comes out.

    Returns:
        ``moved/kept`` (strengths + 1, images) uint8 whether that is of the test image's class, without a move first;
        ``moved/far`` its distance (root mean square); ``moved/noise`` the same for pictures that the same distance of
        pixel noise was added to; ``moved/pictures`` (SHOWN, strengths + 2, h, w) uint8, the test image first.
    """
    images, labels = test["image"][: settings.images], test["label"][: settings.images]
    rng = np.random.default_rng([47, network.seed])
    at, spread = encode(network, images), codes.std(axis=0)
    push = rng.standard_normal(at.shape)
    known = judging.flat(train["image"])
    still = judging.flat(decode(network, at) * 255)
    kept, far, noise, pictures = [], [], [], [images]
    for strength in (0.0, *settings.strengths):
        decoded = decode(network, at + strength * spread * push) * 255
        pictures.append(decoded)
        decoded = judging.flat(decoded)
        nearest, distances = judging.nearest(decoded, known)
        kept.append(train["label"][nearest] == labels)
        far.append(distances)
        noisy = judging.noised(still, np.sqrt(((decoded - still) ** 2).mean(axis=1)), rng)
        noise.append(judging.nearest(noisy, known)[1])
    shown = np.stack([np.rint(each[:SHOWN, ..., 0]).astype(np.uint8) for each in pictures], axis=1)
    return {
        "moved/kept": np.array(kept).astype(np.uint8),
        "moved/far": np.array(far, np.float32),
        "moved/noise": np.array(noise, np.float32),
        "moved/pictures": shown,
    }


def letters(network: Network, images: cifar.Images, settings: Probe) -> Arrays:
    """Letters told by the nearest mean of a few known ones, in codes and in pixels.

    Returns:
        ``letters/code`` and ``letters/pixels`` (shots, draws): accuracy on the test letters, the same letters known.
    """
    first = 10 if images.classes == judging.WITH_DIGITS else 0  # the encoder has seen the digits
    train, test = images.train_labels >= first, images.test_labels >= first
    spaces = {
        "code": (encode(network, images.train_images[train]), encode(network, images.test_images[test])),
        "pixels": (judging.flat(images.train_images[train]), judging.flat(images.test_images[test])),
    }
    labels = images.train_labels[train], images.test_labels[test]
    return {
        f"letters/{name}": np.array(
            [
                [judging.by_means(*both, *labels, shots, np.random.default_rng([48, k])) for k in range(settings.draws)]
                for shots in settings.shots
            ]
        )
        for name, both in spaces.items()
    }

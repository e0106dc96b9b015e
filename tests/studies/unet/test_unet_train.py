"""Training tiles are cut so that the network's answer covers the picture, and labels and weights are what they say."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from reprise.data.borders import border_weights, carved
from reprise.data.cell_shapes import generate
from reprise.data.cells import Cells as Prepared
from reprise.models.tiles import unet_margin, unet_output
from reprise.studies.unet.settings import UNetSettings
from reprise.studies.unet.train import build, targets, task, tiles

IMAGES, NUMBERS = generate(3, 96, 1)
PREPARED = Prepared(IMAGES, NUMBERS, np.array([0, 0, 2], np.uint8))


def settings(**changes):
    base = {"epochs": 1, "batch_size": 1, "learning_rate": 1e-3, "width": 2, "depth": 2, "tile": 40, "tiles": 4}
    return UNetSettings(**base | changes)


def test_tiles_have_the_networks_size_and_their_middle_is_a_part_of_the_picture():
    found = tiles(PREPARED, settings(), 0)
    side = found["image"].shape[-1]
    output = unet_output(side, 2)
    assert len(found["image"]) == 8
    assert output >= 40
    border = unet_margin(2) // 2
    for tile, picture in zip(found["image"], np.repeat(IMAGES[:2], 4, axis=0), strict=True):
        middle = tile[border:-border, border:-border]
        windows = np.lib.stride_tricks.sliding_window_view(picture, middle.shape)
        assert (windows == middle).all(axis=(2, 3)).any()
    assert (tiles(PREPARED, settings(), 1)["image"] != found["image"]).any()


def test_a_tile_larger_than_the_picture_is_mirrored_and_the_whole_picture_is_in_it():
    found = tiles(PREPARED, settings(tile=120, tiles=1), 0)
    border = unet_margin(2) // 2
    np.testing.assert_array_equal(found["image"][0][border : border + 96, border : border + 96], IMAGES[0])


def test_labels_are_carved_and_weighted_as_the_settings_say():
    inside, weights = targets(NUMBERS, settings())
    np.testing.assert_array_equal(inside[0], carved(NUMBERS[0]))
    share = inside.mean()
    expected = border_weights(np.where(inside[0], NUMBERS[0], 0)) + np.where(inside[0], 0.5 / share, 0.5 / (1 - share))
    np.testing.assert_allclose(weights[0], expected, rtol=1e-5)
    whole, flat = targets(NUMBERS, settings(carve=False, border=0.0, balance=False))
    np.testing.assert_array_equal(whole, NUMBERS > 0)
    assert (flat == 1).all()


def test_the_loss_is_the_weighted_cross_entropy_of_the_middle():
    cells = task(build(settings(), {}), settings(augment=False))
    batch = {name: torch.from_numpy(array[:2]) for name, array in tiles(PREPARED, settings(), 0).items()}
    logits = cells.model(cells.images(batch))[0].detach().numpy()
    border = unet_margin(2) // 2
    label, weight = (batch[name].numpy()[:, border:-border, border:-border] for name in ("label", "weight"))
    chance = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    expected = -(weight * np.log(np.take_along_axis(chance, label[:, None].astype(int), 1)[:, 0])).mean()
    assert float(cells.loss(batch).detach()) == pytest.approx(float(expected), rel=1e-4)


def test_augmentation_moves_picture_label_and_weight_alike_and_nothing_moves_without():
    torch.manual_seed(0)
    batch = {"image": torch.from_numpy(NUMBERS[:1] > 0).float() * 200, "label": torch.from_numpy(NUMBERS[:1] > 0)}
    batch["weight"] = batch["label"].float() * 3
    moving = settings(rotation=40.0, elastic=4.0, contrast=0.0, brightness=0.0)
    moved = task(build(moving, {}), moving).augment(batch)
    assert (moved["label"].bool() != batch["label"]).float().mean() > 0.02
    assert ((moved["image"] > 100) != moved["label"].bool()).float().mean() < 0.02
    assert ((moved["weight"] > 1.5) != moved["label"].bool()).float().mean() < 0.02
    still = settings(augment=False)
    assert task(build(still, {}), still).augment(batch) is batch


@pytest.mark.parametrize("depth", [2, 4])  # 4: the published one
def test_pictures_of_any_size_are_predicted_whole(depth):
    deep = settings(depth=depth)
    cells = task(build(deep, {}), deep).eval()
    with torch.inference_mode():
        for size in ((96, 96), (50, 71) if depth == 2 else (95, 111)):
            found = cells.predict({"image": torch.zeros(2, *size, dtype=torch.uint8)})["probability"]
            assert found.shape == (2, *size)
            assert ((found >= 0) & (found <= 1)).all()

"""The finder across the parts of a data set: what is planted is found, and scipy agrees."""

from __future__ import annotations

import numpy as np
import pytest

from reprise.data.cifar_files import Images
from reprise.studies.datasets import near
from reprise.studies.datasets.cards import Card
from reprise.studies.datasets.settings import Config

CONFIG = Config(threshold=0.0146, most_pairs=1000, compared=60, altered=20, shown=4)
PUBLISHED_COLUMNS = "TestID,TrainID,Distance,Judgment\n"


def drawn(seed=0, train=80, test=40, side=24, channels=3):
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (train + test, side // 4, side // 4, channels))
    images = coarse.repeat(4, axis=1).repeat(4, axis=2).astype(np.uint8)
    labels = np.arange(train + test) % 5
    return Images(images[:train], labels[:train], images[train:], labels[train:])


def with_planted(folder=None):
    """Test image 3 is a copy of training image 7, test image 5 an altered copy of training image 9 (another class)."""
    images = drawn()
    test = images.test_images.copy()
    test[3], test[5] = images.train_images[7], near.altered(images.train_images[9:10])[0]
    return Card("cifar10", images._replace(test_images=test), folder)


def test_planted_copies_and_altered_ones_are_found_and_nothing_else():
    found = near.search(with_planted(), CONFIG)
    assert {tuple(pair) for pair in found.pairs.tolist()} == {(7, 3), (9, 5)}
    assert found.pairs[0].tolist() == [7, 3]
    assert (found.test_images, found.copies, found.within, found.crowded) == (2, 1, (0, 0), False)
    assert found.of_two_classes == sum((7 % 5 != (80 + 3) % 5, 9 % 5 != (80 + 5) % 5))
    assert found.apart == 0
    assert found.compared > 10


@pytest.mark.parametrize("channels", [1, 3])
def test_altered_images_are_known_again_and_other_images_are_not(channels):
    images = drawn(1, channels=channels).test_images
    one, other = near.described(images), near.described(near.altered(images))
    assert (near.one_by_one(one, other) < CONFIG.threshold).mean() > 0.9
    assert (near.one_by_one(one, np.roll(other, 1, axis=0)) > CONFIG.threshold).all()


def test_a_blank_image_is_near_nothing():
    images = drawn()
    test = np.zeros_like(images.test_images)
    found = near.search(Card("mnist", images._replace(test_images=test)), CONFIG)
    assert len(found.pairs) == found.known == 0


def test_where_too_many_are_alike_the_threshold_is_narrowed_and_it_says_so():
    images = drawn()
    rng = np.random.default_rng(3)
    alike = np.clip(images.train_images[:1] + rng.normal(0, 12, images.train_images.shape), 0, 255).astype(np.uint8)
    found = near.search(Card("mnist", images._replace(train_images=alike)), CONFIG)
    assert found.crowded
    assert found.used < CONFIG.threshold
    (share,) = [f for f in near.findings([found]) if f.measures.endswith("in the training part")]
    assert share.note.startswith("More than that many pairs")


def test_a_finder_that_misses_pairs_disagrees_with_scipy(monkeypatch):
    features = near.described(drawn().train_images)
    assert near.disagreements(features[:40], features[40:], 40)[0] == 0
    whole = near.near_duplicates
    monkeypatch.setattr(near, "near_duplicates", lambda *given: tuple(part[1:] for part in whole(*given)))
    assert near.disagreements(features[:40], features[40:], 40)[0] == 1


def test_a_published_list_beside_the_files_is_held_against_what_is_found(tmp_path):
    (tmp_path / near.LIST).write_text(PUBLISHED_COLUMNS + "3,7,0.1,0\n11,2,0.2,1\n")
    found = near.search(with_planted(tmp_path), CONFIG)
    recall, precision = near.findings([found])[-2:]
    assert (recall.effect.value, recall.effect.n) == (0.5, 2)  # 3 and not 11
    assert (precision.effect.value, precision.effect.n) == (0.5, 2)  # 3 and also 5


@pytest.mark.parametrize("text", [PUBLISHED_COLUMNS + "3,x,0.1,0\n", "TestID,Judgment\n1,0\n"])
def test_another_list_is_refused_by_name(tmp_path, text):
    path = tmp_path / near.LIST
    path.write_text(text)
    with pytest.raises(ValueError, match=near.LIST):
        near.read_list(path)

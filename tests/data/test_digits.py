"""Digits and letters: official files read upright and refused by name, generated ones that can be learned."""

from __future__ import annotations

import gzip
import math
import re
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import RidgeClassifier

from reprise.config import load as load_params
from reprise.data import digits, glyphs, letters, mnist_files
from reprise.data.idx import IdxError, read_idx
from reprise.data.mnist_files import MERGED, SPLITS, read
from reprise.data.sets import check_set

TOY = {"train-images": 12, "train-labels": 12, "test-images": 6, "test-labels": 6}
TEN = digits.CHARACTERS


def idx(array: np.ndarray) -> bytes:
    """As the format's page has it: magic number, sizes, bytes."""
    return bytes([0, 0, 8, array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape) + array.tobytes()


def toy(name: str, rng_seed: int = 0) -> dict[str, np.ndarray]:
    rng, split = np.random.default_rng(rng_seed), SPLITS[name]
    last = split.first + len(split.classes)
    return {
        part: rng.integers(0, 256, (n, 28, 28), np.uint8)
        if part.endswith("images")
        else rng.integers(split.first, last, n, dtype=np.uint8)
        for part, n in TOY.items()
    }


def file_name(name: str, part: str) -> str:
    kind, what = part.split("-")
    axes = {"images": 3, "labels": 1}[what]
    start = f"{name}-{kind}" if name != "mnist" else {"train": "train", "test": "t10k"}[kind]
    return f"{start}-{what}-idx{axes}-ubyte"


def lay_out(folder: Path, name: str, arrays: dict[str, np.ndarray], packed: bool = False) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for part, array in arrays.items():
        content = idx(array)
        path = folder / (file_name(name, part) + (".gz" if packed else ""))
        path.write_bytes(gzip.compress(content) if packed else content)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("mnist", "mnist"),
        ("emnist-letters", "emnist"),
        ("emnist-letters", "emnist-letters"),
        ("emnist-balanced", "emnist/gzip"),
        ("emnist-digits", "emnist"),
        ("emnist-bymerge", "emnist"),
    ],
)
def test_every_split_is_read_wherever_it_may_lie(tmp_path, name, place, packed):
    arrays = toy(name)
    lay_out(tmp_path / place, name, arrays, packed)
    images = read(name, tmp_path, check_sums=False)
    stored = arrays["train-images"] if name == "mnist" else arrays["train-images"].transpose(0, 2, 1)
    assert images.train_images.shape == (12, 28, 28, 1)
    assert np.array_equal(images.train_images[..., 0], stored)
    assert np.array_equal(images.test_labels, arrays["test-labels"].astype(int) - SPLITS[name].first)
    assert images.train_labels.dtype == np.int64


def test_emnist_is_turned_upright_and_mnist_is_left_alone(tmp_path):
    upright = np.zeros((28, 28), np.uint8)  # an L: down the left side, then to the right
    upright[4:24, 6] = upright[23, 6:20] = 255
    for name, stored in (("mnist", upright), ("emnist-letters", upright.T)):
        arrays = toy(name)
        arrays["train-images"][0] = stored
        lay_out(tmp_path / name, name, arrays)
        assert np.array_equal(read(name, tmp_path, check_sums=False).train_images[0, ..., 0], upright)


def test_the_classes_are_those_of_emnist():
    assert len(MERGED) == 47
    assert MERGED[:12] == "0123456789AB"
    assert MERGED[36:] == "abdefghnqrt"
    assert len(letters.CHARACTERS) == 47
    assert letters.CHARACTERS[12] == "Cc"  # small c is written as its capital
    assert letters.CHARACTERS[10] == "A"  # small a is a class of its own
    assert sorted("".join(letters.CHARACTERS)) == sorted("".join(MERGED) + "cijklmopsuvwxyz")


DAMAGE = {
    "truncated": lambda content: content[:-5],
    "header cut": lambda content: content[:7],
    "empty": lambda content: b"",
    "too long": lambda content: content + b"\0",
    "magic of labels": lambda content: b"\0\0\x08\x01" + content[4:],
    "magic of floats": lambda content: b"\0\0\x0d\x03" + content[4:],
    "count above": lambda content: content[:4] + (13).to_bytes(4, "big") + content[8:],
    "count below": lambda content: content[:4] + (11).to_bytes(4, "big") + content[8:],
    "none": lambda content: content[:4] + bytes(4) + content[8:],
    "more than memory": lambda content: content[:4] + b"\xff\xff\xff\xff" + content[8:],
}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_refused_by_its_name(tmp_path, damage, packed):
    lay_out(tmp_path / "mnist", "mnist", toy("mnist"), packed)
    path = tmp_path / "mnist" / ("train-images-idx3-ubyte" + (".gz" if packed else ""))
    content = gzip.decompress(path.read_bytes()) if packed else path.read_bytes()
    path.write_bytes(gzip.compress(DAMAGE[damage](content)) if packed else DAMAGE[damage](content))
    with pytest.raises(IdxError, match=re.escape(str(path))) as refused:
        read("mnist", tmp_path, check_sums=False)
    assert "\n" not in str(refused.value)
    assert "t10k" not in str(refused.value)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda packed: packed[:-9],
        lambda packed: b"no gzip at all",
        lambda packed: packed[:40] + b"\0\0\0\0" + packed[44:],
    ],
)
def test_a_damaged_archive_is_refused_by_its_name(tmp_path, spoil):
    lay_out(tmp_path / "mnist", "mnist", toy("mnist"), packed=True)
    path = tmp_path / "mnist" / "t10k-images-idx3-ubyte.gz"
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(IdxError, match=r"t10k-images-idx3-ubyte\.gz"):
        read("mnist", tmp_path, check_sums=False)


def test_everything_that_is_wrong_is_said_at_once(tmp_path):
    arrays = toy("emnist-letters")
    arrays["train-labels"] = arrays["train-labels"][:-1]
    arrays["test-labels"] = arrays["test-labels"] * 0  # Letters are numbered from 1
    arrays["test-images"] = np.zeros((6, 20, 28), np.uint8)
    lay_out(tmp_path / "emnist", "emnist-letters", arrays)
    with pytest.raises(IdxError) as refused:
        read("emnist-letters", tmp_path, check_sums=False)
    message = str(refused.value)
    assert "has 12 images, emnist-letters-train-labels-idx1-ubyte 11 labels" in message
    assert "labels from 0 to 0, expected 1 to 26" in message
    assert "images of 20 x 28, expected 28 x 28" in message


def test_missing_files_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="reprise data fetch emnist"):
        read("emnist-balanced", tmp_path)
    arrays = toy("mnist")
    del arrays["test-labels"]
    lay_out(tmp_path / "mnist", "mnist", arrays)
    with pytest.raises(IdxError, match="t10k-labels-idx1-ubyte: missing"):
        read("mnist", tmp_path)


def test_what_is_not_official_is_refused(tmp_path, monkeypatch):
    lay_out(tmp_path / "mnist", "mnist", toy("mnist"))
    with pytest.raises(IdxError, match="12 of them, the official file has 60000"):
        read("mnist", tmp_path)
    known = mnist_files.Split("0123456789", 12, 6, transposed=False, sums=("0" * 32,) * 4)
    monkeypatch.setitem(SPLITS, "mnist", known)
    with pytest.raises(IdxError, match=r"md5 [0-9a-f]{32} unpacked, the official file has 0{32}") as refused:
        check_set("mnist", tmp_path)
    assert str(refused.value).count("fetch it again") == 4


def test_the_check_names_every_split_that_is_there(tmp_path, monkeypatch):
    for name in ("emnist-letters", "emnist-digits"):
        lay_out(tmp_path / "emnist", name, toy(name))
        monkeypatch.setitem(SPLITS, name, mnist_files.Split(SPLITS[name].classes, 12, 6, SPLITS[name].first))
    found = check_set("emnist", tmp_path)
    assert "emnist-letters, 12 training and 6 test images" in found
    assert "emnist-digits, 12 training" in found
    with pytest.raises(FileNotFoundError, match="emnist-balanced"):
        check_set("emnist", tmp_path / "nothing")


@given(st.binary(max_size=60), st.sampled_from([1, 3]))
def test_no_bytes_are_read_as_what_they_are_not(tmp_path_factory, content, axes):
    path = tmp_path_factory.mktemp("idx") / "file"
    path.write_bytes(content)
    sizes = [int.from_bytes(content[4 + 4 * axis : 8 + 4 * axis], "big") for axis in range(axes)]
    whole = content[:4] == bytes([0, 0, 8, axes]) and len(content) == 4 + 4 * axes + math.prod(sizes) and 0 not in sizes
    if whole:
        assert idx(read_idx(path, axes)) == content
    else:
        with pytest.raises(IdxError, match=re.escape(str(path))):
            read_idx(path, axes)


@given(st.lists(st.integers(1, 4), min_size=1, max_size=4), st.integers(0, 255))
def test_what_is_whole_is_read_back(tmp_path_factory, shape, value):
    array = np.full(shape, value, np.uint8)
    path = tmp_path_factory.mktemp("idx") / "file"
    path.write_bytes(idx(array))
    assert np.array_equal(read_idx(path, len(shape)), array)


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_a_header_alone_asks_for_no_memory(tmp_path, suffix):
    path = tmp_path / f"file{suffix}"
    header = bytes([0, 0, 8, 3]) + np.array([10**6, 32, 32], ">u4").tobytes()  # 1 GB
    path.write_bytes(gzip.compress(header) if suffix else header)
    tracemalloc.start()
    with pytest.raises(IdxError, match="truncated: 0 bytes after the header"):
        read_idx(path, 3)
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


def test_part_of_a_sorted_file_holds_every_class(tmp_path, monkeypatch):
    arrays = toy("emnist-letters")
    arrays |= {
        "test-images": np.zeros((260, 28, 28), np.uint8),
        "test-labels": np.repeat(np.arange(1, 27, dtype=np.uint8), 10),  # as the official test file is
    }
    lay_out(tmp_path / "emnist", "emnist-letters", arrays)
    monkeypatch.setitem(SPLITS, "emnist-letters", mnist_files.Split(SPLITS["emnist-letters"].classes, 12, 260, 1))
    config = letters.Config(official="emnist-letters", train=47, test=52, seed=0)
    with pytest.raises(IdxError, match=r"data\.letters asks for 47 \+ 52 images; emnist-letters has 12 \+ 260"):
        letters.make(config, "real", tmp_path / "letters", tmp_path / "out.npz")
    config = config.model_copy(update={"train": 12})
    letters.make(config, "real", tmp_path / "letters", tmp_path / "out.npz")
    images = letters.load(tmp_path / "out.npz")
    assert np.bincount(images.test_labels, minlength=26).tolist() == [2] * 26
    assert len(images.train_labels) == 12


def test_generated_images_follow_their_seed_and_nothing_else(tmp_path):
    first, again, other = (glyphs.generate(TEN, 30, 20, seed) for seed in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0], other[0])
    config = digits.Config(train=30, test=20, seed=1)
    for name in ("a.npz", "b.npz"):
        digits.make(config, "generated", tmp_path, tmp_path / name)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    assert np.array_equal(digits.load(tmp_path / "a.npz").train_images, first[0])


@pytest.mark.parametrize("characters", [TEN, letters.CHARACTERS])
def test_generated_classes_are_even_and_look_like_official_ones(characters):
    images, labels, _, _ = glyphs.generate(characters, 4 * len(characters), len(characters), 0)
    assert np.bincount(labels).tolist() == [4] * len(characters)
    assert images.shape[1:] == (28, 28, 1)
    light = images.astype(float).mean(axis=(1, 2, 3))
    assert images[:, [0, -1]].mean() < 20  # bright on black, borders nearly empty
    assert light.min() > 5  # nothing is blank
    assert light.mean() < 110


def test_no_font_lacks_a_character():
    for character in "".join(letters.CHARACTERS):
        forms = glyphs.drawn(character)
        assert forms.shape == (len(glyphs.FONTS), glyphs.STROKES, 56, 56)
        assert (forms[:, 0].sum(axis=(1, 2)) > 20).all(), character
    # a font without a character shows the same empty box for all of them
    boxes = [
        {glyphs.drawn(character)[font].tobytes() for character in "ABCabdg0123"} for font in range(len(glyphs.FONTS))
    ]
    assert [len(each) for each in boxes] == [11] * len(glyphs.FONTS)


def test_what_was_learned_on_generated_digits_holds_for_others():
    train, labels, test, truth = glyphs.generate(TEN, 1000, 500, 0)
    model = RidgeClassifier(alpha=30).fit(train.reshape(1000, -1) / 255.0, labels)
    score = model.score(test.reshape(500, -1) / 255.0, truth)
    assert 0.6 < score < 0.95  # neither out of reach nor given away


def test_fewer_images_than_classes_are_refused():
    with pytest.raises(ValueError, match="47 classes need as many"):
        glyphs.generate(letters.CHARACTERS, 46, 100, 0)


def test_parts_are_those_of_every_data_set(tmp_path):
    digits.make(digits.Config(train=100, test=20, seed=0), "generated", tmp_path, tmp_path / "digits.npz")
    data = digits.training_data(tmp_path / "digits.npz", structure="classes")
    assert {name: len(arrays["label"]) for name, arrays in data.parts.items()} == {
        "train": 90,
        "validation": 10,
        "test": 20,
    }
    assert data.structure == 10
    assert data.shapes["image"] == (28, 28, 1)


def test_the_settings_of_this_checkout_are_valid(root):
    params = load_params(root)
    assert params.dataset("digits").train >= 1000
    assert params.dataset("letters").official == "emnist-letters"  # at scale small

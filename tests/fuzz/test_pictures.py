"""Thousands of damaged pictures: no traceback, every bad file named, the others compared.

A few hundred in the suite, the same ones every time; `make fuzz` draws many more, and others each time.
"""

from __future__ import annotations

import os
import shutil
import struct
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reprise.data.finder import find_duplicates
from reprise.data.frames import DataError, read
from reprise.data.images import bits_needed, read_grey, read_header
from reprise.data.masks import read_mask
from reprise.data.opening import PictureError

FUZZ = bool(os.environ.get("REPRISE_FUZZ"))
SEED = int.from_bytes(os.urandom(4), "big") if FUZZ else 0
ROUNDS = 24 if FUZZ else 1
EACH = 24  # damaged copies of a file in a round
SIZE = (40, 60)

Damage = Callable[[bytearray, np.random.Generator], bytes]


def exif(kind: int, count: int, value: bytes, tag: int = 0x0112) -> bytes:
    """EXIF of one tag, of any type, also of a wrong one."""
    return b"Exif\0\0II*\0" + struct.pack("<IHHHI", 8, 1, tag, kind, count) + value[:4].ljust(4, b"\0") + b"\0" * 4


def originals(folder: Path, rng: np.random.Generator) -> list[Path]:
    """Sound files of every kind: grey and colour, deep, paletted, compressed, turned, with tags and several pages."""
    grey = rng.integers(0, 256, SIZE, dtype=np.uint8)
    colour = np.dstack([grey, grey.T.reshape(SIZE), 255 - grey])
    disc = (np.add.outer((np.arange(40) - 20) ** 2, (np.arange(60) - 30) ** 2) < 150) * np.uint8(255)
    turned = exif(3, 1, struct.pack("<H", 6))
    alpha = np.dstack([colour, disc])
    saved = {
        "l.tif": (grey, {}),
        "rgb.tif": (colour, {"compression": "tiff_lzw"}),
        "deflate.tif": (grey, {"compression": "tiff_adobe_deflate"}),
        "bits.tif": (disc > 0, {"compression": "group4"}),
        "jpeg.tif": (colour, {"compression": "jpeg"}),
        "deep.tif": (grey.astype(np.uint16) * 16, {}),
        "float.tif": ((grey / 255).astype(np.float32), {}),
        "turned.tif": (grey, {"tiffinfo": {0x0112: 6}}),
        "l.png": (grey, {}),
        "rgba.png": (alpha, {"exif": turned}),
        "deep.png": (grey.astype(np.uint16) * 257, {}),
        "rgb.jpg": (colour, {"exif": turned}),
        "progressive.jpg": (grey, {"progressive": True}),
        "l.gif": (disc, {}),
        "rgb.webp": (colour, {"exif": turned}),
        "rgba.webp": (alpha, {"lossless": True}),
        "l.bmp": (grey, {}),
        "rgb.bmp": (colour, {}),
        "rgb.avif": (colour, {}),
        "rgb.jp2": (colour, {}),
        "l.pgm": (grey, {}),
        "rgb.tga": (colour, {"compression": "tga_rle"}),
        "rgb.qoi": (colour, {}),
        "l.pcx": (grey, {}),
        "rgb.sgi": (colour, {}),
    }
    for name, (values, options) in saved.items():
        Image.fromarray(values).save(folder / name, **options)
    Image.fromarray(grey).quantize(7).save(folder / "p.png", transparency=3)
    for name in ("stack.tif", "stack.gif", "stack.png", "stack.webp"):
        Image.fromarray(grey).save(folder / name, save_all=True, append_images=[Image.fromarray(disc)])
    return sorted(folder.iterdir())


def cut(data: bytearray, rng: np.random.Generator) -> bytes:
    return bytes(data[: rng.integers(0, len(data))])


def flip(data: bytearray, rng: np.random.Generator) -> bytes:
    for _ in range(rng.integers(1, 9)):
        data[rng.integers(0, len(data))] ^= 1 << int(rng.integers(0, 8))
    return bytes(data)


def head(data: bytearray, rng: np.random.Generator) -> bytes:
    """Other bytes near the start, where sizes, types and offsets lie."""
    for at in rng.integers(0, min(len(data), 300), rng.integers(1, 5)):
        data[at] = rng.choice([0, 1, 2, 127, 128, 255, int(rng.integers(0, 256))])
    return bytes(data)


def tail(data: bytearray, rng: np.random.Generator) -> bytes:
    """Other bytes near the end, where Pillow writes the directory of a TIFF."""
    for at in rng.integers(0, min(len(data), 250), rng.integers(1, 5)):
        data[-1 - at] = rng.integers(0, 256)
    return bytes(data)


def splice(data: bytearray, rng: np.random.Generator) -> bytes:
    """A piece of the file over, or into, another place of it."""
    start, to = rng.integers(0, len(data), 2)
    piece = data[start : start + rng.integers(1, 64)]
    data[to : to + (len(piece) if rng.random() < 0.5 else 0)] = piece
    return bytes(data)


def retype(data: bytearray, rng: np.random.Generator) -> bytes:
    """Tags of another type, count or value: in a TIFF its own, elsewhere those of its EXIF block."""
    start = data.find(b"II*\0")
    if start < 0:
        return flip(data, rng)
    (offset,) = struct.unpack_from("<I", data, start + 4)
    at = start + offset
    if at + 2 > len(data):
        return flip(data, rng)
    (entries,) = struct.unpack_from("<H", data, at)
    for _ in range(rng.integers(1, 4)):
        entry = at + 2 + 12 * int(rng.integers(0, max(1, min(entries, 40))))
        if entry + 12 <= len(data):
            field, size, most = [(2, "<H", 20), (4, "<I", 9), (8, "<I", 2**32), (0, "<H", 2**16)][rng.integers(0, 4)]
            struct.pack_into(size, data, entry + field, int(rng.integers(0, most)))
    return bytes(data)


def second_directory(data: bytearray, rng: np.random.Generator) -> bytes:
    """A TIFF whose next directory is empty, rubbish, beyond the end, or itself."""
    if data[:4] != b"II*\0":
        return splice(data, rng)
    (at,) = struct.unpack_from("<I", data, 4)
    (entries,) = struct.unpack_from("<H", data, at)
    link = at + 2 + 12 * entries
    struct.pack_into("<I", data, link, int(rng.choice([len(data), len(data) + 99, at, 2**32 - 1, 3])))
    return bytes(data) + [b"\0\0\0\0\0\0", b"", rng.bytes(40)][rng.integers(0, 3)]


DAMAGES: list[Damage] = [cut, flip, head, tail, splice, retype, second_directory]


@pytest.fixture(autouse=True)
def _no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's own, on what it could skip
        yield


@pytest.fixture
def damaged(tmp_path):
    """Makes folders of damaged files, one a round, each with how they were made in the names."""

    def make(number: int) -> Path:
        rng = np.random.default_rng([SEED, number])
        (tmp_path / "sound").mkdir(exist_ok=True)
        folder = tmp_path / f"round{number}"
        folder.mkdir()
        for path in originals(tmp_path / "sound", rng):
            for k in range(EACH):
                damage = DAMAGES[rng.integers(0, len(DAMAGES))]
                name = f"{path.stem}-{damage.__name__}-{k}{path.suffix}"
                (folder / name).write_bytes(damage(bytearray(path.read_bytes()), rng))
        return folder

    return make


def outcome(reader: Callable, path: Path) -> object:
    """What a reader gives, or the error that says why it gives nothing; anything else it raises fails the test."""
    try:
        return reader(path)
    except PictureError as error:
        return error


def test_every_reader_gives_a_picture_or_one_line(damaged):
    refused = read_well = 0
    for number in range(ROUNDS):
        for path in sorted(damaged(number).iterdir()):
            for reader in (read_header, bits_needed, read_grey, read_mask):
                found = outcome(reader, path)
                if isinstance(found, PictureError):
                    assert str(found), f"{path} of seed {SEED}"
                    assert str(found).isprintable(), f"{path} of seed {SEED}"
                    refused += 1
                else:
                    assert reader in (read_header, bits_needed) or found.ndim == 2, f"{path} of seed {SEED}"
                    read_well += 1
    assert refused > 100 * ROUNDS
    assert read_well > 100 * ROUNDS


@pytest.mark.parametrize("labelled", [False, True])
def test_duplicates_names_every_bad_file_and_compares_the_others(damaged, tmp_path, labelled):
    sound = {"sound_1.png", "sound_2.tif", "sound_3.bmp"}
    for number in range(ROUNDS):
        folder = damaged(number)
        names = {path.name for path in folder.iterdir()} | sound
        twins = np.random.default_rng(number).integers(0, 256, SIZE, dtype=np.uint8)
        for name in sound:
            Image.fromarray(twins).save(folder / name)
        masks = None
        if labelled:  # what is damaged as a picture is damaged as a mask
            masks = tmp_path / f"masks{number}"
            shutil.copytree(folder, masks)
            for name in sound:
                Image.new("1", SIZE[::-1], name == "sound_1.png").save(masks / name)
        found = find_duplicates(folder, masks, hash="robust")
        bad = {path.name for path in found.problems if path.parent == folder}
        assert len(bad) > 100
        assert {*found.names} | bad == names, f"seed {SEED}"
        assert sound <= {*found.names}
        assert all(said and said.isprintable() for said in found.problems.values()), f"seed {SEED}"
        near = {(found.names[i], found.names[j]): k for k, (i, j) in enumerate(found.pairs.tolist())}
        pairs = [near["sound_1.png", "sound_2.tif"], near["sound_1.png", "sound_3.bmp"]]
        assert found.distances[pairs].tolist() == [0, 0]
        assert not labelled or found.inconsistent[pairs].tolist() == [True, True]


def test_the_studies_reader_names_every_bad_file_in_one_error(damaged, tmp_path):
    for number in range(ROUNDS):
        images, masks = (tmp_path / f"set{number}" / side for side in ("images", "masks"))
        images.mkdir(parents=True)
        masks.mkdir()
        for path in sorted(damaged(number).iterdir())[number % 5 :: 5]:
            name = f"{path.stem}_{path.suffix[1:]}"
            path.rename(images / f"{name}{path.suffix}")
            Image.new("L", SIZE[::-1]).save(masks / f"{name}.png")
        bad = {path.name for path in images.iterdir() if isinstance(outcome(read_grey, path), PictureError)}
        with pytest.raises(DataError) as caught:
            read(images.parent)
        named = {line.split(": ")[0].strip().removeprefix("images/") for line in str(caught.value).split("\n")[1:]}
        assert bad
        assert bad <= named, f"seed {SEED}"

"""The finder on folders: what it writes, what it refuses, and that it finds what was planted."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reprise.data import finder
from reprise.data.duplicates import block_histograms, near_duplicates
from reprise.data.finder import find_duplicates, subjects
from reprise.data.images import UnreadableImagesError
from reprise.data.sheet import OUTLINE, worst


def save(path: Path, values: np.ndarray, **options) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values).save(path, **options)
    return path


def rows(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.reader(stream))


@pytest.fixture
def frames() -> np.ndarray:
    """Six frames: 0 and 3 nearly equal, 1 and 4 equal, the others alone."""
    rng = np.random.default_rng(0)
    blocks = rng.integers(0, 256, (6, 4, 6)).astype(np.uint8)
    images = np.kron(blocks, np.ones((1, 20, 20), np.uint8)).astype(np.uint8)
    images[3] = images[0]
    images[3, :3, :3] ^= 128
    images[4] = images[1]
    return images


@pytest.fixture
def kaggle(tmp_path, frames) -> Path:
    """Kaggle's layout: subject 1 has frames 0-3, subject 2 the others; the mask of frame 3 alone is empty."""
    for k, frame in enumerate(frames):
        name = f"{1 if k < 4 else 2}_{k}"
        mask = np.zeros((80, 120), np.uint8)
        mask[20:50, 30:70] = 0 if k == 3 else 255
        save(tmp_path / "train" / f"{name}.tif", frame, compression="tiff_lzw")
        save(tmp_path / "train" / f"{name}_mask.tif", mask, compression="tiff_lzw")
    return tmp_path / "train"


def test_csv_with_masks_over_all_and_within_subjects(kaggle, tmp_path, frames):
    out = tmp_path / "pairs.csv"
    found = find_duplicates(kaggle, kaggle, out=out)
    assert rows(out)[0] == ["image_a", "image_b", "distance", "inconsistent"]
    assert [(a, b, flag) for a, b, _, flag in rows(out)[1:]] == [
        ("1_0.tif", "1_3.tif", "1"),
        ("1_1.tif", "2_4.tif", "0"),
    ]
    pairs, distances = near_duplicates(block_histograms(frames))
    np.testing.assert_array_equal(found.pairs, pairs)
    np.testing.assert_allclose([float(row[2]) for row in rows(out)[1:]], distances, atol=1e-9)
    assert found.names[:2] == ["1_0.tif", "1_1.tif"]
    assert "6 images compared at 80 x 120" in str(found)
    assert "1 contradict" in str(found)
    within = find_duplicates(kaggle, kaggle, scope="subject")
    assert within.pairs.tolist() == [[0, 3]]


def test_without_masks_the_last_column_is_empty(kaggle, tmp_path):
    out = tmp_path / "deep" / "pairs.csv"
    find_duplicates(kaggle, out=out)
    assert [row[3] for row in rows(out)[1:]] == ["", ""]


@pytest.mark.parametrize("hash", ["blocks", "strips", "robust"])
def test_every_hash_finds_equal_files(kaggle, hash):
    assert [1, 4] in find_duplicates(kaggle, hash=hash).pairs.tolist()


def test_a_threshold_of_ones_own(kaggle):
    assert len(find_duplicates(kaggle, threshold=2).pairs) == 15
    assert len(find_duplicates(kaggle, threshold=0).pairs) == 0


def test_colours_kinds_and_sizes_mix(tmp_path, frames):
    smooth = np.asarray(Image.fromarray(frames[0][::20, ::20]).resize((480, 320), Image.Resampling.BICUBIC))
    other = np.asarray(Image.fromarray(frames[2][::20, ::20]).resize((480, 320), Image.Resampling.BICUBIC))
    save(tmp_path / "in" / "a.png", smooth)
    save(tmp_path / "in" / "b.jpg", np.dstack([smooth] * 3), quality=92)
    save(tmp_path / "in" / "c.tif", np.asarray(Image.fromarray(smooth).resize((240, 160))))
    save(tmp_path / "in" / "d.png", other)
    found = find_duplicates(tmp_path / "in", hash="robust")
    assert found.pairs.tolist() == [[0, 1], [0, 2], [1, 2]]
    assert found.size == (320, 480)
    assert found.resized == 1


def test_the_sheet_shows_conflicts_with_outlines(kaggle, tmp_path):
    sheet = tmp_path / "sheet.png"
    found = find_duplicates(kaggle, kaggle, sheet=sheet)
    assert found.written == [sheet]
    picture = np.asarray(Image.open(sheet).convert("RGB"))
    outlined = np.argwhere((picture == OUTLINE).all(axis=2))
    assert 50 < len(outlined) < 0.2 * (30 * 40) * (290 / 120) ** 2  # a line, not the whole of the mask
    # of the one conflict, only the left frame has a mask: rows 20-50 of 80 and columns 30-70 of 120, at 290 / 120
    assert np.ptp(outlined, axis=0) + 1 == pytest.approx([30 * 290 / 120, 40 * 290 / 120], abs=2)
    assert outlined[:, 1].max() < 12 + 290


@pytest.mark.parametrize("masks", [True, False])
def test_a_sheet_without_pairs_says_so_and_replaces_an_older_one(kaggle, tmp_path, masks):
    sheet = tmp_path / "sheet.png"
    sheet.write_text("older")
    found = find_duplicates(kaggle, kaggle if masks else None, threshold=0, sheet=sheet)
    assert len(found.pairs) == 0
    assert found.written == [sheet]
    with Image.open(sheet) as picture:
        assert np.unique(picture).size > 2  # a title


@pytest.mark.parametrize("name", ["a\nb.png", os.fsdecode(b"a\xff.png")])
def test_names_that_are_no_line_of_text_are_written_and_drawn(tmp_path, frames, name):
    for path in (name, "z.png"):
        save(tmp_path / "in" / path, frames[0])
    find_duplicates(tmp_path / "in", out=tmp_path / "pairs.csv", sheet=tmp_path / "sheet.png")
    assert os.fsencode(name) in (tmp_path / "pairs.csv").read_bytes()
    assert (tmp_path / "sheet.png").exists()


def test_a_sheet_that_fails_leaves_no_half_answer(kaggle, tmp_path, monkeypatch):
    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    (tmp_path / "sheet.png").write_text("older")
    monkeypatch.setattr(Image.Image, "save", fail)
    with pytest.raises(OSError, match="No space"):
        find_duplicates(kaggle, out=tmp_path / "pairs.csv", sheet=tmp_path / "sheet.png")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["sheet.png", "train"]
    assert (tmp_path / "sheet.png").read_text() == "older"


@pytest.mark.parametrize(
    ("out", "sheet", "said"),
    [
        ("train/1_0.tif", None, "one of the pictures"),
        ("pairs.csv", "train/1_0_mask.tif", "one of the pictures"),
        ("link.csv", None, "one of the pictures"),
        ("masks/1_0.png", None, "one of the pictures"),
        ("same.png", "train/../same.png", "both the CSV and the sheet"),
        ("train", None, "is a folder"),
        ("pairs.csv", "pipe", "a pipe"),
        ("train/1_0.tif/pairs.csv", None, "Not a directory"),
    ],
)
def test_outputs_that_cannot_or_must_not_be_written_are_refused_before_the_work(
    kaggle, tmp_path, monkeypatch, out, sheet, said
):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link.csv").symlink_to("train/1_0.tif")
    save(tmp_path / "masks/1_0.png", np.zeros((8, 12), np.uint8))
    before = sorted(tmp_path.rglob("*"))
    monkeypatch.setattr(finder, "read_size", lambda _: pytest.fail("the work has begun"))
    with pytest.raises((ValueError, OSError), match=said):
        find_duplicates(kaggle, tmp_path / "masks", out=tmp_path / out, sheet=sheet and tmp_path / sheet)
    assert sorted(tmp_path.rglob("*")) == before


def test_the_sheet_prefers_pictures_not_yet_shown():
    pairs = np.array([[0, 1], [0, 2], [1, 2], [3, 4]])
    assert worst(pairs, np.array([0.1, 0.2, 0.3, 0.4]), most=2).tolist() == [0, 3]
    assert worst(pairs, np.array([0.1, 0.2, 0.3, 0.4]), most=3).tolist() == [0, 1, 3]


def test_all_bad_files_are_named_at_once_and_nothing_is_written(kaggle, tmp_path):
    cut = (kaggle / "1_2.tif").read_bytes()
    (kaggle / "1_2.tif").write_bytes(cut[: len(cut) // 2])
    (kaggle / "9_9.png").write_text("no image")
    (kaggle / "1_1_mask.tif").unlink()
    save(kaggle / "1_0_mask.tif", np.zeros((10, 10), np.uint8))
    (kaggle / "2_5_mask.tif").write_bytes(b"")
    with pytest.raises(UnreadableImagesError) as caught:
        find_duplicates(kaggle, kaggle, out=tmp_path / "pairs.csv", sheet=tmp_path / "sheet.png")
    names = {path.name for path in caught.value.problems}
    assert names == {"1_0_mask.tif", "1_1.tif", "1_2.tif", "2_5_mask.tif", "9_9.png"}
    assert "is 10 x 10, but its image 1_0.tif is 80 x 120" in str(caught.value)
    assert not (tmp_path / "pairs.csv").exists()
    assert not (tmp_path / "sheet.png").exists()


def test_nothing_but_bad_files(tmp_path):
    (tmp_path / "a.png").write_bytes(b"")
    with pytest.raises(UnreadableImagesError, match=r"a\.png: is empty"):
        find_duplicates(tmp_path)


@pytest.mark.parametrize(
    ("settings", "found"),
    [({"hash": "sha256"}, "sha256"), ({"scope": "patient"}, "patient"), ({"threshold": 3.0}, "threshold")],
)
def test_bad_settings_are_named(kaggle, settings, found):
    with pytest.raises(ValueError, match=found):
        find_duplicates(kaggle, **settings)


def test_subjects_need_an_underscore():
    assert subjects([Path("12_3.tif"), Path("a/12_9_b.png")]).tolist() == ["12", "12"]
    with pytest.raises(ValueError, match=r"photo\.png"):
        subjects([Path("1_2.png"), Path("photo.png")])


def test_no_progress_bar_where_there_is_no_terminal(kaggle, capfd):
    find_duplicates(kaggle, progress=True)
    assert capfd.readouterr() == ("", "")

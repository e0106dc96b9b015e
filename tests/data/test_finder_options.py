"""Two folders, labels, lists, mirrored and cropped copies: what a user asks for beside pairs."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reprise.data.crops import cropped_pairs, grid, small_size
from reprise.data.finder import find_duplicates
from reprise.data.labelled import labels_of
from reprise.data.many import UnreadableImagesError


def picture(seed: int, size: tuple[int, int] = (240, 320)) -> Image.Image:
    """Something like a photograph: smooth colours, no two alike."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (9, 12, 3)).astype(np.uint8))
    return coarse.resize(size[::-1], Image.Resampling.BICUBIC)


def put(image: Image.Image, path: Path, **options) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, **options)
    return path


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def named(found) -> list[tuple[str, str]]:
    return [(found.names[i], found.names[j]) for i, j in found.pairs.tolist()]


@pytest.fixture
def photos(tmp_path) -> Path:
    """Four pictures of cats and dogs; one is there three times, smaller and as JPEG, once under another class."""
    folder = tmp_path / "photos"
    for k in range(4):
        put(picture(k), folder / ("cats" if k < 2 else "dogs") / f"{k}.png")
    put(picture(0).resize((160, 120)), folder / "cats" / "0_small.png")
    put(picture(0), folder / "dogs" / "0_again.jpg", quality=60)
    return folder


def test_robust_is_what_a_user_gets(photos):
    assert find_duplicates(photos).hash == "robust"


def test_the_list_keeps_the_largest_and_says_what_goes_instead_of_which(photos, tmp_path):
    found = find_duplicates(photos, listing=tmp_path / "list.csv")
    listed = rows(tmp_path / "list.csv")
    assert [(row["group"], row["image"], row["action"], row["instead"]) for row in listed] == [
        ("1", "cats/0.png", "keep", ""),
        ("1", "cats/0_small.png", "remove", "cats/0.png"),
        ("1", "dogs/0_again.jpg", "remove", "cats/0.png"),
    ]
    assert all(float(row["distance"]) < found.threshold for row in listed[1:])
    assert "2 could go" in str(found)
    left = tmp_path / "left"
    for row in listed:
        if row["action"] == "remove":
            (photos / row["image"]).unlink()
    assert len(find_duplicates(photos).pairs) == 0
    assert not left.exists()


def kept(folder: Path, listing: Path) -> list[str]:
    find_duplicates(folder, listing=listing)
    return [row["image"] for row in rows(listing) if row["action"] == "keep"]


def test_of_as_many_pixels_the_lossless_then_the_larger_file_then_the_shorter_name_is_kept(tmp_path):
    folder = tmp_path / "in"
    put(picture(0), folder / "a.jpg", quality=60)
    put(picture(0), folder / "b_large.jpg", quality=95)
    with (folder / "b_large.jpg").open("ab") as stream:
        stream.write(bytes(100_000))  # larger than the PNGs too
    assert kept(folder, tmp_path / "l.csv") == ["b_large.jpg"]
    put(picture(0), folder / "a_jpeg_inside.tif", compression="jpeg", quality=100)
    put(picture(0), folder / "named.jpg", format="PNG")  # what is in it counts
    put(picture(0), folder / "z.png")
    assert kept(folder, tmp_path / "l.csv") == ["z.png"]
    put(picture(0), folder / "y.png")
    assert kept(folder, tmp_path / "l.csv") == ["y.png"]
    put(picture(0), folder / "zz_original.bmp")  # the largest of what loses nothing
    assert kept(folder, tmp_path / "l.csv") == ["zz_original.bmp"]
    put(picture(0, (480, 640)), folder / "most.jpg", quality=60)
    assert kept(folder, tmp_path / "l.csv") == ["most.jpg"]


def test_labels_of_class_folders_contradict_over_classes(photos, tmp_path):
    found = find_duplicates(photos, labels="folders", out=tmp_path / "p.csv", listing=tmp_path / "l.csv")
    assert [(row["image_a"], row["image_b"], row["inconsistent"]) for row in rows(tmp_path / "p.csv")] == [
        ("cats/0.png", "cats/0_small.png", "0"),
        ("cats/0.png", "dogs/0_again.jpg", "1"),
        ("cats/0_small.png", "dogs/0_again.jpg", "1"),
    ]
    assert [row["inconsistent"] for row in rows(tmp_path / "l.csv")] == ["", "0", "1"]
    assert "2 contradict each other: 3 images in them" in str(found)


def test_labels_of_a_csv_are_by_path_name_or_stem_and_what_has_none_stays_open(photos, tmp_path):
    (tmp_path / "labels.csv").write_text(
        "id,image,label\n1,cats/0.png,a\n2,0_small.png,a\n3,1,b\n4,gone.png,c\n5,./cats/0.png,a\n", encoding="utf-8"
    )
    found = find_duplicates(photos, labels=str(tmp_path / "labels.csv"), out=tmp_path / "p.csv")
    assert [row["inconsistent"] for row in rows(tmp_path / "p.csv")] == ["0", "", ""]
    assert "2 pairs have a label that is not known" in str(found)
    assert "1 rows of labels.csv for no picture" in str(found)


BAD = {
    "no columns": ("name,class\nx,y\n", "line 1: expected the columns image and label, found 'name,class'"),
    "empty": ("", "line 1: expected the columns image and label"),
    "fields": ("image,label\n0.png\n", "line 2: 1 fields, expected 2"),
    "twice": ("image,label\ncats/0.png,a\n0.png,b\n", "line 3: a second label for 0.png"),
    "ambiguous": ("image,label\n1,a\n", "line 2: 1 is the name of 2 pictures"),
    "nothing": ("image,label\nno.png,a\n", "no picture has a label in"),
    "bytes": (b"image,label\n\xff,a\n", "line 1: 'utf-8' codec"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_csv_that_is_wrong_is_told_by_line(tmp_path, name):
    content, message = BAD[name]
    for path in ("cats/0.png", "cats/1.png", "dogs/1.png"):
        put(picture(0, (20, 20)), tmp_path / "in" / path)
    (tmp_path / "labels.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ValueError, match=r"labels\.csv") as caught:
        find_duplicates(tmp_path / "in", labels=str(tmp_path / "labels.csv"))
    assert message in str(caught.value)


def test_without_class_folders_there_are_no_labels(tmp_path):
    put(picture(0, (20, 20)), tmp_path / "in" / "0.png")
    with pytest.raises(ValueError, match="no picture has a label in folders"):
        find_duplicates(tmp_path / "in", labels="folders")
    with pytest.raises(FileNotFoundError, match=r"no such CSV of labels .or say `folders`."):
        find_duplicates(tmp_path / "in", labels="folder")
    assert labels_of("folders", [(tmp_path, [tmp_path / "in" / "0.png"])], {})


@pytest.fixture
def leaking(tmp_path) -> tuple[Path, Path]:
    """train/0 is in the test set as well, under another name; each folder has a pair of its own."""
    train, test = tmp_path / "train", tmp_path / "test"
    for k in range(3):
        put(picture(k), train / f"{k}.png")
        put(picture(10 + k), test / f"{k}.png")
    put(picture(1), train / "1_again.jpg")
    put(picture(11), test / "1_again.jpg")
    put(picture(0), test / "9.jpg", quality=70)
    return train, test


def test_two_folders_are_compared_with_each_other_alone(leaking, tmp_path):
    train, test = leaking
    found = find_duplicates(
        train, against=test, out=tmp_path / "p.csv", listing=tmp_path / "l.csv", sheet=tmp_path / "s.png"
    )
    assert named(found) == [("0.png", "9.jpg")]
    assert found.paths[found.pairs[0, 1]] == test / "9.jpg"
    assert [(row["image"], row["action"], row["instead"]) for row in rows(tmp_path / "l.csv")] == [
        ("0.png", "remove", "9.jpg")
    ]
    assert "1 of the first folder's 4 images are near one of the second's" in str(found)
    assert "4 with 5" in str(found)
    back = find_duplicates(test, against=train)
    assert named(back) == [("9.jpg", "0.png")]


def test_a_folder_inside_the_other_is_taken_out_of_it(leaking):
    train, test = leaking
    inner = train / "held_out"
    test.rename(inner)
    for one, other, first in ((train, inner, 4), (inner, train, 5)):
        found = find_duplicates(one, against=other)
        assert (found.first, len(found.names), len(found.pairs)) == (first, 9, 1)
    with pytest.raises(ValueError, match="compared with itself"):
        find_duplicates(train, against=train / ".." / "train")


def test_what_does_not_go_together_is_told(leaking):
    train, test = leaking
    with pytest.raises(ValueError, match="masks do not go with --against"):
        find_duplicates(train, test, against=test)
    with pytest.raises(ValueError, match="masks do not go with --labels"):
        find_duplicates(train, test, labels="folders")
    with pytest.raises(ValueError, match="robust alone"):
        find_duplicates(train, hash="blocks", cropped=True)
    for path in test.iterdir():
        path.write_bytes(b"")
    with pytest.raises(UnreadableImagesError, match="5 files"):
        find_duplicates(train, against=test)


@pytest.mark.parametrize("hash", ["robust", "blocks"])
def test_a_mirror_image_is_found_where_it_is_asked_for(tmp_path, hash):
    put(picture(0), tmp_path / "in" / "a.png")
    put(picture(0).transpose(Image.Transpose.FLIP_LEFT_RIGHT), tmp_path / "in" / "b.png")
    put(picture(1), tmp_path / "in" / "c.png")
    put(picture(1), tmp_path / "in" / "d.png")
    left = np.asarray(picture(2))
    put(
        Image.fromarray(np.concatenate([left, left[:, ::-1]], axis=1)), tmp_path / "in" / "e.png"
    )  # its own mirror image
    assert named(find_duplicates(tmp_path / "in", hash=hash)) == [("c.png", "d.png")]
    found = find_duplicates(tmp_path / "in", hash=hash, mirrored=True, out=tmp_path / "p.csv")
    assert named(found) == [("a.png", "b.png"), ("c.png", "d.png")]
    assert [row["how"] for row in rows(tmp_path / "p.csv")] == ["mirrored", ""]
    assert "1 of the pairs is mirrored" in str(found)
    assert find_duplicates(tmp_path / "in", hash=hash, mirrored=True, most_pairs=2).pairs.tolist() == [[0, 1], [2, 3]]
    with pytest.raises(ValueError, match="more than --most-pairs 1"):
        find_duplicates(tmp_path / "in", hash=hash, mirrored=True, most_pairs=1)


def test_a_copy_cut_out_is_found_where_it_is_asked_for(tmp_path):
    for k in range(4):
        put(picture(k), tmp_path / "in" / f"{k}.png")
    put(picture(0).crop((40, 20, 300, 220)), tmp_path / "in" / "0_cut.jpg", quality=80)
    put(picture(1), tmp_path / "in" / "1_again.png")
    assert named(find_duplicates(tmp_path / "in")) == [("1.png", "1_again.png")]
    found = find_duplicates(tmp_path / "in", cropped=True, out=tmp_path / "p.csv")
    assert named(found) == [("0.png", "0_cut.jpg"), ("1.png", "1_again.png")]
    assert [row["how"] for row in rows(tmp_path / "p.csv")] == ["cropped", ""]
    other = tmp_path / "other"
    put(picture(2).crop((10, 30, 250, 230)), other / "cut.png")
    across = find_duplicates(tmp_path / "in", against=other, cropped=True)
    assert named(across) == [("2.png", "cut.png")]


def test_windows_lie_inside_and_cropped_pictures_of_groups_stay_apart():
    assert all(top + h <= 1 + 1e-9 and left + w <= 1 + 1e-9 for top, left, h, w in grid())
    assert small_size((420, 580)) == (168, 232)
    whole = np.asarray(picture(0, (168, 224)).convert("L"))
    cut = np.asarray(Image.fromarray(whole[20:150, 20:190]).resize((224, 168)))
    blank = np.zeros_like(whole)
    pictures = np.stack([whole, cut, blank, blank])
    assert cropped_pairs(pictures, 0.0146)[0].tolist() == [[0, 1]]
    assert len(cropped_pairs(pictures, 0.0146, groups=np.array([0, 1, 0, 1]))[0]) == 0
    assert len(cropped_pairs(pictures, 0.0146, first=2)[0]) == 0


def test_the_sheet_is_in_colour_and_shows_doubtful_pairs_too(tmp_path):
    rng = np.random.default_rng(0)
    base = np.asarray(picture(0), float)
    for k in range(6):  # each a little further from the first
        noise = np.asarray(picture(50 + k), float)
        put(
            Image.fromarray((base + 0.03 * k * (noise - base)).clip(0, 255).astype(np.uint8)),
            tmp_path / "in" / f"{k}.png",
        )
    put(Image.fromarray(rng.integers(0, 60000, (240, 320)).astype(np.uint16)), tmp_path / "in" / "deep.png")
    found = find_duplicates(tmp_path / "in", sheet=tmp_path / "s.png")
    assert len(found.pairs) > 8
    with Image.open(tmp_path / "s.png") as sheet:
        pixels = np.asarray(sheet.convert("RGB"), int)
    assert sheet.height > 6 * 217  # eight pairs in four rows of 217 pixels, and the others below
    assert (np.ptp(pixels, axis=2) > 60).mean() > 0.2


def test_a_broken_file_ends_the_run_with_1_only_if_that_is_asked(photos):
    put(picture(5), photos / "cut.jpg")
    (photos / "cut.jpg").write_bytes((photos / "cut.jpg").read_bytes()[:900])
    command = [sys.executable, "-m", "reprise.cli", "duplicates", "photos"]
    for more, code in (([], 0), (["--strict"], 1)):
        done = subprocess.run(command + more, cwd=photos.parent, capture_output=True, text=True)
        assert done.returncode == code, done.stderr
        assert "cut.jpg: cannot be decoded" in done.stderr
        assert "3 near-duplicate pairs, 3 images in them, 1 group" in done.stdout
        assert "1 file cannot be used and was left out" in done.stdout

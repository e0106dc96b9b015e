"""The finder on folders: what it writes, what it refuses, and that it finds what was planted."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas
import pytest
import tifffile
from PIL import Image

from reprise.data import described
from reprise.data.duplicates import TooManyPairsError, block_histograms, near_duplicates
from reprise.data.finder import common_size, find_duplicates, subjects
from reprise.data.many import UnreadableImagesError
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
    found = find_duplicates(kaggle, kaggle, hash="blocks", out=out)
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
    within = find_duplicates(kaggle, kaggle, hash="blocks", scope="subject")
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


@pytest.mark.parametrize("name", ["a\nb.png", "a\rb.png", os.fsdecode(b"a\xff.png")])
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
    monkeypatch.setattr(described, "read_header", lambda _: pytest.fail("the work has begun"))
    with pytest.raises((ValueError, OSError), match=said):
        find_duplicates(kaggle, tmp_path / "masks", out=tmp_path / out, sheet=sheet and tmp_path / sheet)
    assert sorted(tmp_path.rglob("*")) == before


def test_the_sheet_prefers_pictures_not_yet_shown():
    pairs = np.array([[0, 1], [0, 2], [1, 2], [3, 4]])
    assert worst(pairs, np.array([0.1, 0.2, 0.3, 0.4]), most=2).tolist() == [0, 3]
    assert worst(pairs, np.array([0.1, 0.2, 0.3, 0.4]), most=3).tolist() == [0, 1, 3]


def test_bad_files_are_named_and_left_out_and_the_others_are_compared(kaggle, tmp_path):
    out = tmp_path / "pairs.csv"
    find_duplicates(kaggle, kaggle, threshold=2, out=out)
    before = {tuple(row[:2]): row for row in rows(out)}
    cut = (kaggle / "1_2.tif").read_bytes()
    (kaggle / "1_2.tif").write_bytes(cut[: len(cut) // 2])
    (kaggle / "9_9.png").write_text("no image")
    (kaggle / "1_1_mask.tif").unlink()
    save(kaggle / "1_0_mask.tif", np.zeros((10, 10), np.uint8))
    (kaggle / "2_5_mask.tif").write_bytes(b"")
    (kaggle / "notes.txt").write_text("mine")
    found = find_duplicates(kaggle, kaggle, threshold=2, out=out, sheet=tmp_path / "sheet.png")
    problems = {path.name: said for path, said in found.problems.items()}
    assert problems.keys() == {"1_0_mask.tif", "1_1.tif", "1_2.tif", "2_5_mask.tif", "9_9.png"}
    assert problems["1_0_mask.tif"] == "is 10 x 10, but its image 1_0.tif is 80 x 120"
    assert problems["2_5_mask.tif"] == "is empty"
    assert found.names == ["1_0.tif", "1_1.tif", "1_3.tif", "2_4.tif", "2_5.tif"]
    known = {"1_3.tif", "2_4.tif"}  # the others have no label
    for row in rows(out)[1:]:
        was = before[tuple(row[:2])]
        assert row == [*was[:3], was[3] if {*row[:2]} <= known else ""]
    assert len(rows(out)) == 1 + 10
    assert "5 files cannot be used" in str(found)
    assert "9 pairs have a mask that is not known" in str(found)
    assert "1 passed over: 1 .txt" in str(found)
    assert len(found.complaints().splitlines()) == 5


def test_a_folder_of_masks_among_the_images_holds_no_images(tmp_path, frames):
    for k, frame in enumerate(frames):
        save(tmp_path / "set" / f"{k}.png", frame)
        save(tmp_path / "set" / "masks" / f"{k}.png", np.full(frame.shape, 255 * (k == 3), np.uint8))
    found = find_duplicates(tmp_path / "set", tmp_path / "set" / "masks")
    assert found.names == [f"{k}.png" for k in range(6)]
    assert found.inconsistent.tolist() == [True, False]
    assert "6 passed over: 6 masks" in str(found)
    again = find_duplicates(tmp_path / "set", tmp_path / "set" / ".." / "set" / "masks")  # however it is spelt
    assert again.names == found.names
    assert again.passed_over == found.passed_over
    with pytest.raises(ValueError, match="but in its folder of masks"):
        find_duplicates(tmp_path, tmp_path / "set")


def test_masks_none_of_which_can_be_used_are_an_error(kaggle, tmp_path):
    for path in kaggle.glob("*_mask.tif"):
        path.write_bytes(b"")
    with pytest.raises(UnreadableImagesError, match="6 files"):
        find_duplicates(kaggle, kaggle, out=tmp_path / "pairs.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["train"]


def test_an_ambiguous_mask_leaves_its_pairs_open_and_a_black_one_of_noise_contradicts(kaggle, tmp_path):
    """The masks of 0 and 3 contradict each other, however the black one was saved."""
    noise = np.random.default_rng(0).integers(0, 4, (80, 120)).astype(np.uint8)
    for suffix, options in ((".jpg", {}), (".webp", {"quality": 5}), (".tif", {})):
        (kaggle / "1_3_mask.tif").unlink(missing_ok=True)
        path = save(kaggle / f"1_3_mask{suffix}", noise, **options)
        found = find_duplicates(kaggle, kaggle)
        assert not found.problems
        assert found.inconsistent.tolist() == [True, False]
        path.unlink()
    save(kaggle / "1_3_mask.tif", np.full((80, 120), 7, np.uint8))
    found = find_duplicates(kaggle, kaggle, out=tmp_path / "pairs.csv")
    assert found.problems.keys() == {kaggle / "1_3_mask.tif"}
    assert "is 7 throughout" in found.complaints()
    assert [row[3] for row in rows(tmp_path / "pairs.csv")[1:]] == ["", "0"]


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


def blank(folder: Path, **levels: int) -> Path:
    for name, level in levels.items():
        save(folder / f"{name}.png", np.full((60, 80), level, np.uint8))
    return folder


@pytest.mark.parametrize("hash", ["blocks", "strips", "robust"])
def test_the_same_content_is_a_pair_at_distance_0_by_every_hash(tmp_path, hash):
    """``robust`` sees nothing on a blank page; a white page is no black one, though."""
    blank(tmp_path, a_1=255, a_2=255, b_3=255, c_4=0)
    found = find_duplicates(tmp_path, hash=hash)
    assert found.pairs.tolist() == [[0, 1], [0, 2], [1, 2]]
    assert found.distances.tolist() == [0, 0, 0]
    assert find_duplicates(tmp_path, hash=hash, scope="subject").pairs.tolist() == [[0, 1]]


def test_a_depth_is_one_for_all_and_said(tmp_path):
    """12 bits in 16: different pictures are no pairs; a hot pixel changes nothing; dark copies stay pairs."""
    rng = np.random.default_rng(0)
    blocks = rng.integers(0, 4096, (4, 3, 4)).astype(np.uint16)
    frames = np.kron(blocks, np.ones((1, 20, 20), np.uint16)).astype(np.uint16)
    frames[3] = frames[2]
    frames[3, 5, 5] = 65535
    for k, frame in enumerate(frames):
        save(tmp_path / f"{k}.png", frame)
    dark = (frames[0] // 250).astype(np.uint8)
    save(tmp_path / "dark.png", dark)
    save(tmp_path / "dark.tif", dark.astype(np.uint16) * np.uint16(257))
    for hash in ("blocks", "strips"):
        found = find_duplicates(tmp_path, hash=hash)
        named = [{found.names[i], found.names[j]} for i, j in found.pairs]
        assert named == [{"2.png", "3.png"}, {"dark.png", "dark.tif"}]
    assert "(4 of more than 8 bits, read as 12 bits)" in str(found)
    colours = tmp_path / "colours"
    colours.mkdir()
    for k, frame in enumerate(frames[:3]):
        tifffile.imwrite(colours / f"{k}.tif", np.dstack([frame] * 3), photometric="rgb")
    assert len(find_duplicates(colours).pairs) == 0


def test_too_many_pairs_are_an_error_that_says_what_to_do_and_leave_nothing(tmp_path):
    rng = np.random.default_rng(0)
    for k in range(60):  # noise of one block: nothing that `blocks` could tell apart
        save(tmp_path / "in" / f"{k}.png", rng.integers(0, 256, (32, 32), dtype=np.uint8))
    whole = find_duplicates(tmp_path / "in", threshold=0.5)
    assert len(whole.pairs) == 60 * 59 // 2
    np.testing.assert_array_equal(find_duplicates(tmp_path / "in", threshold=0.5, most_pairs=1770).pairs, whole.pairs)
    with pytest.raises(TooManyPairsError, match=r"--most-pairs 1,769.*--threshold.*--scope"):
        find_duplicates(tmp_path / "in", threshold=0.5, out=tmp_path / "pairs.csv", most_pairs=1769)
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_too_many_copies_are_counted_before_they_are_listed(tmp_path):
    save(tmp_path / "0.png", np.random.default_rng(0).integers(0, 256, (20, 20), dtype=np.uint8))
    for k in range(1, 200):
        os.link(tmp_path / "0.png", tmp_path / f"{k}.png")
    with pytest.raises(TooManyPairsError, match=r"19,900 pairs are copies \(200 of one image\)"):
        find_duplicates(tmp_path, most_pairs=19_899)
    assert len(find_duplicates(tmp_path, most_pairs=19_900).pairs) == 19_900


def test_a_run_that_is_killed_while_it_compares_leaves_nothing_beside_its_outputs(kaggle, tmp_path):
    program = f"""
import os
from reprise.data import finder
finder.pairs_with_copies = lambda *_: os.kill(os.getpid(), 9)
finder.find_duplicates({str(kaggle)!r}, out={str(tmp_path / "pairs.csv")!r}, sheet={str(tmp_path / "s.png")!r})
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == -9, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["train"]


def test_names_that_would_be_formulas_are_the_same_files_and_no_formulas(tmp_path, frames):
    names = ["=1+1.png", "+a.png", "-b.png", "@c.png", "\td.png", "\re.png", "plain.png", "sub/=f.png"]
    for name in names:
        save(tmp_path / "in" / name, frames[0])
    find_duplicates(tmp_path / "in", out=tmp_path / "pairs.csv")
    written = rows(tmp_path / "pairs.csv")
    assert len(written) == 1 + 28
    assert all(len(row) == 4 for row in written)
    cells = {cell for row in written[1:] for cell in row[:2]}
    assert not any(cell[0] in "=+-@\t\r" for cell in cells)
    assert {Path(cell) for cell in cells} == {Path(name) for name in names}  # programs need no unpacking
    assert all((tmp_path / "in" / cell).is_file() for cell in cells)
    frame = pandas.read_csv(tmp_path / "pairs.csv")
    assert set(frame["image_a"]) | set(frame["image_b"]) == cells


def test_control_characters_in_names_reach_no_terminal(tmp_path, frames):
    hostile = "a\x1b]0;title\x07\u202egnp.png"
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / hostile).write_text("no image")
    (tmp_path / "in" / "b.\x1b[2J").write_text("")
    save(tmp_path / "in" / "c.png", frames[0])
    found = find_duplicates(tmp_path / "in", out=tmp_path / "p\x1b.csv")
    for text in (str(found), found.complaints(), str(UnreadableImagesError(found.problems))):
        assert all(line.isprintable() for line in text.split("\n"))
    assert "a\\x1b]0;title\\x07\\u202egnp.png" in found.complaints()
    with pytest.raises(ValueError, match="one of the pictures") as caught:
        find_duplicates(tmp_path / "in", out=tmp_path / "in" / hostile)
    assert str(caught.value).isprintable()


class TestCommonSize:
    def test_equal_sizes_in_whole_blocks_stay(self):
        assert common_size([(420, 580)] * 3) == (420, 580)

    def test_the_most_frequent_size_wins_and_is_cut_to_blocks(self):
        assert common_size([(100, 109), (100, 109), (900, 900)]) == (100, 100)

    def test_large_pictures_shrink_and_tiny_ones_grow_to_a_block(self):
        assert common_size([(3000, 4000)]) == (480, 640)
        assert common_size([(8, 5)]) == (20, 20)


def test_the_sheet_is_a_png_and_named_so(kaggle, tmp_path):
    with pytest.raises(ValueError, match=r"sheet\.jpg: the sheet is a PNG; name it \.png"):
        find_duplicates(kaggle, sheet=tmp_path / "sheet.jpg")
    assert not (tmp_path / "sheet.jpg").exists()

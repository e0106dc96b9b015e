"""Frames come in whole or not at all: every bad file is named in one error, and what is left out is said."""

from __future__ import annotations

import unicodedata
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reprise.data import ultrasound
from reprise.data.frames import DataError, read
from reprise.data.images import read_grey
from reprise.data.opening import SUFFIXES, PictureError
from reprise.data.ultrasound import Config, make

SHAPE = (42, 58)
CONFIG = Config(subjects=4, frames=2, seed=0, size=16)


def picture(seed: int, shape=SHAPE) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def disc(shape=SHAPE, value: int = 255) -> np.ndarray:
    y, x = np.mgrid[: shape[0], : shape[1]]
    return np.where((y - 20) ** 2 + (x - 30) ** 2 < 80, value, 0).astype(np.uint8)


def save(folder: Path, name: str, array: np.ndarray) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(folder / name)
    return folder / name


def kaggle(folder: Path, frames=((1, 1), (1, 2), (3, 10), (4, 9))) -> Path:
    """A sound folder in Kaggle's layout: a picture a frame, masks empty and filled in turn."""
    for i, (subject, frame) in enumerate(frames):
        save(folder, f"{subject}_{frame}.tif", picture(i))
        save(folder, f"{subject}_{frame}_mask.tif", disc() * (i % 2))
    return folder


def problems_of(folder: Path) -> dict[str, str]:
    """What the one error says, by file name."""
    with pytest.raises(DataError) as caught:
        read(folder)
    lines = str(caught.value).splitlines()
    assert str(folder) in lines[0]
    assert "nothing was written" in lines[0]
    assert lines[0].split(": ")[1].startswith(f"{len(lines) - 1} problem")
    return dict(line.strip().split(": ", 1) for line in lines[1:])


def test_any_subset_of_subjects_is_read_in_the_order_of_subject_and_time(tmp_path):
    order = ((47, 2), (47, 10), (2, 9), (5, 1))
    frames = read(kaggle(tmp_path, order))
    assert frames.names.tolist() == ["2_9", "5_1", "47_2", "47_10"]  # 2 before 10: numbers, not text
    assert frames.subject.tolist() == [2, 5, 47, 47]
    assert frames.frame.tolist() == [9, 1, 2, 10]
    np.testing.assert_array_equal(frames.images, [picture(2), picture(3), picture(0), picture(1)])
    np.testing.assert_array_equal(frames.masks, [disc() * 0, disc() > 0, disc() * 0, disc() > 0])
    assert frames.masks.dtype == bool
    assert not frames.flipped.any()
    assert (frames.duplicate_of == -1).all()


def test_a_train_folder_inside_is_found(tmp_path):
    kaggle(tmp_path / "train")
    assert len(read(tmp_path).names) == 4


@pytest.mark.parametrize("value", [1, 128, 255])
def test_a_mask_of_any_one_value_beside_zero_means_the_same(tmp_path, value):
    kaggle(tmp_path)
    save(tmp_path, "1_1_mask.tif", disc(value=value))
    np.testing.assert_array_equal(read(tmp_path).masks[0], disc() > 0)


def test_all_that_is_wrong_is_named_in_one_error_and_nothing_is_written(tmp_path):
    raw = kaggle(tmp_path / "raw", [(1, k) for k in range(1, 9)])
    (raw / "1_1_mask.tif").unlink()
    save(raw, "1_2_mask.tif", disc((40, 58)))
    save(raw, "1_3_mask.tif", picture(9))
    whole = (raw / "1_4.tif").read_bytes()
    (raw / "1_4.tif").write_bytes(whole[: len(whole) // 2])
    (raw / "1_5.tif").write_text("<html>404 Not Found</html>")
    save(raw, "01_6.tif", picture(6))
    (raw / "1_7.tif").write_bytes(b"")
    save(raw, "1_8.tif", picture(8, (41, 57)))
    save(raw, "left.tif", picture(0))
    save(raw, "99999999999_1.tif", picture(0))
    save(raw, "2_1.tif", picture(0).astype(np.int32) - 300)
    save(raw, "2_1_mask.tif", disc(value=92) + 7)
    save(raw, "2_2.tif", picture(0))
    save(raw, "2_2_mask.tif", disc() * 0 + 7)
    out = tmp_path / "out" / "prepared.npz"
    with pytest.raises(DataError):
        make(CONFIG, "real", raw, out)
    assert not out.parent.exists()
    found = problems_of(raw)
    frames = {"1_1.tif", "1_4.tif", "1_5.tif", "1_6.tif", "1_7.tif", "1_8.tif", "2_1.tif"}
    masks = {f"{name}_mask.tif" for name in ("1_2", "1_3", "1_8", "2_1", "2_2")}
    assert found.keys() == frames | masks | {"left.tif", "99999999999_1.tif"}
    assert found["1_1.tif"] == "no mask"
    assert "40 x 58" in found["1_2_mask.tif"]
    assert "42 x 58" in found["1_2_mask.tif"]
    assert "like a photograph" in found["1_3_mask.tif"]
    assert "cannot be decoded" in found["1_4.tif"]
    assert found["1_5.tif"] == "is not an image, or of a kind that is not read"
    assert found["1_7.tif"] == "is empty"
    assert "01_6.tif" in found["1_6.tif"]
    assert "41 x 57" in found["1_8.tif"]
    assert "SUBJECT_FRAME" in found["left.tif"]
    assert "values from -300" in found["2_1.tif"]
    assert "2 colours and no black (7, for one)" in found["2_1_mask.tif"]
    assert "is 7 throughout" in found["2_2_mask.tif"]


@pytest.mark.parametrize("second", ["01_1.tif", "1_01.tif", "1_1.tiff", "1_1.TIF"])
def test_two_files_for_one_frame_are_refused(tmp_path, second):
    kaggle(tmp_path)
    save(tmp_path, second, picture(0)) if second != "1_1.TIF" else (tmp_path / second).write_bytes(
        (tmp_path / "1_1.tif").read_bytes()
    )
    (message,) = problems_of(tmp_path).items()
    assert {message[0], message[1].split()[-1]} == {"1_1.tif", second}


def test_an_empty_and_a_missing_folder_are_named(tmp_path):
    with pytest.raises(DataError, match="no frames"):
        read(tmp_path)
    with pytest.raises(DataError, match="absent is missing"):
        read(tmp_path / "absent")


def test_a_mask_without_its_frame_is_left_out_with_a_notice(tmp_path, capsys):
    kaggle(tmp_path)
    save(tmp_path, "5_5_mask.tif", disc())
    assert read(tmp_path).names.tolist() == ["1_1", "1_2", "3_10", "4_9"]
    assert "5_5_mask.tif" in capsys.readouterr().err


def test_masks_alone_are_no_data_set(tmp_path):
    save(tmp_path, "5_5_mask.tif", disc())
    with pytest.raises(DataError, match="no frames"):
        read(tmp_path)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("keep", [0, 4, 8, 60, 0.5, 0.9])
@pytest.mark.parametrize("name", ["1_2.tif", "1_2_mask.tif"])
def test_a_truncated_file_is_named_wherever_it_ends(tmp_path, name, keep):
    whole = (kaggle(tmp_path) / name).read_bytes()
    (tmp_path / name).write_bytes(whole[: int(keep * len(whole)) if isinstance(keep, float) else keep])
    assert list(problems_of(tmp_path)) == [name]


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's own, on what it could skip
def test_damaged_bytes_never_raise_anything_but_the_one_error(tmp_path):
    rng = np.random.default_rng(0)
    whole = (kaggle(tmp_path) / "1_2.tif").read_bytes()
    refused = 0
    for _ in range(300):
        damaged = bytearray(whole)
        for i in rng.integers(0, 200, 4):
            damaged[i if rng.random() < 0.5 else -1 - i] = rng.integers(0, 256)
        (tmp_path / "1_2.tif").write_bytes(damaged)
        try:
            found = read_grey(tmp_path / "1_2.tif")
        except PictureError:
            refused += 1
        else:
            assert found.ndim == 2
            assert found.dtype == np.uint8
    assert refused > 100


def test_a_decoder_that_raises_something_unforeseen_is_one_more_problem(tmp_path, monkeypatch):
    kaggle(tmp_path)
    opened = Image.open

    def fails(stream, **options):
        if Path(stream.name).name == "1_2.tif":
            raise TypeError("'bytes' object cannot be interpreted as an integer")
        return opened(stream, **options)

    monkeypatch.setattr(Image, "open", fails)
    assert "TypeError" in problems_of(tmp_path)["1_2.tif"]


def test_links_that_leave_the_folder_end_nowhere_or_go_round_are_refused(tmp_path):
    raw = kaggle(tmp_path / "raw")
    secret = save(tmp_path, "secret.tif", picture(0))
    (raw / "5_1.tif").symlink_to(secret)
    (raw / "5_2.tif").symlink_to("../secret.tif")
    (raw / "5_3.tif").symlink_to("gone.tif")
    (raw / "5_4.tif").symlink_to("5_4.tif")
    found = problems_of(raw)
    assert found.keys() == {"5_1.tif", "5_2.tif", "5_3.tif", "5_4.tif"}
    assert "out of the folder" in found["5_1.tif"]
    assert "out of the folder" in found["5_2.tif"]
    assert "nothing" in found["5_3.tif"]


def test_a_link_within_the_folder_is_an_ordinary_file(tmp_path):
    kaggle(tmp_path)
    (tmp_path / "5_1.tif").symlink_to("1_1.tif")
    (tmp_path / "5_1_mask.tif").symlink_to("1_1_mask.tif")
    assert read(tmp_path).names[-1] == "5_1"


def test_png_pairs_of_other_people(tmp_path):
    for i, name in enumerate(["anna_02", "anna_01", "ben", "zoe"]):
        save(tmp_path / "images", f"{name}.png", np.stack([picture(i)] * 3, axis=-1))
        save(tmp_path / "masks", f"{name}.png", disc() * (i % 2))
    (tmp_path / "images" / "notes.txt").write_text("mine")
    frames = read(tmp_path)
    assert frames.names.tolist() == ["anna_01", "anna_02", "ben", "zoe"]
    assert frames.subject.tolist() == [1, 1, 2, 3]
    assert frames.frame.tolist() == [1, 2, 1, 1]
    np.testing.assert_array_equal(frames.images[0], picture(1))
    assert frames.masks.any((1, 2)).tolist() == [True, False, False, True]


def test_problems_of_pairs_say_on_which_side_the_file_is(tmp_path, capsys):
    for name in ("a", "b", "c"):
        save(tmp_path / "images", f"{name}.png", picture(0))
        save(tmp_path / "masks", f"{name}.png", disc())
    (tmp_path / "masks" / "a.png").write_bytes(b"\x89PNG")
    (tmp_path / "images" / "b.png").write_bytes(b"")
    save(tmp_path / "masks", "c.tif", disc())
    save(tmp_path / "images", "d.png", picture(0))
    save(tmp_path / "masks", "e.png", disc())
    assert problems_of(tmp_path).keys() == {"masks/a.png", "images/b.png", "masks/c.tif", "images/d.png"}
    assert "masks/e.png" in capsys.readouterr().err


@pytest.mark.parametrize("suffix", [".png", ".JPG", ".jpeg", ".jfif", ".bmp", ".gif", ".webp", ".jp2", ".pgm"])
def test_every_kind_of_picture_is_read_in_both_layouts(tmp_path, suffix):
    kaggle(tmp_path / "a")
    for side, array in (("images", picture(7)), ("masks", disc())):
        for name in ("a_1", "b_1", "c_1"):
            save(tmp_path / "b" / side, f"{name}{suffix}", array)
    save(tmp_path / "a", f"1_3{suffix}", picture(7))
    save(tmp_path / "a", f"1_3_mask{suffix}", disc())
    assert read(tmp_path / "a").names.tolist() == ["1_1", "1_2", "1_3", "3_10", "4_9"]
    found = read(tmp_path / "b")
    assert found.names.tolist() == ["a_1", "b_1", "c_1"]
    assert np.count_nonzero(found.masks[0] != (disc() > 0)) <= 4
    assert suffix.lower() in SUFFIXES


def test_names_are_in_natural_order_and_time(tmp_path):
    names = ["p1_10", "p1_2", "p1_1", "p10_1", "p2_1"]
    for i, name in enumerate(names):
        save(tmp_path / "images", f"{name}.png", picture(i))
        save(tmp_path / "masks", f"{name}.png", disc())
    frames = read(tmp_path)
    assert frames.names.tolist() == ["p1_1", "p1_2", "p1_10", "p2_1", "p10_1"]
    assert frames.subject.tolist() == [1, 1, 1, 2, 3]
    assert frames.frame.tolist() == [1, 2, 3, 1, 1]
    np.testing.assert_array_equal(frames.images[2], picture(0))


def test_names_match_in_any_form_of_unicode(tmp_path):
    for name in ("jos\u00e9_1", "ren\u00e9_1", "zo\u00eb_1"):
        save(tmp_path / "images", unicodedata.normalize("NFC", f"{name}.png"), picture(0))
        save(tmp_path / "masks", unicodedata.normalize("NFD", f"{name}.png"), disc())
    assert read(tmp_path).names.tolist() == ["jos\u00e9_1", "ren\u00e9_1", "zo\u00eb_1"]


@pytest.mark.parametrize("layout", ["kaggle", "pairs"])
def test_hidden_pictures_as_macos_writes_them_are_left_out_with_a_notice(tmp_path, capsys, layout):
    if layout == "kaggle":
        folder = kaggle(tmp_path)
    else:
        for name in ("a_1", "b_1", "c_1"):
            save(tmp_path / "masks", f"{name}.png", disc())
            folder = save(tmp_path / "images", f"{name}.png", picture(0)).parent
    (folder / "._1_1.tif").write_bytes(b"\0\5\x16\7")
    (folder / ".DS_Store").write_bytes(b"\0")
    assert len(read(tmp_path).names) in (3, 4)
    assert "1 hidden pictures" in capsys.readouterr().err


def test_pictures_in_other_folders_are_said_to_be_left_out(tmp_path, capsys):
    kaggle(tmp_path / "train")
    save(tmp_path / "test", "1.tif", picture(0))
    save(tmp_path / "train" / "more", "9_1.tif", picture(0))
    read(tmp_path)
    said = capsys.readouterr().err
    assert "test: 1 pictures not read" in said
    assert "train/more: 1 pictures in a folder of their own" in said


@pytest.mark.parametrize("side", ["images", "masks"])
def test_frames_that_lie_in_folders_below_are_no_frames_and_it_is_said(tmp_path, side):
    for name in ("a_1", "b_1", "c_1"):
        for where, array in (("images", picture(0)), ("masks", disc())):
            save(tmp_path / where / ("below" if where == side else ""), f"{name}.png", array)
    found = problems_of(tmp_path)
    assert found[side] == "no pictures but in folders below it; move them up"


def test_frames_of_more_than_8_bits_are_read_by_one_range(tmp_path, capsys):
    deep = np.random.default_rng(0).integers(0, 4096, (4, *SHAPE)).astype(np.uint16)
    deep[3] = deep[2] // 100  # a dark one is not stretched by itself
    for k, frame in enumerate(deep):
        save(tmp_path, f"{k}_1.png", frame)
        save(tmp_path, f"{k}_1_mask.png", disc())
    np.testing.assert_array_equal(read(tmp_path).images, np.rint(deep * (255 / 4095)))
    assert "4 frames of more than 8 bits, read as 12 bits" in capsys.readouterr().err


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["tif", "png", "jpg"])
def test_turned_frames_are_turned_back(tmp_path, kind, orientation):
    kaggle(tmp_path, [(1, 1), (2, 1)])
    tag = Image.Exif()
    tag[0x0112] = orientation
    turn = [
        *(lambda a: a, lambda a: a[:, ::-1], lambda a: a[::-1, ::-1], lambda a: a[::-1]),
        *(lambda a: a.T, lambda a: np.rot90(a, 1), lambda a: a[::-1, ::-1].T, lambda a: np.rot90(a, -1)),
    ][orientation - 1]  # what has to be stored so that the picture is shown upright
    bright = disc()
    for name, array in (("3_1", bright), ("3_1_mask", disc())):
        Image.fromarray(np.ascontiguousarray(turn(array))).save(tmp_path / f"{name}.{kind}", exif=tag)
    frames = read(tmp_path)
    assert np.count_nonzero((frames.images[2] > 127) != (bright > 0)) <= 2
    assert np.count_nonzero(frames.masks[2] != (bright > 0)) <= 2


@pytest.mark.parametrize("which", ["3_10.tif", "3_10_mask.tif"])
def test_stacks_are_refused_and_counted(tmp_path, which):
    kaggle(tmp_path)
    pages = [Image.fromarray(disc() * k) for k in (0, 1, 1)]
    pages[0].save(tmp_path / which, save_all=True, append_images=pages[1:])
    assert problems_of(tmp_path)[which].startswith("holds 3 pictures")


def test_too_few_subjects_to_split_are_refused_before_anything_is_written(tmp_path):
    raw = kaggle(tmp_path / "raw", [(1, 1), (1, 2), (7, 1)])
    with pytest.raises(DataError, match=r"raw: 2 subjects; .* at least 3"):
        make(CONFIG, "real", raw, tmp_path / "x.npz")
    assert not (tmp_path / "x.npz").exists()


def test_images_without_a_masks_folder_say_so(tmp_path):
    save(tmp_path / "images", "a.png", picture(0))
    with pytest.raises(DataError, match="masks is missing"):
        read(tmp_path)


@pytest.mark.parametrize("source", ["generated", "real"])
def test_the_prepared_file_has_the_same_bytes_every_time(tmp_path, monkeypatch, source):
    monkeypatch.setattr(ultrasound, "generate", partial(ultrasound.generate, size=SHAPE))  # small, so fast
    raw = kaggle(tmp_path / "raw")
    files = [tmp_path / name for name in ("a.npz", "b.npz")]
    for file in files:
        make(CONFIG, source, raw, file)
    assert files[0].read_bytes() == files[1].read_bytes()

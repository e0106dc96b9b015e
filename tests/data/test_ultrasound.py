"""Frames come in whole or not at all: every bad file is named in one error; splits keep subjects whole."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from reprise.data import ultrasound
from reprise.data.ultrasound import (
    TEST,
    TRAIN,
    VALIDATION,
    Config,
    DataError,
    Frames,
    load,
    make,
    prepare,
    read,
    resize,
    split_by_image,
    split_by_subject,
)

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
    save(raw, "2_1.tif", picture(0).astype(np.uint16) * 256)
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
    assert "two values" in found["1_3_mask.tif"]
    for name in ("1_4.tif", "1_5.tif", "1_7.tif"):
        assert "not a readable image" in found[name]
    assert "01_6.tif" in found["1_6.tif"]
    assert "41 x 57" in found["1_8.tif"]
    assert "SUBJECT_FRAME" in found["left.tif"]
    assert "I;16" in found["2_1.tif"]
    assert "7, 99" in found["2_1_mask.tif"]
    assert "every pixel is 7" in found["2_2_mask.tif"]


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
        found = ultrasound._decode(tmp_path / "1_2.tif")
        assert isinstance(found, str) or (found.ndim == 2 and found.dtype == np.uint8)
        refused += isinstance(found, str)
    assert refused > 100


def test_a_decoder_that_raises_something_unforeseen_is_one_more_problem(tmp_path, monkeypatch):
    kaggle(tmp_path)
    opened = Image.open

    def fails(path):
        if Path(path).name == "1_2.tif":
            raise TypeError("'bytes' object cannot be interpreted as an integer")
        return opened(path)

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


def test_images_of_a_kind_that_is_not_read_are_problems(tmp_path):
    for folder, names in {"a": ("1_5.jpg", "2_1.png", "3_1.BMP"), "b/images": ("x.jpeg", "y.webp")}.items():
        for name in names:
            save(tmp_path / folder, name, picture(0))
    kaggle(tmp_path / "a")
    save(tmp_path / "b/masks", "x.jpg", disc())
    assert problems_of(tmp_path / "a").keys() == {"1_5.jpg", "2_1.png", "3_1.BMP"}
    found = problems_of(tmp_path / "b")
    assert found.keys() == {"images/x.jpeg", "images/y.webp", "masks/x.jpg"}
    assert set(found.values()) == {"frames and masks are .png or .tif"}


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


def test_what_is_prepared_is_loaded_again(tmp_path):
    frames = ultrasound.generate(3, 5, 1, (42, 59))  # 59: the last byte of packed masks is not full
    prepare(frames, tmp_path / "x.npz", 16)
    loaded = load(tmp_path / "x.npz")
    for name in Frames.__annotations__:
        expected = frames.images if name == "images" else getattr(frames, name)
        found = loaded.frames if name == "images" else getattr(loaded, name)
        np.testing.assert_array_equal(found, expected)
        assert found.dtype == expected.dtype
    assert loaded.images.shape == loaded.targets.shape == (15, 16, 16)
    assert loaded.images.dtype == loaded.targets.dtype == np.uint8
    np.testing.assert_array_equal(loaded.nonempty, frames.masks.any((1, 2)))
    with pytest.raises(AttributeError, match="absent"):
        _ = loaded.absent
    with pytest.raises(FileNotFoundError, match="dvc repro"):
        load(tmp_path / "y.npz")


def test_resizing_by_a_whole_factor_keeps_the_mean_and_the_place():
    images = np.zeros((1, 64, 96), np.uint8)
    images[0, :, 48:] = 200
    small = resize(images, 32)[0]
    assert abs(float(small.mean()) - 100) < 0.5
    assert (small[:, :15] == 0).all()
    assert (small[:, 17:] == 200).all()
    np.testing.assert_array_equal(resize(images[:, :32, :32], 32), images[:, :32, :32])


@pytest.mark.parametrize(("subjects", "frames", "size"), [(0, 5, SHAPE), (5, 0, SHAPE), (5, 5, (39, 58))])
def test_nothing_to_generate_is_an_error(subjects, frames, size):
    with pytest.raises(ValueError, match="are needed"):
        ultrasound.generate(subjects, frames, 0, size)


sizes_of_subjects = st.lists(st.integers(1, 60), min_size=3, max_size=12)


@given(sizes_of_subjects, st.integers(0, 1000))
def test_no_subject_is_on_two_sides_and_no_side_is_empty(sizes, seed):
    subject = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(sizes)) * 7 + 3, sizes))
    part = split_by_subject(subject, seed)
    assert part.shape == subject.shape
    assert set(part.tolist()) == {TRAIN, VALIDATION, TEST}
    assert all(len(set(part[subject == who].tolist())) == 1 for who in np.unique(subject))
    np.testing.assert_array_equal(part, split_by_subject(subject, seed))


@given(st.integers(0, 10_000))
def test_a_subject_that_holds_most_frames_stays_in_training(seed):
    subject = np.repeat(np.arange(8), [51, 19, 1, 1, 1, 1, 1, 1])  # the real frames at hand
    part = split_by_subject(subject, seed)
    assert (part[subject == 0] == TRAIN).all()
    assert set(part.tolist()) == {TRAIN, VALIDATION, TEST}
    assert len(np.unique(subject[part == TEST])) >= 2  # one subject has no interval over subjects


@given(st.integers(0, 10_000))
def test_the_shares_of_many_equal_subjects_are_as_asked(seed):
    part = split_by_subject(np.repeat(np.arange(47), 120), seed)
    assert np.mean(part == TEST) == pytest.approx(0.2, abs=1 / 47)
    assert np.mean(part == VALIDATION) == pytest.approx(0.15, abs=1 / 47)


def test_another_seed_tests_other_subjects():
    subject = np.repeat(np.arange(47), 3)
    assert len({split_by_subject(subject, seed).tobytes() for seed in range(5)}) == 5


@pytest.mark.parametrize("count", [0, 1, 2])
def test_fewer_than_three_subjects_cannot_be_split(count):
    with pytest.raises(DataError, match="at least 3"):
        split_by_subject(np.repeat(np.arange(count), 9), 0)


@given(st.integers(20, 300), st.floats(0.1, 0.9), st.integers(0, 1000))
def test_the_split_by_image_has_its_shares_among_empty_and_filled_masks_alike(n, share, seed):
    nonempty = np.random.default_rng(seed).random(n) < share
    part = split_by_image(nonempty, seed)
    for value in (False, True):
        those = part[nonempty == value]
        assert np.sum(those == TEST) == round(0.2 * len(those))
        assert np.sum(those == VALIDATION) == round(0.15 * len(those))
    np.testing.assert_array_equal(part, split_by_image(nonempty, seed))


def test_the_split_by_image_puts_a_subject_on_both_sides():
    subject = np.repeat(np.arange(5), 40)
    part = split_by_image(np.arange(200) % 2 == 0, 0)
    assert all({TRAIN, TEST} <= set(part[subject == who].tolist()) for who in range(5))

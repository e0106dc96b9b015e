"""Post-processing equals a slow oracle, and a submission file gives its masks back bit for bit."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image
from scipy.ndimage import correlate1d, gaussian_filter

from reprise.data.submission import (
    LEAST_PIXELS,
    check_submission,
    parse_size,
    postprocess,
    read_submission,
    write_submission,
)
from reprise.data.ultrasound import generate, prepare
from reprise.studies.ultrasound.submission import frame_size
from reprise.workspace import Workspace

SHAPE = (84, 116)


def cubic(distance: np.ndarray) -> np.ndarray:
    """Keys' interpolation kernel with a = -0.5."""
    d = np.abs(distance)
    near = 1.5 * d**3 - 2.5 * d**2 + 1
    far = -0.5 * d**3 + 2.5 * d**2 - 4 * d + 2
    return np.where(d < 1, near, np.where(d < 2, far, 0))


def enlarging(small: int, large: int) -> np.ndarray:
    """(large, small) weights; the kernel is cut off at the border and its weights add up to 1 again."""
    centres = (np.arange(large)[:, None] + 0.5) * small / large - 0.5
    weights = cubic(centres - np.arange(small))
    return weights / weights.sum(axis=1, keepdims=True)


def blurred_slowly(probability: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Cubic enlargement, then OpenCV's 51 x 51 Gaussian: sigma 0.3 ((51 - 1) / 2 - 1) + 0.8, edges mirrored."""
    large = enlarging(probability.shape[0], shape[0]) @ probability @ enlarging(probability.shape[1], shape[1]).T
    sigma = 0.3 * ((51 - 1) * 0.5 - 1) + 0.8
    kernel = np.exp(-(np.arange(-25, 26) ** 2) / (2 * sigma**2))
    kernel /= kernel.sum()
    return correlate1d(correlate1d(large, kernel, axis=0, mode="mirror"), kernel, axis=1, mode="mirror")


def maps(n: int, size: int, seed: int) -> np.ndarray:
    """Smooth blobs of all strengths, many of them about the level at which masks are cut."""
    rng = np.random.default_rng(seed)
    noise = gaussian_filter(rng.standard_normal((n, size, size)), (0, 3, 3))
    noise = (noise - noise.min((1, 2), keepdims=True)) / np.ptp(noise, axis=(1, 2), keepdims=True)
    return (noise * rng.uniform(0.2, 1, (n, 1, 1))).astype(np.float32)


@pytest.mark.parametrize("shape", [SHAPE, (32, 32), (96, 64)])
def test_masks_equal_those_of_a_slow_oracle(shape):
    probability = maps(30, 32, 0)
    found = postprocess(probability, None, shape)
    filled = 0
    for mask, values in zip(found, probability, strict=True):
        blurred = blurred_slowly(values.astype(np.float64), shape)
        expected = blurred > 0.5
        if expected.sum() < LEAST_PIXELS:
            expected[:] = False
        sure = np.abs(blurred - 0.5) > 1e-4  # where float32 and float64 must agree
        assert sure.mean() > 0.99
        np.testing.assert_array_equal(mask[sure], expected[sure])
        filled += mask.any()
    assert 5 < filled < 30


def test_cubic_resizing_lifts_a_peak_by_less_than_a_third():
    """So a map whose peak is 0.3 stays below 0.4, blur only averages, and leaving such maps out changes no mask."""
    worst = {"larger": 0.0, "smaller": 0.0}
    for size in (2, 5, 8, 16, 32, 50, 64, 96, 160):
        unit = Image.fromarray(np.eye(size, dtype=np.float32))
        for other in (*range(1, 40), 84, 116, 420, 580):
            weights = np.asarray(unit.resize((other, size), Image.BICUBIC)).T  # (other, size)
            np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-5)
            raised, lowered = weights.clip(0).sum(axis=1).max(), -weights.clip(max=0).sum(axis=1).min()
            way = "larger" if other >= size else "smaller"
            worst[way] = max(worst[way], raised**2 + lowered**2)  # both directions: products of like signs
    assert worst["larger"] == pytest.approx(1 + 9 / 32, abs=1e-3)
    assert worst["smaller"] < 4 / 3


@given(hnp.arrays(np.float32, (2, 8, 8), elements=st.floats(0, 0.3125, width=32)))
@settings(max_examples=30)
def test_faint_maps_are_empty_with_and_without_the_shortcut(probability):
    assert not postprocess(probability, None, (40, 48)).any()
    assert max(blurred_slowly(values.astype(np.float64), (40, 48)).max() for values in probability) < 0.5


def test_a_map_a_little_above_a_half_everywhere_fills_the_frame_and_one_a_little_below_does_not():
    maps = np.stack([np.full((16, 16), 0.51), np.full((16, 16), 0.49)])
    assert postprocess(maps, None, SHAPE).mean(axis=(1, 2)).tolist() == [1, 0]


def test_frames_whose_head_says_none_are_empty():
    probability = np.ones((4, 16, 16), np.float32)
    masks = postprocess(probability, np.array([0.0, 0.4999, 0.5, 1.0]), SHAPE)
    assert masks.any((1, 2)).tolist() == [False, False, True, True]
    assert postprocess(probability, None, SHAPE).all()


def test_fewer_than_ten_pixels_are_none():
    y, x = np.mgrid[:16, :16]
    bump = np.exp(-((y - 7.3) ** 2 + (x - 8.1) ** 2) / 30)
    levels = np.sort(blurred_slowly(bump, (64, 64)).ravel())[::-1]
    emptied = kept = 0
    for pixels in (1, 3, 5, LEAST_PIXELS - 1, LEAST_PIXELS, LEAST_PIXELS + 1, 40):
        if levels[pixels - 1] - levels[pixels] < 1e-5:
            continue  # two equal levels: there is no height with so many pixels
        height = 0.5 / ((levels[pixels - 1] + levels[pixels]) / 2)
        assert height < 1
        found = int(postprocess((height * bump)[None].astype(np.float32), None, (64, 64)).sum())
        assert found == (pixels if pixels >= LEAST_PIXELS else 0)
        emptied, kept = emptied + (found == 0), kept + (found > 0)
    assert emptied > 1
    assert kept > 1


def test_a_straight_border_stays_where_it_is():
    half = np.zeros((1, 32, 32), np.float32)
    half[:, :, 16:] = 1
    expected = np.zeros((1, 64, 96), bool)
    expected[:, :, 48:] = True
    np.testing.assert_array_equal(postprocess(half, None, (64, 96)), expected)


def test_half_precision_maps_and_no_maps_at_all():
    assert postprocess(np.ones((2, 16, 16), np.float16), None, SHAPE).all()
    assert postprocess(np.zeros((0, 16, 16)), np.zeros(0), SHAPE).shape == (0, *SHAPE)


@pytest.mark.parametrize(
    ("probability", "has_mask", "says"),
    [
        (np.zeros((16, 16)), None, "expected maps"),
        (np.zeros((2, 16, 16)), np.zeros(3), "expected maps"),
        (np.zeros((2, 16, 16)), np.zeros((2, 1)), "expected maps"),
        (np.full((2, 16, 16), 1.5), None, "maps: expected probabilities"),
        (np.full((2, 16, 16), np.nan), None, "maps: expected probabilities"),
        (np.zeros((2, 16, 16)), np.array([-3.0, 4.0]), "heads: expected probabilities"),  # logits
    ],
)
def test_what_is_no_probability_is_refused(probability, has_mask, says):
    with pytest.raises(ValueError, match=says):
        postprocess(probability, has_mask, SHAPE)


@given(hnp.arrays(bool, st.tuples(st.integers(1, 4), st.integers(1, 12), st.integers(1, 12))))
@settings(max_examples=50)
def test_a_file_gives_its_masks_back(tmp_path_factory, masks):
    path = tmp_path_factory.mktemp("file") / "submission.csv"
    names = [f"{i}_mask" for i in range(len(masks))]
    write_submission(path, names, masks)
    found = read_submission(path, masks.shape[1:])
    assert list(found) == names
    np.testing.assert_array_equal(list(found.values()), masks)


def test_the_file_is_kaggles(tmp_path):
    masks = np.zeros((2, 3, 4), bool)
    masks[0, 1:, 0] = True
    write_submission(tmp_path / "s.csv", ["1", "2"], masks)
    assert (tmp_path / "s.csv").read_bytes() == b"img,pixels\n1,2 2\n2,\n"


def test_names_with_commas_quotes_and_other_scripts_survive(tmp_path):
    names = ['a,b "c"', "zwei\nZeilen", "神経", "", "a\rb", "\r\n", "=1+1"]
    write_submission(tmp_path / "s.csv", names, np.ones((7, 2, 2), bool))
    assert list(read_submission(tmp_path / "s.csv", (2, 2))) == names


def test_a_mask_of_the_most_possible_runs_survives(tmp_path):
    mask = np.indices((420, 580)).sum(axis=0) % 2 == 0  # over a million characters in one field
    write_submission(tmp_path / "s.csv", ["chessboard"], mask[None])
    assert (tmp_path / "s.csv").stat().st_size > 10**6
    np.testing.assert_array_equal(read_submission(tmp_path / "s.csv", (420, 580))["chessboard"], mask)


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("image,rle\n1,1 2\n", 1, "expected img,pixels"),
        ("1,1 2\n", 1, "expected img,pixels"),
        ("", 1, "expected img,pixels"),
        ("img,pixels\n1,1 2\n2,1 2,3\n", 3, "expected 2 fields, found 3"),
        ("img,pixels\n1,1 2\n\n2,1 2\n", 3, "expected 2 fields, found 0"),
        ("img,pixels\n1\n", 2, "expected 2 fields, found 1"),
        ("img,pixels\n1,1 2\n1,1 2\n", 3, "a second row for 1"),
        ("img,pixels\n1,1 2\n2,1\n", 3, "pairs"),
        ("img,pixels\n1,13 1\n", 2, "ends at pixel 13"),
        ("img,pixels\n1,1 x\n", 2, "'x'"),
        ('img,pixels\n"two\nlines",1 2\n3,0 1\n', 4, "counted from 1"),
    ],
)
def test_what_is_wrong_with_a_file_is_named_by_line(tmp_path, text, line, says):
    path = tmp_path / "s.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="line") as caught:
        read_submission(path, (3, 4))
    assert f"s.csv: line {line}: " in str(caught.value)
    assert says in str(caught.value)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00i", b"img,pixels\n\xe9,1 2\n", b"img,pixels\n\x00,1\x00\n"])
def test_bytes_that_are_no_text_are_an_error_that_names_the_file(tmp_path, content):
    (tmp_path / "s.csv").write_bytes(content)
    with pytest.raises(ValueError, match=r"s\.csv"):
        read_submission(tmp_path / "s.csv", (3, 4))


def test_a_file_saved_by_a_spreadsheet_is_read(tmp_path):
    (tmp_path / "s.csv").write_bytes(b"\xef\xbb\xbfimg,pixels\r\n1,2 2\r\n")
    assert read_submission(tmp_path / "s.csv", (3, 4))["1"].sum() == 2


def test_a_file_without_images_is_refused(tmp_path):
    (tmp_path / "s.csv").write_text("img,pixels\n")
    with pytest.raises(ValueError, match="no images"):
        read_submission(tmp_path / "s.csv", (3, 4))


@pytest.mark.parametrize("names", [["1"], ["1", "1"], ["1", "2", "3"]])
def test_names_that_do_not_fit_leave_no_file(tmp_path, names):
    with pytest.raises(ValueError, match="for 2 masks"):
        write_submission(tmp_path / "s.csv", names, np.zeros((2, 3, 4), bool))
    assert not list(tmp_path.iterdir())


def test_a_mask_that_cannot_be_written_leaves_the_old_file(tmp_path):
    write_submission(tmp_path / "s.csv", ["1"], np.ones((1, 3, 4), bool))
    before = (tmp_path / "s.csv").read_bytes()
    with pytest.raises(ValueError, match="boolean"):
        write_submission(tmp_path / "s.csv", ["1"], np.ones((1, 3, 4)))
    assert (tmp_path / "s.csv").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["s.csv"]


@pytest.mark.parametrize("shape", [(96, 64), (420, 580), (1, 7)])
def test_a_file_of_any_size_is_checked_by_the_size_that_is_given(tmp_path, shape):
    masks = np.zeros((3, *shape), bool)
    masks[0, 0, -1] = masks[1, -1, 0] = True
    write_submission(tmp_path / "s.csv", ["1", "2", "3"], masks)
    said = check_submission(tmp_path / "s.csv", parse_size(f"{shape[0]}x{shape[1]}"))
    assert said == f"{tmp_path / 's.csv'}: 3 images of {shape[0]} x {shape[1]}, 2 with a mask"
    np.testing.assert_array_equal(list(read_submission(tmp_path / "s.csv", shape).values()), masks)


def test_without_a_size_it_is_that_of_the_prepared_frames_or_kaggles(tmp_path):
    write_submission(tmp_path / "s.csv", ["1"], np.ones((1, 42, 58), bool))
    space = Workspace("ultrasound", tmp_path)
    assert "1 images of 420 x 580" in check_submission(tmp_path / "s.csv", frame_size(space))
    prepare(generate(3, 2, 0, (42, 58)), tmp_path / "data/prepared/ultrasound.npz", 16)
    assert "1 images of 42 x 58, 1 with" in check_submission(tmp_path / "s.csv", frame_size(space))
    write_submission(tmp_path / "s.csv", ["1"], np.ones((1, 420, 580), bool))
    with pytest.raises(ValueError, match="the mask 42 x 58 has 2436"):
        check_submission(tmp_path / "s.csv", frame_size(space))


@pytest.mark.parametrize("size", ["420", "420x", "x580", "420x580x3", "-1x5", "0x5", "a x b", "99999x9", "４x4"])
def test_a_size_that_is_none_is_refused(size):
    with pytest.raises(ValueError, match="HEIGHTxWIDTH"):
        parse_size(size)


def test_a_name_with_control_characters_reaches_no_terminal(tmp_path):
    path = tmp_path / "s\x1b[2J.csv"
    path.write_text("img,pixels\n\x1b[31m,1 1\n\x1b[31m,1 1\n")
    with pytest.raises(ValueError, match="a second row") as caught:
        read_submission(path, (3, 4))
    assert str(caught.value).isprintable()


def test_a_file_is_checked_without_making_its_masks(tmp_path):
    (tmp_path / "s.csv").write_text("img,pixels\n" + "".join(f"{i},1 2\n" for i in range(200)))
    tracemalloc.start()
    assert check_submission(tmp_path / "s.csv", (32767, 32767)).endswith("200 images of 32767 x 32767, 200 with a mask")
    assert tracemalloc.get_traced_memory()[1] < 8 << 20
    tracemalloc.stop()

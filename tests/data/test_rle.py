"""Run lengths are Kaggle's, and decoding is the exact inverse of encoding."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from reprise.data.rle import decode, encode

masks = hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=24))


def encoded_slowly(mask: np.ndarray) -> str:
    """Down each column, column after column, pixels numbered from 1."""
    runs, number = [], 0
    inside = False
    for column in range(mask.shape[1]):
        for row in range(mask.shape[0]):
            number += 1
            if mask[row, column] and inside:
                runs[-1][1] += 1
            elif mask[row, column]:
                runs.append([number, 1])
            inside = bool(mask[row, column])
    return " ".join(f"{start} {length}" for start, length in runs)


@given(masks)
@example(np.zeros((3, 4), bool))
@example(np.ones((3, 4), bool))
def test_encoding_is_column_by_column_from_one(mask):
    assert encode(mask) == encoded_slowly(mask)


@given(masks)
def test_decoding_is_the_exact_inverse(mask):
    decoded = decode(encode(mask), mask.shape)
    assert decoded.dtype == bool
    np.testing.assert_array_equal(decoded, mask)


def test_the_order_of_memory_does_not_matter():
    mask = np.random.default_rng(0).random((40, 31)) < 0.5
    assert encode(np.asfortranarray(mask)) == encode(mask) == encode(mask[::-1][::-1])


def test_known_run_lengths():
    mask = np.zeros((3, 4), bool)
    mask[1:, 0] = mask[0, 1] = True  # pixels 2, 3 and, at the top of the next column, 4
    mask[2, 3] = True  # the last one, 12
    assert encode(mask) == "2 3 12 1"
    assert encode(np.zeros((420, 580), bool)) == ""
    assert encode(np.ones((420, 580), bool)) == "1 243600"


def test_runs_that_touch_become_one():
    assert encode(decode("1 2 3 1", (2, 3))) == "1 3"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("1", "pairs; found 1"),
        ("1 2 3", "pairs; found 3"),
        ("0 3", "counted from 1"),
        ("3 0", "at least 1"),
        ("-1 3", "'-1'"),
        ("1.5 3", "'1.5'"),
        ("a 3", "'a'"),
        ("1e3 3", "'1e3'"),
        ("² 3", "'²'"),  # a digit to Python, no number
        ("٣ 3", "'٣'"),  # a number to Python, no ASCII
        ("1 3 3 2", "before the run before it ends"),
        ("5 1 1 1", "before the run before it ends"),
        ("12 2", "ends at pixel 13"),
        ("13 1", "ends at pixel 13"),
        ("1 9999999999999999999", "18 digits"),
        ("9" * 5000 + " 1", "18 digits"),
        ("1 999999999999999999", "has 12"),
    ],
)
def test_text_that_is_no_mask_is_refused_with_the_reason(text, says):
    with pytest.raises(ValueError, match="run") as caught:
        decode(text, (3, 4))
    assert says in str(caught.value)


@given(st.one_of(st.text(), st.text("0123456789 \t-²٣.e", max_size=30)))
@example("²")
def test_any_text_gives_a_mask_or_a_value_error(text):
    try:
        mask = decode(text, (3, 4))
    except ValueError:
        return
    assert mask.shape == (3, 4)
    np.testing.assert_array_equal(decode(encode(mask), (3, 4)), mask)


@pytest.mark.parametrize(
    "mask", [np.zeros((2, 2)), np.zeros((2, 2), np.uint8), np.zeros(4, bool), np.zeros((1, 2, 2), bool)]
)
def test_what_is_no_boolean_mask_is_refused(mask):
    with pytest.raises(ValueError, match="boolean mask"):
        encode(mask)

"""Claim 109: no inverse, an adjoint, and the table by stride."""

from __future__ import annotations

import numpy as np

from reprise.evaluation import declarations
from reprise.studies.convolution import transposed
from reprise.studies.convolution.comparison import Gaps, Sizes

DECLARED = declarations("convolution")[109]
GAPS = Gaps(np.zeros(3), np.zeros(3), np.zeros(3))


def sizes(strides, written):
    yes = np.ones(len(strides), bool)
    return Sizes(np.array(strides), yes * 0, yes, yes, yes, yes, yes, np.array(written), ~yes)


def test_an_image_does_not_come_back_and_three_quarters_of_its_dimensions_are_gone():
    back = transposed.way_back(12)
    assert back.errors.shape == (12,)
    assert ((back.errors > 0.05) & (back.errors < 1)).all()
    assert back.rank == 0.25


def test_a_transpose_that_returned_the_image_would_be_no_slip(monkeypatch):
    monkeypatch.setattr(transposed, "conv2d", lambda image, *rest, **more: image)
    monkeypatch.setattr(transposed, "transposed_conv2d", lambda image, *rest: 3 * image)  # up to scale
    back = transposed.way_back(5)
    assert back.errors.max() < 1e-7
    reverse = transposed.findings(DECLARED, GAPS, sizes([1, 2], [True, True]), back)[-2]
    assert (reverse.kind, reverse.verdict) == ("slip", "reproduced")


def test_the_same_share_is_told_for_strides_above_one():
    found = transposed.findings(DECLARED, GAPS, sizes([1, 1, 2, 3], [True, True, True, False]), transposed.way_back(3))
    every, strided = (finding.effect for finding in found[2:4])
    assert (found[2].kind, found[2].verdict) == ("primary", "contradicted")
    assert (every.value, every.n) == (0.75, 4)
    assert (strided.value, strided.n) == (0.5, 2)


def test_the_table_has_a_row_a_stride():
    table = transposed.stride_table(sizes([1, 2, 1, 2], [True, True, True, False]))
    assert table.rows == ((1, 2, "100.0 %", "0.0 %", "100.0 %"), (2, 2, "50.0 %", "0.0 %", "100.0 %"))


def test_even_the_best_linear_guess_is_not_the_digit():
    image, down, back, guess = transposed.there_and_back().values()
    assert image.shape == back.shape == guess.shape == (8, 8)
    assert down.shape == (4, 4)
    error = {"guess": np.linalg.norm(guess - image), "transpose": np.linalg.norm(back - image)}
    assert 0.1 < error["guess"] < error["transpose"]

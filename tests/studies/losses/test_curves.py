"""The oracle of the activations sees a wrong curve and a wrong slope."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from reprise.studies.losses import curves, lesson


def test_the_six_activations_are_right_to_rounding():
    assert max(curves.largest_errors().values()) < 1e-14


@pytest.mark.parametrize("part", ["curve", "slope"])
def test_an_error_in_either_part_is_seen(part):
    right = lesson.ACTIVATIONS[1]
    wrong = replace(right, **{part: lambda x: getattr(right, part)(x) + 1e-10})
    errors = curves.largest_errors((*lesson.ACTIVATIONS[:1], wrong))
    assert errors.pop(part) == pytest.approx(1e-10, rel=1e-3)
    assert max(errors.values()) < 1e-14


def test_kinks_are_left_out_and_both_sides_are_checked():
    assert 0 not in curves.CHECKED
    assert curves.CHECKED.min() < -5
    assert curves.CHECKED.max() > 5
    assert (np.diff(curves.CHECKED) > 0).all()


def test_the_sigmoid_is_judged_by_the_sources_number():
    middle = next(finding for finding in curves.findings() if finding.published)
    assert middle.expect.judge(middle.effect) == "reproduced"
    assert middle.published.startswith("0.5,")

"""Recorded times: written by hand of one command, read as numbers of a paper are."""

from __future__ import annotations

import numpy as np
import pytest

from reprise.recorded import Times, read_times, write_times

TIMES = Times({"slow": np.array([2.0, 2.2, 4.2]), "fast": np.array([1.0, 1.1, 2.1])}, "small", "generated", "a machine")


def test_what_is_written_is_read_again(tmp_path):
    write_times(tmp_path / "times.csv", TIMES)
    found = read_times(tmp_path / "times.csv")
    assert (found.scale, found.source, found.machine) == ("small", "generated", "a machine")
    for name, values in TIMES.seconds.items():
        np.testing.assert_array_equal(found.seconds[name], values)
    assert "3 rounds at scale small on generated data: a machine" in found.words


def test_ratios_are_taken_within_rounds_so_that_a_busy_round_does_no_harm():
    effect = TIMES.ratio("slow", "fast")
    assert (effect.value, effect.low, effect.high) == pytest.approx((2, 2, 2))
    back = TIMES.ratio("fast", "slow")
    assert back.value == pytest.approx(0.5)


def test_rounds_that_differ_give_an_interval_around_the_geometric_mean():
    times = Times({"a": np.array([1.0, 4.0]), "b": np.ones(2)}, "small", "generated", "a machine")
    effect = times.ratio("a", "b")
    assert effect.value == pytest.approx(2)
    assert effect.low < 1 < 4 < effect.high


def test_without_a_record_there_are_no_times(tmp_path):
    assert read_times(tmp_path / "times.csv") is None


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["a,0,x,small,generated,m"], "found 'x', expected a number"),
        (["a,0,1,small,generated,m", "b,0,1,small,generated,m", "b,1,1,small,generated,m"], "as many rounds"),
        (["a,0,0,small,generated,m"], "positive times"),
        (["a,0,1,small,generated,m", "b,0,1,full,generated,m"], "several machines or scales"),
    ],
)
def test_what_is_no_record_is_refused(tmp_path, rows, message):
    path = tmp_path / "times.csv"
    path.write_text("name,round,seconds,scale,source,machine\n" + "".join(f"{row}\n" for row in rows))
    with pytest.raises(ValueError, match=message):
        read_times(path)

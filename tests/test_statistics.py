"""The intervals behind every verdict: they cover as often as they say, and agree with independent formulas."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from reprise import statistics
from reprise.report.view import size_text
from reprise.statistics import exact, mean_effect, paired_effect, proportion, seeds_effect, seeds_needed


def coverage(draw, interval, trials=300):
    """Share of trials whose interval holds the true value 0."""
    rng = np.random.default_rng(20)
    effects = [interval(draw(rng)) for _ in range(trials)]
    return np.mean([effect.low <= 0 <= effect.high for effect in effects])


@pytest.mark.parametrize("seeds", [1, 3])
@pytest.mark.parametrize("groups", [3, 4, 8, 30])
def test_interval_over_few_groups_covers_as_often_as_it_says(monkeypatch, seeds, groups):
    monkeypatch.setattr(statistics, "REPLICATES", 1000)
    labels = np.repeat(np.arange(groups), 5)

    def draw(rng):
        return np.repeat(rng.normal(0, 1, groups), 5) + rng.normal(0, 0.3, (seeds, len(labels)))

    # binomial error of 300 trials at .95 is .013: three of them below, and never far too wide
    assert coverage(draw, lambda d: paired_effect(d, labels)) > 0.95 - 3 * 0.013


def test_interval_covers_when_seeds_and_groups_both_vary(monkeypatch):
    monkeypatch.setattr(statistics, "REPLICATES", 1000)
    labels = np.repeat(np.arange(6), 4)

    def draw(rng):
        return rng.normal(0, 1, (3, 1)) + np.repeat(rng.normal(0, 1, 6), 4) + rng.normal(0, 0.3, (3, 24))

    assert coverage(draw, lambda d: paired_effect(d, labels)) > 0.92


def test_ignoring_groups_would_cover_far_too_rarely(monkeypatch):
    """The simulation can fail: frames of a subject are not independent."""
    monkeypatch.setattr(statistics, "REPLICATES", 1000)
    rate = coverage(lambda rng: np.repeat(rng.normal(0, 1, 6), 20) + rng.normal(0, 0.1, 120), paired_effect)
    assert rate < 0.6


def test_an_interval_ends_where_the_quantity_does():
    two_of_three = np.repeat([1.0, 1.0, 0.0], 2)
    labels = np.repeat(np.arange(3), 2)
    wide, score = paired_effect(two_of_three, labels), paired_effect(two_of_three, labels, possible=statistics.SHARE)
    assert wide.high > 1
    assert wide.low < 0
    assert (score.low, score.high, score.value) == (0, 1, wide.value)
    gap = seeds_effect(np.array([0.9, -0.8, 0.7]), possible=statistics.SHARES_APART)
    assert (gap.low, gap.high) == (-1, 1)


def test_interval_over_seeds_is_students():
    values = np.array([0.71, 0.74, 0.69, 0.75])
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    effect = seeds_effect(values, "dice")
    assert (effect.low, effect.high) == pytest.approx((expected.low, expected.high))
    assert (effect.n, effect.seeds, effect.unit) == (4, 4, "dice")
    assert effect.seed_spread == pytest.approx(np.std(values, ddof=1))
    assert mean_effect(values).seeds == 0


def test_many_independent_examples_agree_with_students_interval():
    values = np.random.default_rng(1).normal(0.3, 1.0, 400)
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    effect = paired_effect(values)
    width = expected.high - expected.low
    assert effect.low == pytest.approx(expected.low, abs=0.06 * width)
    assert effect.high == pytest.approx(expected.high, abs=0.06 * width)


def test_resampling_and_the_normal_form_agree_where_they_meet(monkeypatch):
    rng = np.random.default_rng(2)
    values, groups = rng.exponential(1, 1800), np.repeat(np.arange(600), 3)
    resampled = paired_effect(values, groups)
    monkeypatch.setattr(statistics, "MANY_GROUPS", 10)
    normal = paired_effect(values, groups)
    width = resampled.high - resampled.low
    assert normal.high - normal.low == pytest.approx(width, rel=0.06)
    assert normal.low == pytest.approx(resampled.low, abs=0.06 * width)


def test_a_million_examples_need_no_replicate_matrix():
    effect = paired_effect(np.random.default_rng(3).normal(0, 1, 1_000_000))
    assert effect.high - effect.low == pytest.approx(2 * 1.96 / 1000, rel=0.05)


def test_unequal_groups_are_weighed_by_their_examples():
    differences = np.array([0.0] * 9 + [1.0])
    effect = paired_effect(differences, np.array([0] * 9 + [1]))
    assert effect.value == pytest.approx(0.1)
    assert effect.n == 2


def test_one_group_leaves_only_the_seeds():
    differences = np.array([[0.1, 0.3], [0.2, 0.4], [0.0, 0.2]])
    effect = paired_effect(differences, np.zeros(2))
    expected = seeds_effect(differences.mean(axis=1))
    assert effect.n == 1
    assert effect.high - effect.low == pytest.approx(expected.high - expected.low, rel=0.15)


def test_one_seed_on_one_group_says_nothing_about_chance():
    effect = paired_effect(np.array([0.5, 0.7]), np.zeros(2))
    assert (effect.low, effect.high) == (-math.inf, math.inf)
    assert seeds_effect(np.array([0.5])).high == math.inf


@pytest.mark.parametrize("groups", [None, np.zeros(4)])
def test_what_was_not_trained_has_no_seeds(groups):
    values = np.array([0.5, 0.7, 0.4, 0.6])
    untrained, one_seed = paired_effect(values, groups), paired_effect(values[None], groups)
    assert (untrained.seeds, one_seed.seeds) == (0, 1)
    assert dataclasses.replace(one_seed, seeds=0) == untrained
    assert size_text(untrained.n, untrained.seeds) == f"n\u00a0{untrained.n}"


@pytest.mark.parametrize(
    ("differences", "groups", "message"),
    [
        (np.zeros((0,)), None, "nothing to measure"),
        (np.zeros((3, 0)), None, "nothing to measure"),
        (np.array([1.0, np.nan]), None, "1 of 2 differences are NaN"),
        (np.zeros(3), np.zeros(2), "groups has length 2, differences 3"),
    ],
)
def test_input_without_an_answer_is_refused(differences, groups, message):
    with pytest.raises(ValueError, match=message):
        paired_effect(differences, groups)


@pytest.mark.parametrize("values", [np.zeros(0), np.zeros((2, 2)), np.array([1.0, np.nan])])
def test_seeds_must_be_a_row_of_numbers(values):
    with pytest.raises(ValueError, match="one number a seed"):
        seeds_effect(values)


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_proportion_is_wilsons_interval(counts):
    successes, trials = counts
    effect = proportion(successes, trials)
    share, z = successes / trials, stats.norm.ppf(0.975)
    centre = (share + z**2 / (2 * trials)) / (1 + z**2 / trials)
    half = z / (1 + z**2 / trials) * math.sqrt(share * (1 - share) / trials + z**2 / (4 * trials**2))
    assert effect.low == pytest.approx(max(0.0, centre - half), abs=1e-12)
    assert effect.high == pytest.approx(min(1.0, centre + half), abs=1e-12)
    assert 0 <= effect.low <= effect.value <= effect.high <= 1


@pytest.mark.parametrize(("successes", "trials"), [(0, 0), (3, 2), (-1, 5)])
def test_impossible_proportions_are_refused(successes, trials):
    with pytest.raises(ValueError, match="no proportion"):
        proportion(successes, trials)


def test_the_stricter_interval_is_the_one_at_the_divided_level():
    values = np.random.default_rng(3).normal(size=30)
    for of in (
        lambda **more: proportion(3, 40, **more),
        lambda **more: mean_effect(values, **more),
        lambda **more: seeds_effect(values, **more),
    ):
        one, alone = of(level=0.04, together=4), of(level=0.01)
        assert (one.strict_low, one.strict_high) == (alone.low, alone.high)
        assert one.strict_low < one.low == of(level=0.04).low
        assert (one.together, one.seeds) == (4, alone.seeds)


def test_seeds_needed_is_the_first_count_that_resolves():
    effect = seeds_effect(np.array([0.02, -0.01, 0.03]))
    needed = seeds_needed(effect)
    assert needed is not None

    def half(count):
        return stats.t.ppf(0.975, count - 1) * effect.seed_spread / math.sqrt(count)

    assert half(needed) < effect.value <= half(needed - 1)


def test_seeds_needed_counts_what_the_examples_leave_open():
    rng = np.random.default_rng(0)
    seeds, examples = rng.normal(size=(3, 1)), rng.normal(size=400)
    alone = paired_effect(0.35 + seeds + 1e-9 * examples)
    noisy = paired_effect(0.35 + seeds + 3.0 * (examples - examples.mean()))
    assert alone.examples_half < 1e-6
    assert noisy.examples_half == pytest.approx(1.96 * 3 * examples.std() / 20, rel=0.05)
    assert seeds_needed(noisy, noisy.value - 0.9 * noisy.examples_half) is None
    boundary = noisy.value - 1.05 * noisy.examples_half
    assert seeds_needed(noisy, boundary) > seeds_needed(alone, alone.value - 1.05 * noisy.examples_half)


@pytest.mark.parametrize("seeds", [2, 3, 10, 40])
@pytest.mark.parametrize("groups", [None, np.repeat(np.arange(500), 4)])
def test_what_single_networks_do_on_single_examples_is_no_floor(seeds, groups):
    """The floor is that of the examples' own means, which any number of seeds leaves; 1.96 s / sqrt(n) by hand."""
    rng = np.random.default_rng(seeds)
    units = 2000 if groups is None else 500
    lasting = rng.normal(0, 0.3, units) if groups is None else np.repeat(rng.normal(0, 0.3, units), 4)
    effect = paired_effect(lasting + rng.normal(0, 1.0, (seeds, 2000)), groups)
    floor = 1.96 * 0.3 / math.sqrt(units)
    assert effect.examples_floor == pytest.approx(floor, rel=0.6 if seeds < 5 else 0.15)
    assert effect.examples_floor < effect.examples_half
    few, many = effect.examples_half**2 - effect.examples_floor**2, (1.96 * 1.0) ** 2 / 2000 / seeds
    assert few == pytest.approx(many, rel=0.35)


def test_seeds_needed_ends_where_the_interval_of_so_many_seeds_does():
    rng = np.random.default_rng(3)
    examples = rng.normal(0.02, 0.05, 10_000)

    def run(seeds):
        return paired_effect(examples + rng.normal(0, 0.35, (seeds, 10_000)) + rng.normal(0, 0.02, (seeds, 1)))

    needed = [seeds_needed(run(6), 0.01) for _ in range(30)]
    assert None not in needed
    assert run(4 * int(np.median(needed))).low > 0.01


def test_one_seed_cannot_tell_what_lasts():
    effect = paired_effect(np.random.default_rng(0).normal(size=(1, 50)))
    assert effect.examples_floor == effect.examples_half > 0


def test_examples_and_seeds_add_as_independent_errors():
    values = np.array([0.1, 0.3, 0.2])
    alone, both = seeds_effect(values), seeds_effect(values, examples_sd=0.05)
    of_seeds, of_examples = alone.high - alone.value, 1.96 * 0.05
    assert both.high - both.value == pytest.approx(math.hypot(of_seeds, of_examples), rel=1e-4)
    assert both.examples_floor == pytest.approx(of_examples, rel=1e-4)


@pytest.mark.parametrize("measure", [lambda x, **k: seeds_effect(x.mean(axis=1), **k), paired_effect])
def test_intervals_that_hold_together_miss_as_rarely_as_one(monkeypatch, measure):
    monkeypatch.setattr(statistics, "REPLICATES", 2000)
    rng = np.random.default_rng(0)
    missed = 0
    for _ in range(200):
        effects = [measure(rng.normal(size=(4, 30)), together=8) for _ in range(8)]
        missed += any(effect.low > 0 or effect.high < 0 for effect in effects)
    assert missed <= 20  # nominal 10 of 200; one by one about a third would be missed


def test_seeds_needed_cannot_be_said_without_spread_or_effect():
    assert seeds_needed(exact(1.0)) is None
    assert seeds_needed(seeds_effect(np.array([-1.0, 1.0]))) is None


def test_the_same_input_gives_the_same_interval():
    differences = np.random.default_rng(4).normal(size=(3, 20))
    assert paired_effect(differences) == paired_effect(differences.copy())
    assert paired_effect(differences, rng_seed=1) != paired_effect(differences)

"""The intervals behind every verdict: they cover as often as they say, and agree with independent formulas."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from reprise import statistics, units
from reprise.report.view import size_text
from reprise.statistics import exact, mean_effect, paired_effect, proportion, ratio_of_groups, seeds_effect


def coverage(draw, interval, trials=400, truth=0.0):
    """Share of trials whose interval holds the true value."""
    rng = np.random.default_rng(20)
    effects = [interval(draw(rng)) for _ in range(trials)]
    return np.mean([effect.low <= truth <= effect.high for effect in effects])


OFF = 3 * math.sqrt(0.05 * 0.95 / 400)  # three standard errors of 400 trials at .95


@pytest.mark.parametrize("seeds", [1, 3])
@pytest.mark.parametrize("groups", [3, 4, 8, 30])
def test_interval_over_few_groups_covers_as_often_as_it_says(seeds, groups):
    labels = np.repeat(np.arange(groups), 5)

    def draw(rng):
        return np.repeat(rng.normal(0, 1, groups), 5) + rng.normal(0, 0.3, (seeds, len(labels)))

    assert coverage(draw, lambda d: paired_effect(d, labels)) > 0.95 - OFF


@pytest.mark.parametrize("groups", [2, 3, 5, 12])
def test_interval_covers_where_groups_differ_in_size_up_to_twenty_times(groups):
    def draw(rng):
        sizes = rng.integers(1, 21, groups)
        return np.repeat(rng.normal(0, 1, groups), sizes), np.repeat(np.arange(groups), sizes)

    assert coverage(draw, lambda drawn: paired_effect(*drawn), 800) > 0.95 - OFF


@pytest.mark.parametrize("seeds", [2, 4, 24])
@pytest.mark.parametrize("groups", [4, 300])
@pytest.mark.parametrize("spreads", [(1, 0, 0), (0, 1, 0.3), (1, 1, 1), (0.3, 1, 1), (1, 0.3, 4), (0, 0, 1)])
def test_interval_covers_whatever_varies_most(seeds, groups, spreads):
    """Standard deviations of the mean: over seeds, over groups, and of single networks on single groups."""
    of_seeds, of_groups, of_both = np.array(spreads) * [1, groups**0.5, groups**0.5]

    def draw(rng):
        alike = rng.normal(0, of_groups, groups) + rng.normal(0, of_both, (seeds, groups))
        return rng.normal(0, of_seeds, (seeds, 1)) + alike

    assert coverage(draw, paired_effect) > 0.95 - OFF


def test_what_single_networks_do_on_single_examples_is_counted_once():
    """Where little else varies, the interval is nearly Student's over seeds; counted twice it would be 1.4 times."""
    rng, ratios = np.random.default_rng(0), []
    for _ in range(300):
        values = rng.normal(0, 0.1, (8, 1)) + rng.normal(0, 1, (8, 300))
        ours, students = paired_effect(values), seeds_effect(values.mean(axis=1))
        ratios.append((ours.high - ours.low) / (students.high - students.low))
    assert 1 < np.mean(ratios) < 1.1
    assert np.quantile(ratios, 0.9) < 1.3


def test_seeds_that_agree_by_chance_are_no_surer_than_their_answers():
    """Three seeds of one and the same accuracy: what 200 answers leave open is left, with Student's t of three."""
    rng = np.random.default_rng(1)
    answers = np.stack([rng.permutation(200) < 100 for _ in range(3)]) * 1.0
    effect = paired_effect(answers)
    assert effect.seed_spread == 0
    assert effect.high - effect.value > 0.8 * stats.t.ppf(0.975, 2) * 0.5 / math.sqrt(600)


@pytest.mark.parametrize("level", [0.2, 0.01])
def test_interval_misses_as_often_as_its_level(level):
    rate = coverage(
        lambda rng: rng.normal(0, 1, (5, 1)) + rng.normal(0, 3, 40) + rng.normal(0, 1, (5, 40)),
        lambda drawn: paired_effect(drawn, level=level),
        2000,
    )
    assert 1 - level - 3 * math.sqrt(level / 2000) < rate < 1 - level + 0.03


def test_ignoring_groups_would_cover_far_too_rarely():
    """The simulation can fail: frames of a subject are not independent."""
    rate = coverage(lambda rng: np.repeat(rng.normal(0, 1, 6), 20) + rng.normal(0, 0.1, 120), paired_effect)
    assert rate < 0.6


def quarter_collapse(seeds, both):
    """Differences of two variants' networks of which a quarter come to nothing: of the first, or of either."""

    def draw(rng):
        one, other = 0.7 + rng.normal(0, 0.01, (2, seeds))
        one[rng.random(seeds) < 0.25] = 0.1
        if both:
            other[rng.random(seeds) < 0.25] = 0.1
        return (one - other)[:, None] + rng.normal(0, 0.3, 300) + rng.normal(0, 0.3, (seeds, 300))

    return draw


@pytest.mark.parametrize(("seeds", "low", "high"), [(4, 0.62, 0.76), (8, 0.84, 0.94), (24, 0.90, 0.98)])
def test_where_a_quarter_of_one_variants_networks_collapse_few_seeds_cover_too_rarely(seeds, low, high):
    """Why such comparisons are barred: of four networks often none has collapsed yet."""
    assert low < coverage(quarter_collapse(seeds, False), paired_effect, 600, truth=-0.15) < high


@pytest.mark.parametrize("seeds", [4, 8])
def test_where_both_variants_collapse_alike_the_interval_covers(seeds):
    assert coverage(quarter_collapse(seeds, True), paired_effect, 600) > 0.93


def tail_below(point, error, skew, scale, freedom):
    """By quadrature: how likely a skewed normal plus a scaled Student's t lies below."""

    def given(z):
        return stats.norm.pdf(z) * stats.t.cdf((point - error * (z + skew / 6 * (z * z - 1))) / scale, freedom)

    return integrate.quad(given, -9, 9, limit=400, points=[-3, 0, 3])[0]


@pytest.mark.parametrize("freedom", [1, 2, 7, 23])
@pytest.mark.parametrize("scale", [0.1, 1, 10])
@pytest.mark.parametrize("tail", [0.025, 0.004, 0.0005])
def test_ends_of_a_sum_of_both_chances_agree_with_quadrature(freedom, scale, tail):
    low, high = (statistics._quantile_of_sum(t, 1.0, 0.0, scale, freedom) for t in (tail, 1 - tail))
    assert low == pytest.approx(-high, rel=1e-6)
    assert tail_below(low, 1.0, 0.0, scale, freedom) == pytest.approx(tail, rel=0.01)


@pytest.mark.parametrize(("skew", "off"), [(0.1, 0.003), (0.3, 0.01), (-0.8, 0.06)])
def test_ends_of_a_skewed_sum_agree_with_a_million_draws(skew, off):
    """To a share of the interval's half width: skewness is known to Cornish and Fisher's first term only."""
    rng = np.random.default_rng(7)
    normal, students = rng.normal(size=1_000_000), rng.standard_t(7, 1_000_000)
    for scale in (0.2, 0.5, 2):
        drawn = normal + skew / 6 * (normal**2 - 1) + scale * students
        for tail in (0.025, 0.004):
            low, high = np.quantile(drawn, [tail, 1 - tail])
            ours = [statistics._quantile_of_sum(t, 1.0, skew, scale, 7) for t in (tail, 1 - tail)]
            assert ours == pytest.approx([low, high], abs=(off + 0.006) * (high - low) / 2)


def test_ends_of_either_chance_alone_are_the_textbooks():
    assert statistics._quantile_of_sum(0.01, 2.0, 0.0, 0.0, 5) == pytest.approx(2 * stats.norm.ppf(0.01))
    assert statistics._quantile_of_sum(0.01, 0.0, 0.0, 3.0, 5) == pytest.approx(3 * stats.t.ppf(0.01, 5))
    nearly = statistics._quantile_of_sum(0.01, 1e-9, 0.0, 3.0, 5)
    assert nearly == pytest.approx(3 * stats.t.ppf(0.01, 5), rel=1e-3)


@pytest.mark.parametrize("groups", [30, 120, 1000])
def test_skewed_groups_agree_with_a_bootstrap_of_them(groups):
    """Two ways that share nothing: groups left out one at a time, groups drawn with replacement."""
    rng = np.random.default_rng(groups)
    values = rng.exponential(1, groups)
    drawn = values[rng.integers(0, groups, (20_000, groups))].mean(axis=1)
    low, high = values.mean() + (np.quantile(drawn, [0.025, 0.975]) - values.mean()) * math.sqrt(groups / (groups - 1))
    student = stats.t.ppf(0.975, groups - 1) / 1.96
    effect = paired_effect(values)
    assert effect.low - effect.value == pytest.approx((low - values.mean()) * student, rel=0.05)
    assert effect.high - effect.value == pytest.approx((high - values.mean()) * student, rel=0.05)
    assert effect.high - effect.value > effect.value - effect.low  # longer where the tail is


def test_skewness_makes_the_interval_cover_better_than_students():
    def misses(interval):
        return 1 - coverage(lambda rng: rng.exponential(1, 40), interval, 3000, truth=1.0)

    assert misses(paired_effect) < misses(mean_effect)


def test_where_one_group_holds_nearly_all_the_interval_says_nothing():
    sizes = np.array([10_000, 1, 1])
    values, labels = np.repeat([0.6, 0.2, 0.1], sizes), np.repeat(np.arange(3), sizes)
    effect = paired_effect(values, labels, possible=statistics.SHARE)
    assert (effect.low, effect.high) == (0, 1)
    alike = paired_effect(np.full(len(labels), 0.5), labels)
    assert (alike.low, alike.high) == (0.5, 0.5)


def test_an_interval_ends_where_the_quantity_does():
    two_of_three = np.repeat([1.0, 1.0, 0.0], 2)
    labels = np.repeat(np.arange(3), 2)
    wide, score = paired_effect(two_of_three, labels), paired_effect(two_of_three, labels, possible=statistics.SHARE)
    assert wide.high > 1
    assert wide.low < 0
    assert (score.low, score.high, score.value) == (0, 1, wide.value)
    gap = seeds_effect(np.array([0.9, -0.8, 0.7]), possible=statistics.SHARES_APART)
    assert (gap.low, gap.high) == (-1, 1)


UNIT = st.sampled_from(["accuracy", "share", "share of images", "dice", "ECE", "probability"])


@given(UNIT, st.booleans(), st.lists(st.floats(0, 1), min_size=2, max_size=8), st.integers(1, 6), st.floats(-1, 1))
def test_a_cut_interval_covers_what_it_covered(unit, apart, values, together, truth):
    """Of a share, or a difference of two, whatever the true one is: it was covered just where it is."""
    values = np.array(values)
    values, possible = (values - values[::-1], None) if apart else (values, statistics.SHARE)
    truth = truth if apart else abs(truth)
    for make in (seeds_effect, mean_effect):
        cut, whole = (make(values, each, span, together=together) for each, span in ((unit, possible), ("nats", None)))
        for low, high in (("low", "high"), ("strict_low", "strict_high")):
            ends, wide = (np.array([getattr(effect, low), getattr(effect, high)]) for effect in (cut, whole))
            assert (ends[0] <= truth <= ends[1]) == (wide[0] <= truth <= wide[1])
            assert -apart <= ends[0] <= cut.value <= ends[1] <= 1


@given(UNIT, st.booleans(), st.integers(1, 5), st.integers(1, 6), st.floats(-1, 1), st.randoms(use_true_random=False))
def test_a_cut_interval_over_examples_covers_what_it_covered(unit, apart, seeds, together, truth, random):
    right = np.array([[random.random() < 0.9 for _ in range(12)] for _ in range(2 * seeds)], float)
    values, possible = (right[:seeds] - right[seeds:], None) if apart else (right[:seeds], statistics.SHARE)
    truth, groups = truth if apart else abs(truth), np.arange(12) // 4
    cut, whole = (
        paired_effect(values, groups, each, span, together=together) for each, span in ((unit, possible), ("", None))
    )
    assert (cut.low <= truth <= cut.high) == (whole.low <= truth <= whole.high)
    assert (cut.strict_low <= truth <= cut.strict_high) == (whole.strict_low <= truth <= whole.strict_high)
    assert -1 <= cut.strict_low <= cut.low <= cut.high <= cut.strict_high <= 1


def test_a_unit_says_what_a_mean_can_be():
    assert units.possible_in("share of images") == units.possible_in("dice") == (-1, 1)
    assert units.possible_in("share of variance") == units.possible_in("nats") == (-np.inf, np.inf)
    assert paired_effect(np.array([1.0, -0.9, 0.8]), unit="share").low == -1
    with pytest.raises(ValueError, match=r"a mean of 2 accuracy: declared to lie between -1 and 1"):
        seeds_effect(np.array([2.0, 2.0]), "accuracy")


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
    assert effect.low == pytest.approx(expected.low, abs=0.02 * width)
    assert effect.high == pytest.approx(expected.high, abs=0.02 * width)


def test_a_million_examples_are_no_burden():
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
    assert (effect.low, effect.high) == pytest.approx((expected.low, expected.high))


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
        (np.array([1.0, np.nan]), None, "1 of 2 differences are not finite"),
        (np.array([[1.0, np.inf], [-np.inf, 0.0]]), None, "2 of 4 differences are not finite"),
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


@settings(deadline=None)
@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.floats(0.001, 0.5))
def test_proportion_is_wilsons_interval(counts, level):
    successes, trials = counts
    effect = proportion(successes, trials, level=level)
    expected = stats.binomtest(successes, trials).proportion_ci(1 - level, method="wilson")
    assert (effect.low, effect.high) == pytest.approx((expected.low, expected.high), abs=1e-12)
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
        lambda **more: paired_effect(values, **more),
        lambda **more: paired_effect(values.reshape(3, 10), **more),
    ):
        one, alone = of(level=0.04, together=4), of(level=0.01)
        assert (one.strict_low, one.strict_high) == (alone.low, alone.high)
        assert one.strict_low < one.low == of(level=0.04).low
        assert (one.together, one.seeds) == (4, alone.seeds)


@pytest.mark.parametrize("measure", [lambda x, **k: seeds_effect(x.mean(axis=1), **k), paired_effect])
def test_intervals_that_hold_together_miss_as_rarely_as_one(measure):
    rng = np.random.default_rng(0)
    strictly, each = 0, 0
    for _ in range(300):
        drawn = rng.normal(size=(8, 4, 1)) + rng.normal(size=(8, 4, 30))
        effects = [measure(values, together=8) for values in drawn]
        strictly += any(effect.strict_low > 0 or effect.strict_high < 0 for effect in effects)
        each += any(effect.low > 0 or effect.high < 0 for effect in effects)
    assert strictly <= 27  # nominal 15 of 300, three standard errors of 3.8
    assert each > 60  # one by one a third would


def of_subjects(share, alike, subjects):
    """(numerators, denominators, labels): pairs of each subject, which resemble each other the more, the less."""

    def draw(rng):
        counts = rng.integers(3, 16, subjects)
        own = np.repeat(rng.beta(share * alike, (1 - share) * alike, subjects), counts)
        return (rng.random(len(own)) < own).astype(float), np.ones(len(own)), np.repeat(np.arange(subjects), counts)

    return draw


@pytest.mark.parametrize("subjects", [4, 20, 96])
@pytest.mark.parametrize(("share", "alike"), [(0.5, 1.5), (0.75, 0.8), (0.9, 3), (0.95, 3)])
def test_a_share_of_dependent_units_covers(subjects, share, alike):
    rate = coverage(of_subjects(share, alike, subjects), lambda drawn: ratio_of_groups(*drawn), 600, share)
    assert rate > (0.87 if share == 0.95 and subjects == 20 else 0.91)


def test_ignoring_subjects_would_cover_a_share_too_rarely():
    def alone(drawn):
        return proportion(int(drawn[0].sum()), len(drawn[0]))

    assert coverage(of_subjects(0.75, 0.8, 20), alone, truth=0.75) < 0.7


def test_a_share_over_single_units_is_nearly_wilsons():
    right = np.array([1.0] * 70 + [0.0] * 30)
    ours, wilsons = ratio_of_groups(right, np.ones(100), np.arange(100)), proportion(70, 100)
    assert (ours.low, ours.high) == pytest.approx((wilsons.low, wilsons.high), abs=0.005)
    assert (ours.n, ours.value) == (100, 0.7)


def test_groups_that_agree_wholly_do_not_make_a_share_certain():
    every = ratio_of_groups(np.ones(40), np.ones(40), np.repeat(np.arange(4), 10))
    assert every.high == every.value == 1
    assert every.low < proportion(4, 4).low < 0.6  # no surer than four units, of which Student's t knows less
    halves = ratio_of_groups(np.tile([1.0, 0.0], 20), np.ones(40), np.repeat(np.arange(4), 10))
    assert halves.low < 0.2


def test_a_share_of_one_group_says_nothing_and_of_nothing_is_refused():
    alone = ratio_of_groups(np.array([1.0, 0.0]), np.ones(2), np.zeros(2))
    assert (alone.low, alone.value, alone.high) == (0, 0.5, 1)
    empty_beside = ratio_of_groups(np.array([1.0, 0.0]), np.array([2.0, 0.0]), np.arange(2))
    assert (empty_beside.low, empty_beside.high, empty_beside.n) == (0, 1, 2)
    with pytest.raises(ValueError, match="nothing to take a share of"):
        ratio_of_groups(np.zeros(2), np.zeros(2), np.arange(2))
    with pytest.raises(ValueError, match="more than the whole"):
        ratio_of_groups(np.array([3.0, 0.0]), np.ones(2), np.arange(2))


@pytest.mark.parametrize("seeds", [2, 3, 10, 40])
@pytest.mark.parametrize("groups", [None, np.repeat(np.arange(500), 4)])
def test_the_examples_error_is_what_any_number_of_seeds_leaves(seeds, groups):
    """By hand: the examples' own means have s / sqrt(n), whatever single networks do on single examples."""
    rng = np.random.default_rng(seeds)
    units = 2000 if groups is None else 500
    lasting = rng.normal(0, 0.3, units) if groups is None else np.repeat(rng.normal(0, 0.3, units), 4)
    effect = paired_effect(lasting + rng.normal(0, 1.0, (seeds, 2000)), groups)
    assert effect.examples_error == pytest.approx(0.3 / math.sqrt(units), rel=0.6 if seeds < 5 else 0.15)


def test_one_seed_cannot_tell_what_lasts():
    values = np.random.default_rng(0).normal(size=(1, 50))
    assert paired_effect(values).examples_error == pytest.approx(values.std(ddof=1) / math.sqrt(50))


def test_examples_and_seeds_add_as_independent_errors():
    values = np.array([0.1, 0.3, 0.2])
    alone, both = seeds_effect(values), seeds_effect(values, examples_error=0.05)
    part = seeds_effect(values, examples_error=0.1, lasting=0.25)
    of_seeds = alone.high - alone.value
    assert both.high - both.value == pytest.approx(math.hypot(of_seeds, 1.96 * 0.05), rel=1e-4)
    assert both.examples_error == 0.05
    assert part == both


def test_an_interval_over_seeds_with_an_error_of_examples_covers():
    def draw(rng):
        return rng.normal(0, 1, 4) + rng.normal(0, 1)

    assert coverage(draw, lambda values: seeds_effect(values, examples_error=1.0), 2000) > 0.94


def test_an_exact_quantity_is_its_own_interval():
    assert exact(56, unit="pairs") == statistics.Effect(56.0, 56.0, 56.0, 1, unit="pairs")
    assert (exact(2).strict_low, exact(2).strict_high) == (2, 2)


def test_nothing_is_drawn(monkeypatch):
    monkeypatch.setattr(np.random, "default_rng", None)
    values = np.arange(60.0).reshape(3, 20) % 7
    assert paired_effect(values, np.repeat(np.arange(5), 4)) == paired_effect(values.copy(), np.repeat(np.arange(5), 4))

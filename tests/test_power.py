"""What is planned comes true: looks err together as they say, plans have their power, as has the whole procedure."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import math

import numpy as np
import pytest
from benchmarks.verdicts import Networks, World, after, before, declare, simulate
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from reprise.claims.evidence import decide
from reprise.comparing.findings import collapsed, compare, difference, unlearned
from reprise.power import (
    ALPHA,
    POWER,
    level_at,
    look_levels,
    power_above,
    power_between,
    power_jointly,
    power_of_share,
    seeds_for,
)
from reprise.statistics import paired_effect, proportion

LOOKS = (4, 8, 16, 24)


def within(share, nominal, trials):
    """Three standard errors of a simulated share."""
    return share == pytest.approx(nominal, abs=3 * math.sqrt(nominal * (1 - nominal) / trials))


# looks


@pytest.mark.parametrize("looks", [LOOKS, (2, 3), (8, 16), (4, 8, 12), (2, 400)])
@pytest.mark.parametrize("alpha", [0.05, 0.2])
def test_looks_together_err_as_the_joint_normal_distribution_says(looks, alpha):
    """By scipy's integral over the box between all bounds, which knows nothing of one look after the other."""
    bounds = stats.norm.isf(np.array(look_levels(looks, alpha)) / 2)
    seen = np.array(looks, float)
    correlation = np.sqrt(np.minimum.outer(seen, seen) / np.maximum.outer(seen, seen))
    for upto in range(1, len(looks) + 1):
        normal = stats.multivariate_normal(np.zeros(upto), correlation[:upto, :upto], abseps=1e-6, releps=1e-6, seed=1)
        stopped = 1 - normal.cdf(bounds[:upto], lower_limit=-bounds[:upto])
        assert stopped == pytest.approx(alpha * looks[upto - 1] / looks[-1], abs=5e-6)


def paths(trials, seeds=24):
    """(trials, seeds) standardised sums of so many seeds."""
    rng = np.random.default_rng(11)
    return rng.standard_normal((trials, seeds)).cumsum(axis=1) / np.sqrt(np.arange(1, seeds + 1))


def stopped(statistics, levels, quantile):
    """Share of paths that cross a bound at one of the looks."""
    crossed = [
        np.abs(statistics[:, n - 1]) > quantile(1 - level / 2, n) for n, level in zip(LOOKS, levels, strict=True)
    ]
    return np.logical_or.accumulate(crossed).mean(axis=1)


def test_two_hundred_thousand_paths_cross_as_often_as_planned():
    at_looks = stopped(paths(200_000), look_levels(LOOKS), lambda tail, n: stats.norm.ppf(tail))
    for share, n in zip(at_looks, LOOKS, strict=True):
        assert within(share, ALPHA * n / 24, 200_000)
    unplanned = stopped(paths(200_000), [ALPHA] * 4, lambda tail, n: stats.norm.ppf(tail))
    assert unplanned[-1] > 0.11  # what looking costs that spends nothing


def test_students_quantiles_at_those_levels_err_nearly_as_rarely_with_few_seeds():
    """The levels are those of normal paths, but each look's spread is its own seeds': 0.053 where 0.05 is planned."""
    values = np.random.default_rng(12).standard_normal((100_000, 24))
    sums, squares, n = values.cumsum(axis=1), (values**2).cumsum(axis=1), np.arange(1, 25)
    with np.errstate(divide="ignore", invalid="ignore"):
        students = sums / np.sqrt(n * (squares - sums**2 / n) / (n - 1))
    share = stopped(students, look_levels(LOOKS), lambda tail, n: stats.t.ppf(tail, n - 1))[-1]
    assert share == pytest.approx(0.0532, abs=0.0021)
    unplanned = stopped(students, [ALPHA] * 4, lambda tail, n: stats.t.ppf(tail, n - 1))[-1]
    assert unplanned > 0.11


@settings(deadline=None)
@given(st.integers(2, 1000), st.floats(1e-4, 0.5))
def test_a_single_look_has_all_of_the_error(seeds, alpha):
    assert look_levels((seeds,), alpha) == pytest.approx((alpha,), rel=1e-9)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(2, 300), min_size=1, max_size=6, unique=True).map(sorted))
def test_each_look_is_judged_between_what_it_may_spend_and_all_spent_so_far(looks):
    levels = look_levels(tuple(looks))
    for before_it, now, level in zip((0, *looks), looks, levels, strict=False):
        assert ALPHA * (now - before_it) / looks[-1] <= level * (1 + 1e-6)
        assert level <= ALPHA * now / looks[-1] * (1 + 1e-6)


@pytest.mark.parametrize("looks", [(), (1, 4), (4, 4), (8, 4)])
def test_looks_that_do_not_rise_from_two_are_refused(looks):
    with pytest.raises(ValueError, match=r"looks must be rising numbers of seeds from 2 on; found \["):
        look_levels(looks)


def test_the_level_of_a_look_is_none_where_none_is_planned():
    assert level_at(8, LOOKS) == look_levels(LOOKS)[1]
    assert level_at(9, LOOKS) is None
    assert level_at(8, [8]) == pytest.approx(ALPHA)


# power


@settings(deadline=None)
@given(st.integers(2, 60), st.floats(0.001, 1), st.floats(0.01, 3), st.sampled_from([0.05, 0.0083, 0.001]))
def test_power_for_a_bound_is_that_of_students_test(seeds, spread, ratio, alpha):
    """By the noncentral t distribution, where all chance is the seeds'."""
    found = power_above(seeds, spread, ratio * spread, alpha=alpha)
    critical = stats.t.ppf(1 - alpha / 2, seeds - 1)
    assert found == pytest.approx(stats.nct.sf(critical, seeds - 1, ratio * math.sqrt(seeds)), abs=3e-3)


def drawn_intervals(seeds, spread, effect, examples, alpha, trials=100_000):
    """Ends of intervals for a true effect, by drawing seeds and examples."""
    rng = np.random.default_rng(seeds)
    values = effect + rng.normal(0, spread, (trials, seeds)) + rng.normal(0, examples, (trials, 1))
    of_seeds = stats.t.ppf(1 - alpha / 2, seeds - 1) * values.std(axis=1, ddof=1) / math.sqrt(seeds)
    half = np.hypot(of_seeds, stats.norm.ppf(1 - alpha / 2) * examples)
    return values.mean(axis=1) - half, values.mean(axis=1) + half


@pytest.mark.parametrize("alpha", [0.05, 0.0274])
@pytest.mark.parametrize("examples", [0.0, 0.004])
@pytest.mark.parametrize("seeds", [2, 4, 24])
@pytest.mark.parametrize("effect", [0.005, 0.02])
def test_power_is_how_often_drawn_intervals_decide(seeds, effect, examples, alpha):
    low, _ = drawn_intervals(seeds, 0.012, effect, examples, alpha)
    assert power_above(seeds, 0.012, effect, examples, alpha) == pytest.approx((low > 0).mean(), abs=0.006)
    low, high = drawn_intervals(seeds, 0.012, 0.0, examples, alpha)
    inside = ((low > -effect) & (high < effect)).mean()
    assert power_between(seeds, 0.012, effect, examples, alpha) == pytest.approx(inside, abs=0.006)


def test_power_is_that_of_the_intervals_that_judge():
    """By ``paired_effect`` itself, on seeds and images: the plan's two errors are those that it shows."""
    rng, seeds, n = np.random.default_rng(3), 8, 400
    effects = [
        paired_effect(0.012 + rng.normal(0, 0.01, (seeds, 1)) + rng.normal(0, 0.08, n) + rng.normal(0, 0.1, (seeds, n)))
        for _ in range(1000)
    ]
    spread, examples = math.sqrt(0.01**2 + 0.1**2 / n), 0.08 / math.sqrt(n)
    assert np.sqrt(np.mean([each.seed_spread**2 for each in effects])) == pytest.approx(spread, rel=0.03)
    assert np.sqrt(np.mean([each.examples_error**2 for each in effects])) == pytest.approx(examples, rel=0.05)
    decided = np.mean([each.low > 0 for each in effects])
    assert decided == pytest.approx(power_above(seeds, spread, 0.012, examples), abs=0.05)


@pytest.mark.parametrize(("band", "effects"), [("> 0", (0.04,) * 3), ("-0.04 to 0.04", (0.0,) * 3)])
def test_joint_power_is_how_often_all_comparisons_with_one_baseline_come_out(band, effects):
    declared, made, hits = declare(band, True), world(*effects), []
    last = declared.looks[-1]
    for seed in range(200):
        baseline, *others = made.draw(np.random.default_rng(seed), last)
        hits.append(decide(compare(declared, [(one, baseline) for one in others])) == "reproduced")
        if seed == 0:
            one = difference(others[0], baseline)
    width = 0.04
    jointly = power_jointly(3, last, one.seed_spread, width, one.examples_error, declared.level(last), "to" in band)
    alone = power_jointly(1, last, one.seed_spread, width, one.examples_error, declared.level(last), "to" in band)
    assert jointly <= alone
    assert np.mean(hits) == pytest.approx(jointly, abs=0.12)


@pytest.mark.parametrize("between", [False, True])
@pytest.mark.parametrize("seeds", [8, 16, 200])
def test_joint_power_falls_with_comparisons_and_stays_above_that_of_independent_ones(seeds, between):
    spread = 0.012 * math.sqrt(seeds / 16)
    found = [power_jointly(k, seeds, spread, 0.01, 0.001, 0.05, between) for k in (1, 2, 4, 8)]
    assert all(before >= after for before, after in itertools.pairwise(found))
    assert found[2] == pytest.approx(power_jointly(4, seeds, spread, 0.01, 0.001, 0.05, between))  # the same each time
    assert found[3] > found[0] ** 8 - 0.02
    assert found[3] < found[0] - 0.02


def test_power_of_a_share_is_that_of_the_counts_that_decide():
    """Of twelve trials Wilson's interval lies above one half from ten successes on: 0.889 where each has chance .9."""
    decides = [k for k in range(13) if proportion(k, 12).low > 0.5]
    assert decides == [10, 11, 12]
    found = power_of_share(12, 0.9, lambda k: k in decides)
    assert found == pytest.approx(sum(math.comb(12, k) * 0.9**k * 0.1 ** (12 - k) for k in decides))
    assert power_of_share(1000, 0.0, lambda k: k == 0) == pytest.approx(1)
    assert power_of_share(1000, 0.5, lambda k: False) == 0


size, noise = st.floats(1e-3, 1.0), st.floats(0.01, 1.0)


@settings(deadline=None)
@given(st.integers(2, 100), noise, size, st.floats(0, 0.5), st.sampled_from([power_above, power_between]))
def test_power_rises_with_seeds_and_effect_and_falls_with_noise(seeds, spread, effect, examples, power):
    here = power(seeds, spread, effect, examples)
    assert 0 <= here <= 1
    assert power(seeds + 1, spread, effect, examples) >= here - 1e-3
    assert power(seeds, spread, effect * 1.5, examples) >= here - 1e-9
    assert power(seeds, spread, effect, examples, alpha=0.2) >= here - 1e-9
    if here > 0.5:  # below, more noise can also carry it over by chance
        assert power(seeds, spread * 1.5, effect, examples) <= here + 1e-3
        assert power(seeds, spread, effect, examples + 0.1) <= here + 1e-3


@pytest.mark.parametrize("power", [power_above, power_between])
def test_power_at_the_edges(power):
    assert power(1, 0.1, 10.0) == 0  # one seed knows no spread
    assert power(2, 0.0, 0.1) == 1
    assert power(24, 0.0, 0.1, examples=0.2) < 0.1
    assert power(100_000, 0.1, 0.05) == pytest.approx(1)


def test_power_for_no_effect_is_the_error_and_without_chance_nothing():
    assert power_above(24, 0.1, 0.0) == pytest.approx(ALPHA / 2, abs=1e-3)
    assert power_above(24, 0.0, 0.0) == 0
    assert power_between(24, 0.0, 0.0) == 1  # a band of one number, hit exactly
    assert power_between(24, 0.1, 0.0) == 0


@settings(deadline=None, max_examples=40)
@given(st.floats(0.2, 4), st.sampled_from([0.0, 0.1, 0.3]), st.booleans())
def test_seeds_for_is_the_least_number_with_the_power(ratio, examples, between):
    spread, power = 1.0, power_between if between else power_above
    found = seeds_for(spread, ratio, examples, between)
    if found is None:
        assert power(400, spread, ratio, examples) < POWER
        return
    assert power(found, spread, ratio, examples) >= POWER
    assert all(power(n, spread, ratio, examples) < POWER for n in range(max(2, found - 10), found))


def test_seeds_for_what_no_number_of_seeds_shows_is_none():
    assert seeds_for(0.01, 0.01, examples=0.01) is None
    assert seeds_for(0.01, 0.01, most=5) is None
    assert seeds_for(0.01, 1.0) in (2, 3)


# the whole procedure, on simulated networks: benchmarks/verdicts.py has the table

TRIALS = 200
SMALL = World((0.0,), spread=0.02, images=300, own=0.3)  # networks' answers on 300 images add as much again
EDGE = 0.05 + 3 * math.sqrt(0.05 * 0.95 / TRIALS)


def world(*effects, collapse=0.0):
    return dataclasses.replace(SMALL, effects=effects, collapse=collapse)


@functools.cache
def judged(band, effects, procedure=after, collapse=0.0):
    """Many claims of such a world; several effects are comparisons alike."""
    return simulate(world(*effects, collapse=collapse), declare(band, len(effects) > 1), TRIALS, procedure)


@pytest.fixture(scope="module")
def seen():
    """What an earlier run of such networks showed, as a plan assumes it."""
    one, other = SMALL.draw(np.random.default_rng(1), 300)
    return difference(one, other)


def test_simulated_networks_are_as_good_as_they_are_said_to_be():
    baseline, better = world(0.04).draw(np.random.default_rng(0), 2000)
    assert baseline.correct.mean() == pytest.approx(0.7, abs=0.04)  # these images are harder or easier than all
    effects = [difference(*world(0.04).draw(np.random.default_rng(i), 30)[::-1]).value for i in range(200)]
    assert np.mean(effects) == pytest.approx(0.04, abs=4 * np.std(effects) / math.sqrt(200))
    assert better.seeds == 2000


@pytest.mark.parametrize(
    ("band", "effects"),
    [
        ("> 0", (0.0,)),
        (">= -0.04", (-0.04,)),
        ("-0.04 to 0.04", (0.04,)),
        ("> 0", (0.0,) * 4),
        ("> 0", (0.0, 0.1, 0.1, 0.1)),
    ],
)
def test_at_the_bands_end_one_claim_in_twenty_is_judged_wrongly_all_looks_together(band, effects):
    tally = judged(band, effects)
    assert tally.share("reproduced", "contradicted") < EDGE
    assert tally.covers > 0.95 - (EDGE - 0.05)
    assert tally.barred == 0


@pytest.mark.parametrize(
    ("band", "effects"), [("> 0", (0.04,)), ("-0.04 to 0.04", (0.0,)), ("> 0", (0.04, 0.1, 0.1, 0.1))]
)
def test_the_smallest_effect_of_interest_is_found_with_the_planned_power_and_fewer_seeds(band, effects, seen):
    declared = declare(band, each=len(effects) > 1, smallest=0.04, seen=seen)
    assert declared.power > POWER
    tally = judged(band, effects)
    assert tally.share("reproduced") > declared.power - 3 * math.sqrt(0.25 * POWER / TRIALS)
    assert tally.share("contradicted") < 0.02
    assert tally.covers > 0.95 - (EDGE - 0.05)
    assert tally.seeds < 20


def test_three_seeds_as_before_had_no_power_and_any_of_four_erred(seen):
    planned = declare("> 0", looks=(3,), smallest=0.04, seen=seen)
    assert planned.power < 0.3
    assert judged("> 0", (0.04,), before).share("reproduced") < planned.power + 0.05
    spread = dataclasses.replace(SMALL, effects=(0.0,) * 4, spread=0.1)
    assert simulate(spread, declare("> 0", each=True), 400, before).share("contradicted") > 0.05


def test_where_networks_collapse_the_claim_is_barred_and_nothing_more_is_judged_wrongly():
    for collapse in (0.05, 0.25):
        tally = judged("> 0", (0.0,), collapse=collapse)
        assert tally.share("reproduced", "contradicted") < EDGE
        assert {each.verdict for each in tally.outcomes if each.barred} == {"inconclusive"}
        assert tally.barred > (0.95 if collapse == 0.25 else 0.6)
        assert all(each.seeds in LOOKS for each in tally.outcomes)


def networks(*accuracies, name="variant"):
    """Networks of which each is right on so large a share of 100 images."""
    return Networks(name, np.array([np.arange(100) < 100 * each for each in accuracies], float))


@pytest.mark.parametrize("gone", range(1, 24))
def test_a_comparison_is_barred_however_many_of_its_networks_collapse(gone):
    one = networks(*[0.1] * gone, *[0.7] * (24 - gone))
    other = networks(*[0.72] * 24, name="baseline")
    assert collapsed(one, other) or unlearned(one, other)
    (found,) = compare(declare("> 0"), [(one, other)])
    assert found.verdict == decide([found]) == "inconclusive"
    assert found.undecided
    (swapped,) = compare(declare("> 0"), [(other, one)])
    assert swapped.undecided


def test_networks_that_all_learn_are_not_barred():
    one, other = networks(0.72, 0.7, 0.71, 0.5), networks(0.6, 0.55, 0.6, 0.4, name="baseline")
    assert collapsed(one, other) == unlearned(one, other) == ""
    assert collapsed(networks(0.7, 0.7, 0.34)) == "1 of 3 networks of variant collapsed"
    assert collapsed(networks(0.7, 0.7, 0.36)) == ""


def test_what_was_decided_at_a_look_saw_no_later_seed():
    """The verdict at a stop is that of the seeds so far: more networks change nothing."""
    drawn = world(0.1).draw(np.random.default_rng(5), 24)
    declared = declare("> 0")
    whole = after(declared, drawn)
    assert whole.seeds < 24
    assert after(declared, [each.upto(whole.seeds) for each in drawn]) == whole
    for one, two in itertools.pairwise(LOOKS):
        assert declared.level(one) < declared.level(two) < ALPHA

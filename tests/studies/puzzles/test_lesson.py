"""The six puzzles against brute force, sympy, SciPy and each other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sympy import factorint

from reprise.studies.puzzles.lesson import kleiber, squares, typing
from reprise.studies.puzzles.lesson.fitness import FITNESS, evolve
from reprise.studies.puzzles.lesson.shields import best_shields, damage, floor_rule, half_each, nearest_rule
from reprise.studies.puzzles.published import SQUARES_INPUT
from reprise.studies.puzzles.squares import by_sympy


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 60), st.integers(1, 12), st.integers(1, 12))
def test_best_shields_is_the_best_of_every_affordable_pair(money, shield, warrior):
    pairs = [(x * y, x) for x in range(money + 1) for y in range(money + 1) if x * shield + y * warrior <= money]
    most = max(pairs)[0]
    places, found = best_shields(money, shield, warrior)
    assert found == most
    assert set(places.tolist()) == {x for value, x in pairs if value == most} or most == 0
    assert floor_rule(money, shield, warrior) <= nearest_rule(money, shield, warrior) <= found


def test_shields_of_the_source():
    places, most = best_shields(5, 1, 1)
    assert (places.tolist(), most) == ([2, 3], 6)
    assert damage(5, 1, 1, np.array([1, 2, 3, 4])).tolist() == [4, 6, 6, 4]


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 60), st.integers(1, 12), st.integers(1, 12))
def test_no_real_numbers_beat_half_the_money_each(money, shield, warrior):
    shields, warriors = half_each(money, shield, warrior)
    x = np.linspace(0, money / shield, 1001)
    assert (x * (money - x * shield) / warrior).max() <= shields * warriors + 1e-9


def test_floor_rule_can_do_nothing():
    assert floor_rule(13, 7, 1) == 0
    assert best_shields(13, 7, 1)[1] == 6


@pytest.mark.parametrize(("money", "shield", "warrior"), [(5, 0, 1), (5, 1, 0), (-1, 1, 1)])
def test_bad_prices_end_in_a_clear_error(money, shield, warrior):
    with pytest.raises(ValueError, match="at least"):
        best_shields(money, shield, warrior)


@pytest.mark.parametrize("name", ["-x", "-x with a kink at 0", "1/(x + 6)"])
def test_every_fitness_in_the_right_order_finds_the_minimum(name):
    runs = evolve(FITNESS[name], seeds=5, generations=30)
    assert runs.shape == (5, 31)
    np.testing.assert_allclose(runs[:, -1], -5)


def test_reciprocal_runs_to_zero_from_above():
    ends = evolve(FITNESS["1/x"], seeds=20, generations=30)[:, -1]
    assert ((ends >= 0) & (ends < 0.1)).all()


def test_the_reciprocal_made_smooth_is_a_trap_as_well():
    name = "x/(x² + 0.01)"
    np.testing.assert_allclose(evolve(FITNESS[name], seeds=20, generations=30)[:, -1], 0.1, atol=1e-3)
    x = np.linspace(-5, 5, 10_001)
    finer = np.linspace(-5, 5, 100_001)
    steps, fine = (np.abs(np.diff(FITNESS[name](each), 2)).max() for each in (x, finer))
    assert fine < steps / 50  # second differences shrink as the step squared: neither kink nor jump


def test_the_best_is_never_lost():
    runs = evolve(FITNESS["-x"], seeds=10)
    assert (np.diff(runs, axis=1) <= 0).all()


def test_a_flat_fitness_does_not_select():
    ends = evolve(lambda x: np.zeros_like(x), seeds=200, generations=3)[:, -1]
    assert abs(ends.mean()) < 1


def test_not_a_number_is_least_fit():
    assert (evolve(lambda x: np.where(x > 0, np.nan, x), seeds=5)[:, -1] <= 0).all()


@pytest.mark.parametrize("algorithm", squares.LADDER)
def test_ladder_is_right_and_looks_at_as_many_as_it_says(algorithm):
    for number in [*range(40), 50, 65, 85, 125, 200]:
        assert squares.count(number, algorithm) == (
            by_sympy(number),
            squares.operations(number, algorithm),
        )


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**31 - 1))
def test_factorisation_equals_the_search_and_sympy(number):
    assert squares.by_factors(number)[0] == squares.count(number, "half arc")[0]
    if number:
        assert squares.factorise(number)[0] == factorint(number)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 32_767), st.integers(0, 32_767))
def test_sums_of_squares_are_found(x, y):
    number = x * x + y * y
    assert squares.by_factors(number)[0] == squares.count(number, "half arc")[0] >= 1


def test_sources_numbers():
    right = [4, 2, 0, 0, 2, 2, 1, 6, 1, 1, 1, 2, 0, 0, 64, 0, 12, 24, 0, 2]
    assert [squares.by_factors(number)[0] for number in SQUARES_INPUT] == right
    published = [squares.published_count(number) for number in (1105, 65, 25, 2147483646)]
    assert published == [5, 3, 4, 0]


def java(n: int) -> int:
    """The published loop in plain Python, with a wrapped 32-bit product."""
    if n == 0:
        return 1
    total = 0
    for x in range(int(np.ceil(np.sqrt(n * 1.0 / 2))) + 2):
        rest = (n - (x * x) + 2**31) % 2**32 - 2**31
        total += rest >= 0 and float(np.sqrt(rest)).is_integer()
    return total


@pytest.mark.parametrize("number", [0, 1, 2, 4, 5, 25, 50, 65, 1105, 5525, 2**31 - 1])
def test_published_count_equals_a_plain_loop(number):
    assert squares.published_count(number) == java(number)


@pytest.mark.parametrize("number", [-1, 2**31])
def test_numbers_beyond_the_puzzle_are_refused(number):
    for call in (squares.by_factors, squares.published_count):
        with pytest.raises(ValueError, match="from 0 to"):
            call(number)


def test_exponent_of_an_exact_power_law():
    mass = np.array([1.0, 10, 100, 1000, 5000])
    slope = kleiber.exponent(mass, 3 * mass**0.75)
    assert (slope.value, slope.low, slope.high) == pytest.approx((0.75, 0.75, 0.75))


def test_exponent_equals_scipy_and_its_interval_is_of_the_right_width():
    table = kleiber.mammals()
    slope = kleiber.exponent(table.mass_g, table.metabolic_rate_w)
    line = stats.linregress(np.log10(table.mass_g), np.log10(table.metabolic_rate_w))
    assert slope.value == pytest.approx(line.slope, abs=1e-12)
    assert slope.high - slope.low == pytest.approx(2 * 1.96 * line.stderr, rel=0.4)
    grouped = kleiber.exponent(table.mass_g, table.metabolic_rate_w, table.order)
    assert grouped.high - grouped.low > slope.high - slope.low  # relatives are alike
    assert grouped.groups == table.order.nunique()


def test_intervals_from_ten_animals_cover_the_exponent():
    """Plain percentiles cover 0.91; the standard error of a share of 1500 is 0.006."""
    rng, mass = np.random.default_rng(5), kleiber.heartbeats().mass_g
    slopes = [kleiber.exponent(mass, 10 ** rng.normal(0, 0.3, 10), replicates=500) for _ in range(1500)]
    assert np.mean([slope.low <= 0 <= slope.high for slope in slopes]) == pytest.approx(0.95, abs=0.02)


def test_one_order_has_no_interval():
    with pytest.raises(ValueError, match="one group"):
        kleiber.exponent(np.array([1.0, 2, 3]), np.array([1.0, 2, 3]), np.zeros(3))


def test_tables_are_whole():
    table, hearts = kleiber.mammals(), kleiber.heartbeats()
    assert len(table) == 422
    assert table.species.is_unique
    assert (table[["mass_g", "metabolic_rate_w"]] > 0).all(axis=None)
    assert set(hearts.heart_source) == {"clark", "taye", "watkins"}
    ages = table.set_index("species").maximum_longevity_years
    shared = [species for species in hearts.species if species in ages.index]
    assert len(shared) >= 5
    for species in shared:
        assert hearts.set_index("species").record_longevity_years[species] == ages[species]


@pytest.mark.parametrize(
    ("mass", "value", "message"),
    [([1, 2], [1, 2], "three or more"), ([1, 2, 3], [1, 0, 2], "positive"), ([1, 2, np.nan], [1, 2, 3], "positive")],
)
def test_bad_power_laws_end_in_a_clear_error(mass, value, message):
    with pytest.raises(ValueError, match=message):
        kleiber.exponent(np.array(mass, float), np.array(value, float))


def test_the_samples_letters():
    counts = typing.counts_by_word().sum(axis=0)
    assert counts.tolist() == [typing.SAMPLE.count(key) for key in "ghjk"] == [34, 33, 22, 2]
    assert typing.wrong_pairs(counts) == 2
    assert typing.wrong_pairs(np.array([2, 4, 3, 1])) == 0


@pytest.mark.parametrize("counts", [[7, 4, 1], [5, 5, 2], [4, 4, 4], [9, 3, 0]])
def test_monte_carlo_p_equals_every_outcome_added_up(counts):
    statistic, p = typing.monte_carlo_p(np.array(counts))
    assert statistic == pytest.approx(stats.chisquare(counts).statistic)
    outcomes = [(i, j, 12 - i - j) for i in range(13) for j in range(13 - i)]
    chances = stats.multinomial(12, [1 / 3] * 3).pmf(outcomes)
    as_uneven = np.square(np.array(outcomes) - 4).sum(axis=1) / 4 >= statistic - 1e-9
    assert p == pytest.approx(chances[as_uneven].sum(), abs=0.015)  # four standard errors of 20,000 draws


@pytest.mark.parametrize("text", ["", "gh xyz"])
def test_other_texts_are_refused(text):
    with pytest.raises(ValueError, match="expected words"):
        typing.counts_by_word(text)


def test_one_press_by_an_even_typist_against_arithmetic():
    # the key at distance d from the row's end is covered by min(d, 4) of seven places
    guess, cover = typing.position_accuracy(np.ones(4), np.ones(4), 1, 40_000)
    covered = np.array([1, 2, 3, 4, 4, 4, 4, 3, 2, 1])
    expected = sum(covered[place + finger] ** -1.0 for place in range(7) for finger in range(4)) / 28
    assert cover.mean() == pytest.approx(expected, abs=0.005)
    np.testing.assert_array_equal(guess, cover)


def test_many_presses_find_the_place():
    guess, _ = typing.position_accuracy(np.ones(4), np.ones(4), 60, 500)
    assert guess.mean() == pytest.approx(1, abs=1e-3)

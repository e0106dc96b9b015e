"""The fitness trap: claim 90 (raghakot, "genetic algorithms").

To minimise ``y = x`` on [-5, 5], a genetic algorithm must be given something to *maximise*. ``-x`` orders the
candidates as the task does. ``1/x`` does not: it puts every positive number above every negative one, and the best
of all just right of its pole at 0. Selection sees only the order of the candidates, so neither mutation nor patience
helps.

The source blames the missing derivative at 0. A genetic algorithm takes no derivatives: what matters is whether the
fitness *decreases* as the objective grows. A kinked ``-x`` works (it must: its order is that of ``-x``); the reciprocal
smoothed until it has every derivative does not.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

LOW, HIGH = -5.0, 5.0

FITNESS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "-x": lambda x: -x,
    "1/x": lambda x: 1 / x,
    "-x with a kink at 0": lambda x: np.where(x > 0, -3 * x, -x),  # no derivative at 0, same order
    "x/(x² + 0.01)": lambda x: x / (x * x + 0.01),  # nearly 1/x, and smooth everywhere: greatest at 0.1
    "1/(x + 6)": lambda x: 1 / (x + 6),  # the reciprocal with its pole out of the way: same order
}


def evolve(
    fitness: Callable[[np.ndarray], np.ndarray],
    seeds: int,
    population: int = 60,
    generations: int = 60,
    tournament: int = 3,
    mutation: float = 0.3,
) -> np.ndarray:
    """A plain genetic algorithm on one real number, many seeds side by side.

    Each generation: the best candidate survives (elitism); the others are children of two parents, each the fittest of
    ``tournament`` drawn at random; a child lies somewhere between its parents or a little beyond (blend crossover) and
    one in five gets a Gaussian nudge (mutation).

    Args:
        fitness: vectorised; larger is fitter. NaN counts as least fit.
        seeds: independent runs.
        population: candidates in each.
        generations: rounds of selection.
        tournament: rivals a parent has to beat; more is harsher selection.
        mutation: standard deviation of the nudge.

    Returns:
        (seeds, generations + 1): the fittest candidate after each generation.
    """
    rng = np.random.default_rng(0)
    runs = np.arange(seeds)
    people = rng.uniform(LOW, HIGH, (seeds, population))
    history = []
    for generation in range(generations + 1):
        with np.errstate(divide="ignore"):
            scores = np.nan_to_num(fitness(people), nan=-np.inf, posinf=np.inf, neginf=-np.inf)
        best = people[runs, scores.argmax(axis=1)]
        history.append(best)
        if generation == generations:
            break
        rivals = rng.integers(population, size=(seeds, 2 * population, tournament))
        winners = np.take_along_axis(rivals, scores[runs[:, None, None], rivals].argmax(axis=2)[:, :, None], axis=2)[
            :, :, 0
        ]
        parents = np.take_along_axis(people, winners, axis=1)
        first, second = parents[:, :population], parents[:, population:]
        people = first + rng.uniform(-0.25, 1.25, first.shape) * (second - first)
        people += (rng.random(first.shape) < 0.2) * rng.normal(0, mutation, first.shape)
        people = people.clip(LOW, HIGH)
        people[:, 0] = best
    return np.stack(history, axis=1)

"""The figures of the puzzles."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from reprise.claims.evidence import Figure
from reprise.plotting import COLOURS, figure
from reprise.statistics import proportion
from reprise.studies.puzzles.fitness import Runs
from reprise.studies.puzzles.hands import KEY_PRESSES, Guesses
from reprise.studies.puzzles.kleiber import Exponents
from reprise.studies.puzzles.lesson.fitness import FITNESS
from reprise.studies.puzzles.lesson.squares import LADDER, LIMIT, operations
from reprise.studies.puzzles.lesson.typing import KEYS
from reprise.studies.puzzles.published import KLEIBER, LETTER_CHANCE, SQUARES_INPUT
from reprise.studies.puzzles.shields import Cases
from reprise.studies.puzzles.squares import Counts


def shields(folder: Path, cases: Cases) -> Figure:
    """Mean loss of the floor by what half the money would buy."""
    possible = cases.best > 0
    lost = 1 - cases.floor[possible] / cases.best[possible]
    place = np.floor(4 * cases.half[possible]).astype(int)
    mean = np.bincount(place, lost) / np.maximum(np.bincount(place), 1)
    with figure(folder / "shields_loss.svg", 7, 3) as (_, axis):
        axis.step(np.arange(41) / 4, np.append(mean[:40], mean[39]), where="post", color=COLOURS[0])
        axis.set_xlabel("shields that half the money would buy, M/2G")
        axis.set_ylabel("share of best damage lost")
        axis.set_xticks(range(11))
        axis.set_ylim(0, 1.02)
    return Figure(
        "shields_loss",
        "What rounding down costs",
        "Mean share of the best damage lost, against M/2G: all of it between a half and one, about a tenth later.",
        "One grid of 26,100 cases (prices 1 to 30, money 1 to 197), those in which some damage is possible, grouped by "
        "M/2G in steps of a quarter.",
    )


def fitness(folder: Path, runs: Runs) -> Figure:
    """The source's two fitnesses, and the fittest candidate by generation."""
    x = np.linspace(-5, 5, 1001)
    with figure(folder / "fitness_trap.svg", 7.2, 3.2, ncols=2) as (_, (left, axis)):
        for name, colour in (("-x", COLOURS[0]), ("1/x", COLOURS[1])):
            y = FITNESS[name](np.where((name == "1/x") & (np.abs(x) < 0.05), np.nan, x))  # the line breaks at the pole
            left.plot(x, y, color=colour)
            axis.plot(runs[name].T, color=colour, alpha=0.35, linewidth=1)
            axis.plot([], [], color=colour, label=f"fitness {name.replace('-', '−')}")
        left.set_ylim(-8, 8)
        left.set_xlabel("x")
        left.set_ylabel("fitness")
        axis.axhline(-5, color=COLOURS[-1], linestyle=":")
        axis.set_xlim(0, 15)
        axis.set_xticks(range(0, 16, 5))
        axis.set_ylim(-5.2, 5)
        axis.set_xlabel("generation")
        axis.set_ylabel("fittest x")
        axis.legend()
    return Figure(
        "fitness_trap",
        "The fitness trap",
        "Left: the two fitness functions; 1/x has a pole at 0. Right: the fittest candidate by generation; with −x all "
        "runs go to −5, with 1/x all to 0 from above.",
        f"{len(runs['-x'])} runs each; population 60, tournament of 3, blend crossover, Gaussian mutation, the best "
        "survives.",
    )


def squares(folder: Path, counts: Counts) -> Figure:
    """Candidates of each algorithm by N, and the factorisation's steps on the source's numbers."""
    numbers = np.unique(np.logspace(1, np.log10(LIMIT), 60).astype(int))
    with figure(folder / "squares_ladder.svg", 7, 3.6) as (_, axis):
        for place, name in enumerate(LADDER):
            style = ":" if name == "half arc" else "-"
            candidates = [operations(int(number), name) for number in numbers]
            axis.loglog(numbers, np.array(candidates, dtype=float), style, color=COLOURS[place], label=name)
        pairs = [(n, steps) for n, (_, steps) in zip(SQUARES_INPUT, counts.factors, strict=True) if n]
        axis.loglog(*zip(*pairs, strict=True), "o", color=COLOURS[4], markersize=4, label="factorisation")
        axis.set_xlabel("N")
        axis.set_ylabel("candidates or steps")
        axis.legend()
    return Figure(
        "squares_ladder",
        "The ladder",
        "Lines of falling slope in logarithmic axes: all pairs, the square, the arc, half of it; below them the "
        "factorisation's scattered points.",
        "Candidates looked at, and the factorisation's steps for the source's numbers.",
    )


def kleiber(folder: Path, found: Exponents) -> Figure:
    """Metabolic rates with three slopes, and heartbeats with the animals' names."""
    table, hearts = found.mammals, found.hearts
    with figure(folder / "kleiber.svg", 7.4, 3.6, ncols=2) as (_, (left, right)):
        left.loglog(table.mass_g, table.metabolic_rate_w, ".", color=COLOURS[-1], markersize=3)
        x, y = np.log10(table.mass_g), np.log10(table.metabolic_rate_w)
        ends = np.array([x.min(), x.max()])
        for slope, style, colour, label in (
            (found.metabolism.value, "-", COLOURS[0], f"fit, {found.metabolism.value:.2f}"),
            (KLEIBER, "--", COLOURS[1], "3/4"),
            (2 / 3, ":", COLOURS[2], "2/3"),
        ):
            left.loglog(10**ends, 10 ** (y.mean() + slope * (ends - x.mean())), style, color=colour, label=label)
        left.set_xlabel("body mass (g)")
        left.set_ylabel("basal metabolic rate (W)")
        left.legend()
        right.loglog(hearts.mass_g, hearts.lifetime_beats, "o", color=COLOURS[0], markersize=5)
        under = {"rabbit", "rat", "elephant", "dog", "guinea pig", "mouse"}  # labels that would meet another above
        for row in hearts.itertuples():
            name = row.animal if row.animal == "guinea pig" else row.animal.split()[-1]
            right.annotate(
                name,
                (row.mass_g, row.lifetime_beats),
                xytext=(0, -12 if name in under else 6),
                textcoords="offset points",
                ha="center",
                fontsize=8,
            )
        right.set_ylim(3e8, 1.2e10)
        right.set_xlim(0.5, 3e7)
        right.set_xlabel("body mass (g)")
        right.set_ylabel("heartbeats in a lifetime")
        right.set_title(f"exponent {found.lifetime.value:+.2f}".replace("-", "−"))
    return Figure(
        "kleiber",
        "Metabolic rate and heartbeats against mass",
        "Left: 422 mammals close to a line of slope about 0.7. Right: ten mammals at about a billion heartbeats each.",
        "Left: the fit beside lines of 3/4 and 2/3 through the centre. Right: beats at the record age.",
    )


def typing(folder: Path, counts: np.ndarray) -> Figure:
    """Share of each of the (4,) counted letters with its interval."""
    total = int(counts.sum())
    fingers = ("index", "middle", "ring", "little")
    with figure(folder / "typing.svg", 5, 3) as (_, axis):
        for place, count in enumerate(counts):
            share = proportion(int(count), total)
            axis.bar(place, share.value, color=COLOURS[0], width=0.6)
            axis.plot([place, place], [share.low, share.high], color=COLOURS[1], linewidth=2)
        axis.axhline(LETTER_CHANCE, color=COLOURS[-1], linestyle=":")
        axis.set_xticks(range(4), [f"{key.upper()}\n{finger}" for key, finger in zip(KEYS, fingers, strict=True)])
        axis.set_ylabel("share of letters")
    return Figure(
        "typing",
        "The letters of the sample",
        "Bars for G, H, J and K with intervals: the first two alike, J lower, K almost never.",
        "Shares with Wilson intervals; the line is 1/4. The table of the source has H first, then J.",
    )


def hands(folder: Path, found: Guesses) -> Figure:
    """Share of hands found by the number of key presses, for every typist."""
    with figure(folder / "hand_position.svg", 7, 3.4) as (_, axis):
        for (name, curve), colour in zip(found.curves.items(), COLOURS, strict=False):
            axis.plot(KEY_PRESSES, curve[:, 0], color=colour, label=name)
            axis.plot(KEY_PRESSES, curve[:, 1], "--", color=colour, linewidth=1.2)
        axis.axhline(1 / 7, color=COLOURS[-1], linestyle=":")
        axis.set_ylim(0, 1.02)
        axis.set_xlabel("keys pressed")
        axis.set_ylabel("share of hands found")
        axis.legend(loc="lower right", bbox_to_anchor=(1, 0.2))
    return Figure(
        "hand_position",
        "Finding the hand from its letters",
        "Accuracy by number of key presses: by coverage alone, and with finger frequencies from the sample, for three "
        "kinds of typist.",
        f"{found.trials} simulated hands a point; seven places on the home row. Dashed: coverage alone.",
    )

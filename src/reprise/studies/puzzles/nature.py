"""Claims 90 and 92 to 94: a genetic algorithm, Kleiber's law, and random typing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy import stats

from reprise.claims.evidence import Figure, Finding, Metric, Table, above, below, between, equals
from reprise.plotting import COLOURS, figure
from reprise.statistics import Effect, exact, mean_effect, paired_effect, proportion
from reprise.studies.puzzles.counting import Part
from reprise.studies.puzzles.lesson import kleiber as puzzles_kleiber
from reprise.studies.puzzles.lesson import typing as puzzles_typing
from reprise.studies.puzzles.lesson.fitness import FITNESS, evolve
from reprise.studies.puzzles.lesson.kleiber import Slope, exponent

KEY_PRESSES = (1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30)
JUDGED_PRESSES = 5


def fitness(folder: Path, seeds: int) -> Part:
    """Claim 90."""
    runs = {name: evolve(function, seeds) for name, function in FITNESS.items()}
    ends = {name: mean_effect(run[:, -1], unit="x") for name, run in runs.items()}
    _draw_fitness(folder / "fitness_trap.svg", runs)
    task = "Where the fittest candidate ends when the fitness is"
    findings = [
        Finding(90, f"{task} −x", ends["-x"], equals(-5, 0.01), variant="text", figures=("fitness_trap",)),
        Finding(
            90,
            f"{task} 1/x",
            ends["1/x"],
            between(0, 0.1),
            variant="text",
            published="x = 0 instead of x = −5",
            note="'At 0' is read as within a fiftieth of the half range of it, from the right.",
            figures=("fitness_trap",),
        ),
        Finding(
            90,
            f"{task} −x with a kink at 0, where it has no derivative: the stated cause would trap it above −5",
            ends["-x with a kink at 0"],
            above(-4.9),
            variant="text",
            published="because 1/x is not differentiable at x = 0",
            defect=15,
            note="The order of the candidates is that of −x, and order is all that selection sees.",
        ),
        Finding(
            90,
            f"{task} −x with a jump at 0",
            ends["-x with a jump at 0"],
            kind="context",
            variant="corrected",
            defect=15,
        ),
        Finding(
            90,
            f"{task} 1/(x + 6), a reciprocal whose pole lies outside the interval",
            ends["1/(x + 6)"],
            kind="context",
            variant="corrected",
            defect=15,
            note="The trouble with 1/x is the pole and the change of sign inside the interval: there it ranks every "
            "positive number above every negative one.",
        ),
    ]
    drawn = Figure(
        "fitness_trap",
        "The fitness trap",
        "Left: the two fitness functions; 1/x has a pole at 0. Right: the fittest candidate by generation; with −x all "
        "runs go to −5, with 1/x all to 0 from above.",
        f"{seeds} runs each; population 60, tournament of 3, blend crossover, Gaussian mutation, the best survives.",
    )
    metrics = {"fitness_reciprocal_end": Metric(ends["1/x"].value, "equal", float(runs["1/x"][:, -1].std()), seeds)}
    return Part(findings, figures=[drawn], metrics=metrics)


def kleiber(folder: Path, replicates: int) -> Part:
    """Claim 92."""
    table, hearts = puzzles_kleiber.mammals(), puzzles_kleiber.heartbeats()
    metabolism = exponent(table.mass_g, table.metabolic_rate_w, table.order, replicates)
    logs = (
        table.assign(x=np.log10(table.mass_g), y=np.log10(table.metabolic_rate_w)).groupby("order")[["x", "y"]].mean()
    )
    by_order = exponent(10**logs.x, 10**logs.y, replicates=replicates)
    rate = exponent(hearts.mass_g, hearts.beats_per_minute, replicates=replicates)
    lifetime = exponent(hearts.mass_g, hearts.lifetime_beats, replicates=replicates)
    reference = stats.linregress(np.log10(table.mass_g), np.log10(table.metabolic_rate_w)).slope
    beats = hearts.lifetime_beats
    _draw_kleiber(folder / "kleiber.svg", metabolism, lifetime)
    findings = [
        Finding(
            92,
            "Exponent of body mass in the basal metabolic rate of mammals",
            _effect(metabolism),
            between(17 / 24, 19 / 24),
            variant="text",
            published="3/4",
            note="The band is what lies nearer to 3/4 than to 2/3, the exponent of the surface, and as far above. The "
            f"interval resamples the {metabolism.groups} orders, since related species are not independent.",
            figures=("kleiber",),
        ),
        Finding(
            92,
            "The same with one point an order (mean logarithms)",
            _effect(by_order),
            kind="context",
            note="Rodents make up a third of the species; weighing orders alike gives the large mammals more say.",
        ),
        Finding(
            92,
            "Exponent of body mass in the resting heart rate",
            _effect(rate),
            below(0),
            variant="text",
            published="bigger animals tend to have lower heart rate",
        ),
        Finding(
            92,
            "The same exponent, against 'heartbeat ∝ mass'",
            _effect(rate),
            equals(1, 0.25),
            variant="text",
            published="|heartbeat| ∝ mass",
            defect=13,
            note="'Proportional' is exponent 1; a quarter is the distance to the next exponent biology knows, 3/4.",
        ),
        Finding(
            92,
            "Exponent of body mass in the number of heartbeats in a lifetime (record age)",
            _effect(lifetime),
            between(-1 / 8, 1 / 8),
            variant="text",
            published="the number of heartbeats per lifetime tends to be constant",
            note="Heart rate and life span each go with about the fourth root of mass; constant is taken as nearer to "
            "no dependence than to that. Masses span six orders of magnitude.",
            figures=("kleiber",),
        ),
        Finding(
            92,
            "Most over fewest heartbeats in a lifetime among the ten",
            exact(float(beats.max() / beats.min()), n=len(beats)),
            kind="context",
            note="Constant up to a factor of a few; the human record age is the outlier.",
        ),
        Finding(
            92,
            "Difference of our exponent from SciPy's",
            exact(abs(metabolism.value - reference), n=metabolism.points),
            equals(0, 1e-10),
            kind="oracle",
            oracle="scipy.stats.linregress",
        ),
    ]
    rows = tuple(
        (
            row.animal,
            row.mass_g,
            row.beats_per_minute,
            row.heart_source,
            row.record_longevity_years,
            round(beat / 1e9, 2),
        )
        for row, beat in zip(hearts.itertuples(), beats, strict=True)
    )
    columns = ("animal", "mass (g)", "beats a minute", "from", "record age (years)", "lifetime beats (10⁹)")
    caption = "clark: Comparative Physiology of the Heart, 1927, as reprinted; taye: arXiv:2604.27856; watkins: Animal "
    caption += "Longevity and Scale. Record ages from AnAge."
    drawn = Figure(
        "kleiber",
        "Metabolic rate and heartbeats against mass",
        "Left: 422 mammals close to a line of slope about 0.7. Right: ten mammals at about a billion heartbeats each.",
        "Left: the fit beside lines of 3/4 and 2/3 through the centre. Right: beats at the record age.",
    )
    return Part(
        findings,
        [Table("Heartbeats in a lifetime", columns, rows, caption)],
        [drawn],
        {"kleiber_exponent": Metric(metabolism.value, "equal", n=metabolism.points)},
    )


def typing(folder: Path, replicates: int) -> Part:
    """Claim 93."""
    words = puzzles_typing.counts_by_word()
    counts = words.sum(axis=0)
    total = int(counts.sum())
    statistic, p = puzzles_typing.monte_carlo_p(counts, replicates)
    _, without_k = puzzles_typing.monte_carlo_p(counts[:3], replicates)
    lead = paired_effect((words[:, 1] - words[:, 0]) * len(words) / total, unit="share of letters")
    _draw_typing(folder / "typing.svg", counts)
    listed = ", ".join(f"{key.upper()} {number}" for key, number in zip(puzzles_typing.KEYS, counts, strict=True))
    findings = [
        Finding(
            93,
            "p-value of equal chances for G, H, J and K (χ² by random samples)",
            exact(p, n=total),
            below(0.05),
            variant="text",
            note=f"Counts {listed}; χ² = {statistic:.2f}. The test takes key presses as independent, which typed "
            "'words' are not.",
            figures=("typing",),
        ),
        Finding(
            93,
            "Share of H among the letters, against a chance of 1/4",
            proportion(int(counts[1]), total),
            above(0.25),
            variant="text",
            published="'h' repeats a lot",
        ),
        Finding(
            93,
            "Pairs of letters, of six, that the sample ranks against the table's order H, J, G, K",
            exact(puzzles_typing.wrong_pairs(counts), n=6, unit="pairs"),
            equals(0),
            variant="text",
            published="H > J > G > K (table)",
            defect=14,
            note="G comes before both H and J in the sample itself.",
        ),
        Finding(
            93,
            "Share of H minus share of G (the longest finger against the index finger), interval over words",
            lead,
            kind="context",
            variant="text",
            defect=14,
            note="The sample does not tell which of the two leads.",
        ),
        Finding(
            93,
            "p-value of equal chances for G, H and J alone",
            exact(without_k, n=int(counts[:3].sum())),
            kind="context",
            note="Without the little finger's two letters nothing speaks against equal chances.",
        ),
        Finding(
            93,
            "Difference of the χ² statistic from SciPy's",
            exact(abs(statistic - float(stats.chisquare(counts).statistic)), n=4),
            equals(0, 1e-9),
            kind="oracle",
            oracle="scipy.stats.chisquare",
        ),
    ]
    drawn = Figure(
        "typing",
        "The letters of the sample",
        "Bars for G, H, J and K with intervals: the first two alike, J lower, K almost never.",
        "Shares with Wilson intervals; the line is 1/4. The table of the source has H first, then J.",
    )
    return Part(findings, figures=[drawn], metrics={"typing_p": Metric(p, "equal", n=total)})


def hand_position(folder: Path, trials: int) -> Part:
    """Claim 94: a proposal, simulated. What it gains depends on an assumption nobody has measured."""
    counts = puzzles_typing.counts_by_word().sum(axis=0)
    even, swapped = np.full(4, counts.sum() / 4), counts[[2, 3, 0, 1]]
    typists = {"types as the sample": counts, "uses all fingers alike": even, "favours other fingers": swapped}
    gains, curves = {}, {}
    for name, fingers in typists.items():
        pairs = [puzzles_typing.position_accuracy(fingers, counts, n, trials) for n in KEY_PRESSES]
        curves[name] = np.array([[guess.mean(), cover.mean()] for guess, cover in pairs])
        guess, cover = pairs[KEY_PRESSES.index(JUDGED_PRESSES)]
        gains[name] = mean_effect(guess - cover)
    _draw_positions(folder / "hand_position.svg", curves)
    low, high = min(gain.low for gain in gains.values()), max(gain.high for gain in gains.values())
    findings = [
        Finding(
            94,
            f"Accuracy gained by knowing finger frequencies, over coverage alone, after {JUDGED_PRESSES} key presses "
            "(simulated hands)",
            Effect(gains["types as the sample"].value, low, high, trials, unit="share of hands"),
            above(0),
            note="A proposal without data: one hand position of one person was ever typed. The interval is the range "
            "over three assumptions about the typist, not over chance: as the sample, all fingers alike, other fingers "
            "favoured. It takes typists, not seeds, to settle it.",
            figures=("hand_position",),
        ),
        *(
            Finding(94, f"The same for a typist who {name}", gain, kind="context", figures=("hand_position",))
            for name, gain in gains.items()
        ),
    ]
    drawn = Figure(
        "hand_position",
        "Finding the hand from its letters",
        "Accuracy by number of key presses: by coverage alone, and with finger frequencies from the sample, for three "
        "kinds of typist.",
        f"{trials} simulated hands a point; seven places on the home row. Dashed: coverage alone.",
    )
    return Part(findings, figures=[drawn])


def _effect(slope: Slope) -> Effect:
    return Effect(slope.value, slope.low, slope.high, slope.groups, unit="exponent")


def _draw_fitness(path: Path, runs: dict[str, np.ndarray]) -> None:
    x = np.linspace(-5, 5, 1001)
    with figure(path, 7.2, 3.2, ncols=2) as (_, (left, axis)):
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


def _draw_kleiber(path: Path, metabolism: Slope, lifetime: Slope) -> None:
    table, hearts = puzzles_kleiber.mammals(), puzzles_kleiber.heartbeats()
    with figure(path, 7.4, 3.6, ncols=2) as (_, (left, right)):
        left.loglog(table.mass_g, table.metabolic_rate_w, ".", color=COLOURS[-1], markersize=3)
        x, y = np.log10(table.mass_g), np.log10(table.metabolic_rate_w)
        ends = np.array([x.min(), x.max()])
        for slope, style, colour, label in (
            (metabolism.value, "-", COLOURS[0], f"fit, {metabolism.value:.2f}"),
            (3 / 4, "--", COLOURS[1], "3/4"),
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
        right.set_title(f"exponent {lifetime.value:+.2f}".replace("-", "−"))


def _draw_typing(path: Path, counts: np.ndarray) -> None:
    total = int(counts.sum())
    shares = [proportion(int(count), total) for count in counts]
    fingers = ("index", "middle", "ring", "little")
    with figure(path, 5, 3) as (_, axis):
        for place, share in enumerate(shares):
            axis.bar(place, share.value, color=COLOURS[0], width=0.6)
            axis.plot([place, place], [share.low, share.high], color=COLOURS[1], linewidth=2)
        axis.axhline(0.25, color=COLOURS[-1], linestyle=":")
        axis.set_xticks(range(4), [f"{key.upper()}\n{f}" for key, f in zip(puzzles_typing.KEYS, fingers, strict=True)])
        axis.set_ylabel("share of letters")


def _draw_positions(path: Path, curves: dict[str, np.ndarray]) -> None:
    with figure(path, 7, 3.4) as (_, axis):
        for (name, curve), colour in zip(curves.items(), COLOURS, strict=False):
            axis.plot(KEY_PRESSES, curve[:, 0], color=colour, label=name)
            axis.plot(KEY_PRESSES, curve[:, 1], "--", color=colour, linewidth=1.2)
        axis.axhline(1 / 7, color=COLOURS[-1], linestyle=":")
        axis.set_ylim(0, 1.02)
        axis.set_xlabel("keys pressed")
        axis.set_ylabel("share of hands found")
        axis.legend(loc="lower right", bbox_to_anchor=(1, 0.2))

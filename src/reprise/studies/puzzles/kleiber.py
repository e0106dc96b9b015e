"""Claim 92: exponents of body mass in metabolism, heart rate and the heartbeats of a life."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pandas as pd
from scipy import stats

from reprise.claims.declarations import Declaration
from reprise.claims.evidence import Finding, Metric, Table, below, between, equals, primary
from reprise.statistics import Effect, exact
from reprise.studies.puzzles.lesson.kleiber import Slope, exponent, heartbeats, mammals
from reprise.studies.puzzles.published import KLEIBER

LAW = str(Fraction(KLEIBER))
SHOWN = ("kleiber",)


@dataclass(frozen=True)
class Exponents:
    """Of body mass, and the tables that they were fitted to.

    Attributes:
        metabolism: in the basal metabolic rate, orders resampled.
        by_order: the same with one point an order.
        rate: in the resting heart rate.
        lifetime: in the heartbeats of a life.
        mammals: of `lesson.kleiber.mammals`.
        hearts: of `lesson.kleiber.heartbeats`.
    """

    metabolism: Slope
    by_order: Slope
    rate: Slope
    lifetime: Slope
    mammals: pd.DataFrame
    hearts: pd.DataFrame


def fit(replicates: int) -> Exponents:
    """All four, from the tables beside the lesson."""
    table, hearts = mammals(), heartbeats()
    logs = (
        table.assign(x=np.log10(table.mass_g), y=np.log10(table.metabolic_rate_w)).groupby("order")[["x", "y"]].mean()
    )
    return Exponents(
        metabolism=exponent(table.mass_g, table.metabolic_rate_w, table.order, replicates),
        by_order=exponent(10**logs.x, 10**logs.y, replicates=replicates),
        rate=exponent(hearts.mass_g, hearts.beats_per_minute, replicates=replicates, together=2),
        lifetime=exponent(hearts.mass_g, hearts.lifetime_beats, replicates=replicates, together=2),
        mammals=table,
        hearts=hearts,
    )


def findings(declared: Declaration, found: Exponents) -> list[Finding]:
    """The law, then what the source concludes from it for hearts, then the oracle of the fit."""
    return [*_metabolism_findings(declared, found), *_heart_findings(found), _oracle_finding(found)]


def _metabolism_findings(declared: Declaration, found: Exponents) -> list[Finding]:
    return [
        primary(
            declared,
            _effect(found.metabolism),
            variant="text",
            published=LAW,
            note=f"{found.metabolism.points} species of {found.metabolism.groups} orders; related ones are alike.",
            figures=SHOWN,
        ),
        Finding(
            92,
            "The same with one point an order (mean logarithms)",
            _effect(found.by_order),
            note="Rodents make up a third of the species; weighing orders alike gives the large mammals more say.",
        ),
    ]


def _heart_findings(found: Exponents) -> list[Finding]:
    beats, rate = found.hearts.lifetime_beats, found.rate
    return [
        Finding(
            92,
            "Exponent of body mass in the resting heart rate",
            _effect(rate),
            below(0),
            kind="secondary",
            variant="text",
            published="bigger animals tend to have lower heart rate",
        ),
        Finding(
            92,
            "Exponent of body mass in the number of heartbeats in a lifetime (record age)",
            _effect(found.lifetime),
            between(-1 / 8, 1 / 8),
            kind="secondary",
            variant="text",
            published="the number of heartbeats per lifetime tends to be constant",
            note="Heart rate and life span each go with about the fourth root of mass; constant is taken as nearer to "
            "no dependence than to that. Masses span six orders of magnitude.",
            figures=SHOWN,
        ),
        Finding(
            92,
            "Exponent of body mass in the number of heartbeats in a lifetime, against 'heartbeat ∝ mass'",
            _effect(found.lifetime),
            equals(1, 0.25),
            kind="slip",
            variant="text",
            published="|heartbeat| ∝ mass",
            defect=13,
            note="'Proportional' is exponent 1; a quarter is the distance to the next exponent biology knows, 3/4. "
            f"Read as beats a minute it is {rate.value:.2f} [{rate.low:.2f}, {rate.high:.2f}].",
        ),
        Finding(
            92,
            "Most over fewest heartbeats in a lifetime among the ten",
            exact(float(beats.max() / beats.min()), n=len(beats)),
            note="Constant up to a factor of a few; the human record age is the outlier.",
        ),
    ]


def _oracle_finding(found: Exponents) -> Finding:
    line = stats.linregress(np.log10(found.mammals.mass_g), np.log10(found.mammals.metabolic_rate_w))
    return Finding(
        92,
        "Difference of our exponent from SciPy's",
        exact(abs(found.metabolism.value - line.slope), n=found.metabolism.points),
        equals(0, 1e-10),
        kind="oracle",
        oracle="scipy.stats.linregress",
    )


def _effect(slope: Slope) -> Effect:
    return Effect(
        slope.value,
        slope.low,
        slope.high,
        slope.groups,
        unit="exponent",
        together=slope.together,
        strict_low=slope.strict_low,
        strict_high=slope.strict_high,
    )


def metrics(found: Exponents) -> dict[str, Metric]:
    """For the gate: the law's exponent."""
    return {"kleiber_exponent": Metric(found.metabolism.value, "equal", n=found.metabolism.points)}


def table(found: Exponents) -> Table:
    """One animal a row, with the source of its heart rate."""
    rows = (
        (
            row.animal,
            row.mass_g,
            row.beats_per_minute,
            row.heart_source,
            row.record_longevity_years,
            round(row.lifetime_beats / 1e9, 2),
        )
        for row in found.hearts.itertuples()
    )
    return Table(
        "Heartbeats in a lifetime",
        ("animal", "mass (g)", "beats a minute", "from", "record age (years)", "lifetime beats (10⁹)"),
        tuple(rows),
        "clark: Comparative Physiology of the Heart, 1927, as reprinted; taye: arXiv:2604.27856; watkins: Animal "
        "Longevity and Scale. Record ages from AnAge.",
    )

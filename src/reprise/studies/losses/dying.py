"""Claim 145: a ReLU unit that is negative for every example is dead, and a leaky one comes back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reprise.claims.declarations import Declaration
from reprise.claims.evidence import Finding, Metric, above, primary
from reprise.statistics import exact, proportion
from reprise.studies.losses import lesson
from reprise.studies.losses.settings import Config

SHOWN = ("losses-saturation",)
LEAKY, HALF = "leaky ReLU", "ReLU, half dead"


@dataclass(frozen=True)
class Revival:
    """Units trained from the same weights as three kinds.

    Attributes:
        losses: kind -> (steps + 1, units).
        moved: kind -> (units,) largest change of any weight.
    """

    losses: dict[str, np.ndarray]
    moved: dict[str, np.ndarray]

    @property
    def recovered(self) -> int:
        """How many leaky units lost nine tenths of their loss."""
        return int((self.losses[LEAKY][-1] < 0.1 * self.losses[LEAKY][0]).sum())


def revive(config: Config) -> Revival:
    """Trains units that are negative for every example as ReLU and as leaky ReLU, and half-dead ones as ReLU."""
    rng = np.random.default_rng(145)
    inputs = np.column_stack([rng.normal(size=(64, 4)), np.ones(64)])
    goals = np.column_stack([rng.normal(size=(config.units, 4)), np.ones(config.units)])
    targets = lesson.relu(inputs @ goals.T)
    dead = np.column_stack([0.2 * rng.normal(size=(config.units, 4)), np.full(config.units, -2.0)])
    half = dead + np.array([0, 0, 0, 0, 2.0])
    if (inputs @ dead.T).max() >= 0:
        dead[:, 4] -= (inputs @ dead.T).max() + 0.1
    losses, moved = {}, {}
    for name, start, slope in (("ReLU", dead, 0.0), (LEAKY, dead, 0.01), (HALF, half, 0.0)):
        end, losses[name] = lesson.train_units(inputs, targets, start, slope, 0.1, config.steps)
        moved[name] = np.abs(end - start).max(axis=1)
    return Revival(losses, moved)


def findings(declared: Declaration, config: Config, found: Revival) -> list[Finding]:
    """Dead units do not move, leaky ones recover, and one that is negative for some examples only is not dead."""
    return [
        primary(
            declared,
            exact(found.moved["ReLU"].max(), config.units),
            of="every example",
            note=f"{config.units} units, {config.steps} steps. Not one bit moves.",
            figures=SHOWN,
        ),
        primary(
            declared,
            exact(found.moved[HALF].max(), config.units),
            of="some examples",
            note="An example for which z is negative teaches a unit nothing; the others still do. A unit stops only "
            "when z is negative for all of them.",
            figures=SHOWN,
        ),
        Finding(
            145,
            f"Share of the same units, made leaky, that lose nine tenths of their loss in {config.steps} steps",
            proportion(found.recovered, config.units),
            above(0.9),
            kind="secondary",
            figures=SHOWN,
        ),
        Finding(
            145,
            "Smallest change of a ReLU unit that is negative for some examples only",
            exact(found.moved[HALF].min(), config.units),
        ),
    ]


def metrics(config: Config, found: Revival) -> dict[str, Metric]:
    """For the gate: the share that recovers."""
    return {"leaky_recovery": Metric(found.recovered / config.units, "higher", n=config.units)}

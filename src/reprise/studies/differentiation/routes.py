"""Claim 16: minimising is computing gradients and applying them, by three routes, also for some variables alone."""

from __future__ import annotations

import numpy as np

from reprise.claims.declarations import Declaration
from reprise.claims.evidence import Finding, above, equals, primary
from reprise.statistics import exact
from reprise.studies.differentiation.lesson.automatic import reverse_jacobian
from reprise.studies.differentiation.lesson.descent import GradientDescent
from reprise.studies.differentiation.programs import composite
from reprise.studies.differentiation.settings import Config

RATE = 0.01
LISTED, LEFT_OUT = [0, 2], 1


def start() -> np.ndarray:
    """(3,) where all routes begin."""
    return np.random.default_rng(16).normal(size=3)


def three_routes(steps: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where minimise, compute and apply, and a step written by hand end."""
    optimizer = GradientDescent(RATE)
    whole = split = hand = start()
    for _ in range(steps):
        whole = optimizer.minimise(composite, whole)
        split = optimizer.apply_gradients(optimizer.compute_gradients(composite, split), split)
        gradient = reverse_jacobian(composite, hand)[0]
        hand = np.array([item - RATE * slope for item, slope in zip(hand, gradient, strict=True)])
    return whole, split, hand


def moved_when_listed(steps: int) -> np.ndarray:
    """(3,): how far each variable goes when only some are listed."""
    optimizer, some = GradientDescent(RATE), start()
    for _ in range(steps):
        some = optimizer.minimise(composite, some, subset=LISTED)
    return np.abs(some - start())


def findings(declared: Declaration, config: Config) -> list[Finding]:
    """The three routes bit by bit, and what becomes of variables that are listed and of one that is not."""
    whole, *others = three_routes(config.steps)
    differing = sum(int(other.tobytes() != whole.tobytes()) for other in others)
    moved = moved_when_listed(config.steps)
    least = moved[LISTED].min()
    return [
        primary(declared, exact(differing, len(others), "routes"), note=f"After {config.steps} steps."),
        Finding(
            16,
            "Distance moved by the variable that was left out of the list",
            exact(moved[LEFT_OUT], config.steps),
            equals(0),
            kind="secondary",
            note=f"The listed ones moved by {least:.3f} or more.",
        ),
        Finding(
            16, "Smallest distance moved by a listed variable", exact(least, config.steps), above(0), kind="secondary"
        ),
    ]

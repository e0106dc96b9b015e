"""Claims 60-63: templates and their rotations, arithmetic alone."""

from __future__ import annotations

import numpy as np

from reprise.claims.declarations import Declarations
from reprise.claims.evidence import Expect, Finding, between, equals, primary
from reprise.statistics import exact
from reprise.studies.rotation import lesson as form

ROUNDING = 1e-9  # sums of some dozens of float64 numbers around 1
ANGLES, PAIRS = 720, 300  # claim 62


def template_findings(declared: Declarations) -> list[Finding]:
    """What the source says before anything is trained."""
    cross = form.CROSS
    moves = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if i or j]
    own = (cross**2).sum()
    dots = [(cross * form.shifted(cross, *move)).sum() / own for move in moves]
    slides = []
    for row in range(5):
        for column in range(5):
            scene = np.zeros((1, 7, 7))
            scene[0, row : row + 3, column : column + 3] = cross
            slides.append(form.rotated_convolution(scene, cross[None, None], 1).max())
    moved = [form.pearson(cross, form.shifted(cross, *move)) for move in moves]
    rng = np.random.default_rng(0)
    filters = rng.standard_normal((64, 3, 3))
    quarters = [np.abs(form.ring_shift(filters, 2 * q) - np.rot90(filters, -q, (-2, -1))).max() for q in range(4)]
    periods = [shift for shift in range(1, 9) if np.array_equal(form.ring_shift(filters, shift), filters)]
    skews = [form.skew(form.L, shift) for shift in range(8)]
    image, bank = rng.standard_normal((3, 12, 12)), rng.standard_normal((8, 3, 3, 3))
    turns = {k: max(_commutes(image, bank, k, q) for q in (1, 2, 3)) for k in (1, 4, 8)}
    pairs = rng.standard_normal((PAIRS, 2, 3, 3))
    step = 2 * np.pi / ANGLES
    found = [(form.best_angle(*pair), form.brute_force_angle(*pair, ANGLES)) for pair in pairs]
    apart = [abs((a - b + np.pi) % (2 * np.pi) - np.pi) / step for a, b in found]
    short = [np.diff(form.match(*pair, np.array(both)))[0] for pair, both in zip(pairs, found, strict=True)]
    tests = "the trained layer equals this NumPy form to rounding (tests/studies/rotation/test_lesson.py)"
    return [
        primary(
            declared[60],
            exact(max(dots), len(moves)),
            note="the source calls this template a vertical edge; it is a cross",
        ),
        Finding(
            60,
            "Range of the largest response when the filter slides over a picture with the pattern at 25 places",
            exact(np.ptp(slides), len(slides)),
            equals(0, ROUNDING),
            kind="secondary",
        ),
        Finding(
            60,
            "Lowest Pearson correlation of the template with itself moved by a pixel",
            exact(min(moved), len(moves)),
            note=f"1 would be invariance. Adding 5 to the patch: {form.pearson(cross, cross + 5):.3f}: Pearson's "
            "coefficient is invariant to shifts of value, not of place",
            variant="corrected",
        ),
        primary(declared[61], exact(max(quarters), 64), figures=("mosaic",)),
        Finding(
            61,
            "Smallest number of ring shifts that gives every filter back",
            exact(periods[0], 64, "shifts"),
            equals(8),
            kind="secondary",
        ),
        Finding(
            61,
            "Skew of a 45° shift of the L: 1 - correlation with the truly turned picture",
            exact(skews[1]),
            between(0.01, 0.5),
            kind="secondary",
            note="“only slightly skewed”: more like the truth than not; at multiples of 90°: "
            + f"{max(skews[::2]):.3f}",
            figures=("mosaic",),
        ),
        Finding(
            62,
            f"Match lost by calculus against the best of {ANGLES} angles, worst of {PAIRS} pairs",
            exact(max(short), PAIRS),
            Expect(high=ROUNDING, closed=True),
            kind="oracle",
            oracle="brute force with the ring resampled by periodic sincs",
            note="the ring as a trigonometric polynomial: the stationary points are roots of a polynomial of degree 8",
            figures=("calculus",),
        ),
        Finding(
            62,
            "Distance of the two angles in steps of the brute force, median",
            exact(float(np.median(apart)), PAIRS, "steps"),
        ),
        *(
            Finding(
                63,
                f"{k} rotations: largest difference between turning the input and turning the output",
                exact(turns[k], 3 * bank.shape[0]),
                equals(0, ROUNDING),
                kind="oracle",
                oracle="quarter turns of the picture",
                note=tests,
            )
            for k in (4, 8)
        ),
        Finding(63, "No rotations: the same", exact(turns[1], 3 * bank.shape[0])),
    ]


def _commutes(image: np.ndarray, filters: np.ndarray, rotations: int, quarter: int) -> float:
    """Largest difference between the response to a turned image and the turned response."""
    turned = form.rotated_convolution(np.rot90(image, quarter, (1, 2)), filters, rotations)
    return float(np.abs(turned - np.rot90(form.rotated_convolution(image, filters, rotations), quarter, (1, 2))).max())

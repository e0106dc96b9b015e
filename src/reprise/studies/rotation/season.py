"""Claim 69: accuracy over the angle, whether it has a season of 90 degrees and a dip at 100, and what turning loses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.ndimage import rotate

from reprise.claims.declarations import Declaration
from reprise.claims.evidence import Finding, above, below, primary
from reprise.comparing.findings import unlearned
from reprise.runs import Run, same_seeds
from reprise.statistics import CORRELATION, Effect, paired_effect, seeds_effect
from reprise.studies.rotation.turned import Probe

UPRIGHT = 30  # degrees either way: every network is best there


def season_findings(
    declared: Declaration, runs: dict[str, Run], probe: Probe, names: Sequence[str], lost: np.ndarray
) -> list[Finding]:
    """The mean curves over the angle of some variants; ``lost`` (angles,) is what interpolation loses.

    A curve that only falls with the angle must show neither season nor dip. So a season means that quarter turns are
    better than the angles halfway to the next ones on *both* sides, and the dip is compared with angles nearer to and
    further from upright.
    """
    angle = probe.angles
    right = [probe.right[name] for name in names]
    every = np.mean(same_seeds(*right), axis=0)  # (seeds, images, angles)
    around = max(5.0, angle[1] / 2)

    def near(middle: float, width: float, answers: np.ndarray = every) -> np.ndarray:
        """(seeds, images) share right within ``width`` degrees."""
        return answers[..., np.abs(angle - middle) <= width].mean(-1)

    if len(angle) < 12:
        return []  # no angle lies between the quarter turns
    dip = near(100, 10)
    upright = np.minimum(angle, 360 - angle) <= UPRIGHT
    why = unlearned(*(runs[name] for name in names))
    pairs = _pair_correlations(probe, names, ~upright)
    shown = ("season",)

    def season(turns: tuple[int, ...], answers: np.ndarray = every, **more: Any) -> Effect:
        halfway = [near(turn + side, around, answers) for turn in turns for side in (-45, 45)]
        gap = np.mean([near(turn, around, answers) for turn in turns], axis=0) - np.mean(halfway, axis=0)
        return paired_effect(gap, unit="share", **more)

    return [
        *(
            primary(
                declared,
                season((90, 270), each, level=declared.level(len(each)), together=len(names)),
                of=f"`{name}`",
                undecided=unlearned(runs[name]),
                figures=shown,
            )
            for name, each in zip(names, right, strict=True)
        ),
        Finding(69, "The same, mean of all models", season((90, 270)), figures=shown),
        Finding(
            69,
            "Share right at 180°, minus halfway to the quarter turns on both sides",
            season((180,), together=3),
            above(0),
            kind="secondary",
            undecided=why,
            figures=shown,
        ),
        Finding(
            69,
            f"Similarity of the {len(names)} curves more than {UPRIGHT}° from upright: mean correlation of all pairs",
            seeds_effect(pairs.mean(axis=1), "correlation", CORRELATION, together=3),
            above(0),
            kind="secondary",
            note=f"pairs from {pairs.mean(axis=0).min():.2f} to {pairs.mean(axis=0).max():.2f}; upright all are best",
            undecided=why,
            figures=shown,
        ),
        Finding(
            69,
            "Share right within 10° of 100°, minus within 10° of 190° and 280°",
            paired_effect(dip - (near(190, 10) + near(280, 10)) / 2, unit="share", together=3),
            below(0),
            kind="secondary",
            note="“the weird dip at 100°”: the same phase of a season of 90° is no dip; interpolation loses as much "
            "there",
            undecided=why,
            figures=shown,
        ),
        Finding(
            69,
            "Share right within 10° of 100°, minus within 10° of its mirror image 260°",
            paired_effect(dip - near(260, 10), unit="share"),
            note="training images were mirrored at random, so that no side is special",
        ),
        Finding(
            69,
            "Correlation of the mean curve with what interpolation loses at each angle (0° left out)",
            _bootstrap_correlation(every[..., 1:], lost[1:]),
            note="loss: a picture turned and turned back against itself; it is 0 at quarter turns, where accuracy "
            "changes all the same because objects lie on their side",
            figures=shown,
        ),
    ]


def _pair_correlations(probe: Probe, names: Sequence[str], where: np.ndarray) -> np.ndarray:
    """(seeds, pairs) correlation between two models' mean curves over the angles in ``where``."""
    rows = []
    for seed in range(min(len(probe.right[name]) for name in names)):
        curves = np.array([probe.right[name][seed][:, where].mean(axis=0) for name in names])
        with np.errstate(invalid="ignore", divide="ignore"):
            table = np.nan_to_num(np.corrcoef(curves))  # a constant curve correlates with nothing
        rows.append(table[np.triu_indices(len(names), 1)])
    return np.array(rows)


def _bootstrap_correlation(right: np.ndarray, damage: np.ndarray) -> Effect:
    """Correlation of the mean curve with ``damage``; the interval resamples images."""
    rng = np.random.default_rng(0)
    rows = right.mean(axis=0)
    draws = rows[rng.integers(0, len(rows), (1000, len(rows)))].mean(axis=1) if len(rows) <= 100 else None
    if draws is None:  # weights rather than a gigabyte of copies
        draws = rng.multinomial(len(rows), np.full(len(rows), 1 / len(rows)), size=1000) @ rows / len(rows)
    centred = draws - draws.mean(axis=1, keepdims=True)
    other = damage - damage.mean()
    lengths = np.linalg.norm(centred, axis=1) * np.linalg.norm(other)
    values = np.divide(centred @ other, lengths, out=np.zeros(len(draws)), where=lengths > 0)
    curve = rows.mean(axis=0)
    value = float(np.corrcoef(curve, damage)[0, 1]) if np.ptp(curve) else 0.0
    return Effect(value, *np.quantile(values, (0.025, 0.975)).tolist(), len(rows), len(right), "correlation")


def damage(images: np.ndarray, angles: np.ndarray) -> np.ndarray:
    """(angles,) what interpolation loses: RMS difference, in grey levels, of images turned there and back.

    Measured inside a disc that no corner leaves.

    Args:
        images: (n, 32, 32, 3).
        angles: degrees.
    """
    stack = images.astype(float).mean(axis=3).transpose(1, 2, 0)
    rows, columns = np.mgrid[:32, :32] - 15.5
    inside = np.hypot(rows, columns) < 14
    losses = []
    for angle in angles:
        there = rotate(stack, angle, axes=(0, 1), reshape=False, order=3)
        back = rotate(there, -angle, axes=(0, 1), reshape=False, order=3)
        losses.append(np.sqrt(np.mean((back - stack)[inside] ** 2)))
    return np.array(losses)

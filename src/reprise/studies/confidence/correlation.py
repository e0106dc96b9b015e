"""Claim 35: are more accurate networks better calibrated?"""

from __future__ import annotations

import numpy as np
from scipy import stats

from reprise.claims.declarations import Declaration
from reprise.claims.evidence import Finding, joined, primary
from reprise.comparing.findings import LEARNED
from reprise.statistics import LEVEL, Effect
from reprise.studies.confidence.published import ECE, ERRORS
from reprise.studies.confidence.scores import Scores
from reprise.sweeps import Sweep


def correlation_findings(declared: Declaration, family: Sweep, every: dict[str, Scores]) -> list[Finding]:
    """Over a family of small networks; over the variants and the paper's for context."""
    learned = family.columns["error"] <= 1 - LEARNED
    idle = int((~learned).sum())
    effect = rank_correlation(family.columns["error"][learned], family.columns["ece"][learned])
    findings = [
        primary(
            declared,
            effect,
            note=joined(
                f"Spearman's, over {len(family) - idle} networks of settings drawn at random",
                f"left out: {idle} below {LEARNED:g} test accuracy" if idle else "",
                _there(declared, effect),
            ),
            figures=("scatter",),
        ),
        Finding(
            35,
            "Rank correlation of test error and ECE over the variants, means over seeds",
            rank_correlation([s.error.mean() for s in every.values()], [s.ece.mean() for s in every.values()]),
            note="variants that differ in one thing are not independent: the interval is too narrow",
            figures=("scatter",),
        ),
    ]
    for data in ("CIFAR-10", "CIFAR-100"):
        rows = [name for name in ECE if name.startswith(f"{data}, ")]
        findings.append(
            Finding(
                35,
                f"Rank correlation of error and ECE over the paper's five {data} networks",
                rank_correlation([ERRORS[name] for name in rows], [ECE[name]["uncalibrated"] for name in rows]),
                published="Guo et al., tables 1 and S2",
            )
        )
    return findings


def _there(declared: Declaration, effect: Effect) -> str:
    """A remark where the interval holds no 0 and yet not all of it lies beyond the band."""
    if effect.low <= 0 <= effect.high or declared.expect.judge(effect) == "contradicted":
        return ""
    large = "that it is large is undecided" if declared.expect.judge(effect) == "inconclusive" else "it is not large"
    return f"there is a correlation, for the interval holds no 0; {large}"


def rank_correlation(x: np.ndarray | list[float], y: np.ndarray | list[float]) -> Effect:
    """Spearman's correlation with Bonett and Wright's (2000) interval; unbounded with fewer than four pairs."""
    n = len(x)
    value = float(stats.spearmanr(x, y).statistic) if n > 3 and np.ptp(x) and np.ptp(y) else float("nan")
    if np.isnan(value):
        return Effect(value, -1.0, 1.0, n, unit="Spearman's rho")
    half = float(stats.norm.ppf(1 - LEVEL / 2) * np.sqrt((1 + value**2 / 2) / (n - 3)))
    centre = np.arctanh(np.clip(value, -1 + 1e-12, 1 - 1e-12))
    return Effect(value, float(np.tanh(centre - half)), float(np.tanh(centre + half)), n, unit="Spearman's rho")

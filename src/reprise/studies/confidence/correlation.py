"""Claim 35: are more accurate networks better calibrated?"""

from __future__ import annotations

from itertools import count

import numpy as np
from scipy import stats

from reprise.claims.evidence import Finding, between, joined
from reprise.statistics import Effect
from reprise.studies.confidence.published import ECE, ERRORS
from reprise.studies.confidence.scores import Scores

WEAK = 0.5  # rank correlations below this in size count as weak (Cohen's bound of a large one)


def correlation_findings(every: dict[str, Scores]) -> list[Finding]:
    """Over our networks, and over the paper's for context."""
    least = next(n for n in count(4) if np.tanh(_half(0, n)) <= WEAK)
    few = (
        f"with {len(every)} networks even a correlation of 0 cannot be shown to be weak: that takes {least}"
        if len(every) < least
        else ""
    )
    error = [s.error.mean() for s in every.values()]
    ece = [s.ece.mean() for s in every.values()]
    findings = [
        Finding(
            35,
            "Rank correlation of test error and ECE over networks",
            rank_correlation(error, ece),
            between(-WEAK, WEAK),
            note=joined(
                f"Spearman's, means over seeds; weak is less than {WEAK} in size; networks of one family are not "
                "independent, so the interval is too narrow",
                few,
            ),
            figures=("scatter",),
        )
    ]
    for data in ("CIFAR-10", "CIFAR-100"):
        rows = [name for name in ECE if name.startswith(f"{data}, ")]
        findings.append(
            Finding(
                35,
                f"Rank correlation of error and ECE over the paper's five {data} networks",
                rank_correlation([ERRORS[name] for name in rows], [ECE[name]["uncalibrated"] for name in rows]),
                kind="context",
                published="Guo et al., tables 1 and S2",
            )
        )
    return findings


def rank_correlation(x: list[float], y: list[float]) -> Effect:
    """Spearman's correlation with Bonett and Wright's (2000) interval; unbounded with fewer than four pairs."""
    n = len(x)
    value = float(stats.spearmanr(x, y).statistic) if n > 1 else float("nan")
    if n < 4 or np.isnan(value):
        return Effect(value, -1.0, 1.0, n, unit="Spearman's rho")
    half = _half(value, n)
    centre = np.arctanh(np.clip(value, -1 + 1e-12, 1 - 1e-12))
    return Effect(value, float(np.tanh(centre - half)), float(np.tanh(centre + half)), n, unit="Spearman's rho")


def _half(value: float, n: int) -> float:
    """Half of Bonett and Wright's interval, in artanh of the correlation."""
    return float(stats.norm.ppf(0.975) * np.sqrt((1 + value**2 / 2) / (n - 3)))

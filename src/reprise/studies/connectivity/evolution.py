"""Claims 54, 56 and 57: where the gates end."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from reprise.claims.declarations import Declaration
from reprise.claims.evidence import Finding, below, joined, primary
from reprise.comparing.findings import cut_off, unlearned
from reprise.published import read_published
from reprise.runs import Run
from reprise.statistics import CORRELATION, SHARE, SHARES_APART, exact, mean_effect, seeds_effect
from reprise.studies.connectivity.gates import CLOSED, MERGES, out_of_reach, stored_gates
from reprise.studies.connectivity.settings import LAYERS

LATE = (6, 7)  # the last two merges
PUBLISHED = read_published(Path(__file__).with_name("published.csv"))
GATES = PUBLISHED.rows("gates")  # by merge, then by input
BOUNDS = PUBLISHED.values("bounds")
SHOWN = ("evolution", "architecture")


def gate_findings(declared: Declaration, concat: Run, per_feature: Run, gates: np.ndarray) -> list[Finding]:
    """The gates themselves; ``gates`` (seeds, 44) are those that ``concat`` ended with."""
    return [
        *_closing(declared, gates, unlearned(concat), joined(cut_off(concat), out_of_reach(concat))),
        _one_a_feature_map(concat, per_feature),
        *(_alike(gates, joined(cut_off(concat), out_of_reach(concat))) if len(gates) > 1 else []),
    ]


def _closing(declared: Declaration, gates: np.ndarray, why: str, cut: str) -> list[Finding]:
    """Claim 56; ``why`` nothing may be judged, and ``cut`` what needs training to its end."""
    merge, source = np.array(MERGES).T
    late = np.isin(merge, LATE)
    images = [row["image"] for row in GATES.values()]
    beside = [np.mean([gate for name, gate in row.items() if name != "image"]) for row in GATES.values()]
    raw_gap = [
        gates[:, (merge == i) & (source == 0)][:, 0] - gates[:, (merge == i) & (source > 0)].mean(axis=1)
        for i in range(LAYERS)
    ]
    bound = f"closed: all below {max(BOUNDS.values()):g} but one (S2, figure 3)"
    closed = (
        ("the raw image", source == 0, f"{np.mean(images):.2f} over merges 0 to 5 (S2, figure 3, read off)"),
        ("the last two merges", late, bound),
    )
    moved = (
        (
            "Gate of the raw image minus the mean gate of the features beside it, mean over eight merges, last epoch",
            np.mean(raw_gap, axis=0),
            f"{np.mean(np.subtract(images, beside)):+.2f} over merges 0 to 5 (S2, figure 3, read off)",
        ),
        (
            "Mean gate of the last two merges minus that of the first six, last epoch",
            gates[:, late].mean(axis=1) - gates[:, ~late].mean(axis=1),
            "",
        ),
    )
    level = declared.level(len(gates))
    return [
        *(
            primary(
                declared,
                seeds_effect(gates[:, chosen].mean(axis=1), "gate", SHARE, level=level, together=len(closed)),
                of=words,
                published=published,
                undecided=joined(why, cut),
                figures=SHOWN,
            )
            for words, chosen, published in closed
        ),
        *(
            Finding(
                56,
                words,
                seeds_effect(gap, "gate", SHARES_APART, together=len(moved)),
                below(0),
                kind="secondary",
                published=published,
                undecided=why,
                figures=SHOWN,
            )
            for words, gap, published in moved
        ),
        Finding(
            56,
            f"Share of gates below {CLOSED:g} in the last epoch",
            seeds_effect((gates < CLOSED).mean(axis=1), "share", SHARE),
            note=f"mean of all gates: {gates.mean():.3f}; all start at one value",
        ),
    ]


def _one_a_feature_map(concat: Run, per_feature: Run) -> Finding:
    """Claim 54."""
    unique = stored_gates(per_feature)
    return Finding(
        54,
        "Standard deviation of the gates with one a feature map, all seeds",
        exact(unique.std(), unique.size, "gate"),
        note=f"with one an input: {stored_gates(concat).std():.4f}",
        figures=("feature_gates",),
    )


def _alike(gates: np.ndarray, cut: str) -> list[Finding]:
    """Claim 57, of two seeds or more."""
    return [
        Finding(
            57,
            "Correlation of a seed's 44 gates in the last epoch with those of another, mean over seeds",
            seeds_effect(correlations(gates), "correlation", CORRELATION),
            note=joined(cut, "seeds share pairs, so the interval is too narrow"),
            figures=("final_gates",),
        ),
        Finding(
            57,
            "Standard deviation of a gate over seeds, mean of 44",
            replace(mean_effect(spreads(gates), "gate"), seeds=len(gates)),
            note=f"between the 44 gates: {gates.mean(axis=0).std(ddof=1):.4f}",
            figures=("final_gates",),
        ),
    ]


def correlations(gates: np.ndarray) -> np.ndarray:
    """(seeds, gates) -> (seeds,) correlation of each seed's gates with those of another, mean over the others."""
    return (np.corrcoef(gates).sum(axis=1) - 1) / (len(gates) - 1)


def spreads(gates: np.ndarray) -> np.ndarray:
    """(seeds, gates) -> (gates,) standard deviation of each gate over seeds."""
    return gates.std(axis=0, ddof=1)

"""Claims 49, 54, 56 and 57: how many gates there are, and where they end."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from reprise.claims.evidence import Finding, above, below, equals, joined
from reprise.comparing.findings import cut_off, unlearned
from reprise.published import read_published
from reprise.runs import Run
from reprise.statistics import CORRELATION, SHARE, SHARES_APART, exact, mean_effect, seeds_effect
from reprise.studies.connectivity.gates import MERGES, stored_gates
from reprise.studies.connectivity.settings import LAYERS

LATE = (6, 7)  # "the last two connections"
CLOSED = 0.1
SEEDS_ASKED = 5  # claim 57: does every seed end alike?
PUBLISHED = read_published(Path(__file__).with_name("published.csv"))
GATES = PUBLISHED.rows("gates")  # by merge, then by input
BOUNDS = PUBLISHED.values("bounds")


def counts() -> list[Finding]:
    """Claim 49, counted pair by pair."""
    layers = range(LAYERS)
    every = sum(a != b for a in layers for b in layers)
    forward = sum(a < b for a in layers for b in layers)
    return [
        Finding(49, f"Directed pairs of {LAYERS} layers", exact(every, unit="connections"), equals(8 * 7)),
        Finding(49, "Pairs without backward ones", exact(forward, unit="connections"), equals(28)),
        Finding(
            49,
            "Gates of the network that was built",
            exact(len(MERGES), unit="gates"),
            kind="context",
            note="44 and not 28: the image is an input too, and the last layer's merge feeds the dense layers",
        ),
    ]


def gate_findings(concat: Run, per_feature: Run, gates: np.ndarray) -> list[Finding]:
    """Claims 54, 56 and 57: the gates themselves; ``gates`` (seeds, 44) are those that ``concat`` ended with."""
    why = unlearned(concat)
    return [
        *_closing(gates, why, cut_off(concat)),
        _one_a_feature_map(concat, per_feature),
        *(_alike(gates, why) if len(gates) > 1 else []),
    ]


def _closing(gates: np.ndarray, why: str, cut: str) -> list[Finding]:
    """Claim 56; ``why`` nothing may be judged, and ``cut`` what needs training to its end."""
    merge, source = np.array(MERGES).T
    raw_gap = np.mean(
        [
            gates[:, (merge == i) & (source == 0)][:, 0] - gates[:, (merge == i) & (source > 0)].mean(axis=1)
            for i in range(LAYERS)
        ],
        axis=0,
    )
    images = [row["image"] for row in GATES.values()]
    beside = [np.mean([gate for name, gate in row.items() if name != "image"]) for row in GATES.values()]
    late = np.isin(merge, LATE)
    late_gap = gates[:, late].mean(axis=1) - gates[:, ~late].mean(axis=1)
    return [
        Finding(
            56,
            "Gate of the raw image minus the mean gate of the features beside it, mean over eight merges, last epoch",
            seeds_effect(raw_gap, "gate", SHARES_APART),
            below(0),
            published=f"{np.mean(np.subtract(images, beside)):+.2f} over merges 0 to 5 (S2, figure 3, read off)",
            undecided=why,
            figures=("evolution", "final_gates"),
        ),
        Finding(
            56,
            "Mean gate of the last two merges minus that of the first six",
            seeds_effect(late_gap, "gate", SHARES_APART),
            below(0),
            undecided=why,
            figures=("evolution", "architecture"),
        ),
        *(
            Finding(
                56,
                f"Mean gate of {words} at the end: closed?",
                seeds_effect(gates[:, chosen].mean(axis=1), "gate", SHARE),
                below(CLOSED),
                published=published,
                undecided=joined(why, cut),
                figures=("evolution", "architecture"),
            )
            for words, chosen, published in (
                ("the raw image", source == 0, f"{np.mean(images):.2f} over merges 0 to 5"),
                (
                    "the last two merges",
                    late,
                    f"“almost entirely” closed: all below {max(BOUNDS.values()):g} but one (S2, figure 3)",
                ),
            )
        ),
        Finding(
            56,
            f"Share of gates below {CLOSED:g} at the end",
            seeds_effect((gates < CLOSED).mean(axis=1), "share", SHARE),
            kind="context",
            note=f"raw image's: {gates[:, source == 0].mean():.3f}, last two merges: {gates[:, late].mean():.3f}, all: "
            f"{gates.mean():.3f}; all start at one value",
        ),
    ]


def _one_a_feature_map(concat: Run, per_feature: Run) -> Finding:
    """Claim 54."""
    unique = stored_gates(per_feature)
    return Finding(
        54,
        "Standard deviation of the gates with one a feature map, all seeds",
        exact(unique.std(), unique.size, "gate"),
        kind="context",
        note=f"with one an input: {stored_gates(concat).std():.4f}",
        figures=("feature_gates",),
    )


def _alike(gates: np.ndarray, why: str) -> list[Finding]:
    """Claim 57, of two seeds or more."""
    alike = (np.corrcoef(gates).sum(axis=1) - 1) / (len(gates) - 1)  # of each seed with the others
    few = "" if len(gates) >= SEEDS_ASKED else f"asked for {SEEDS_ASKED} seeds at least"
    reading = "asked, not claimed: taken as alike where the correlation is above 0.5"
    narrow = "seeds share pairs, so the interval is too narrow"
    return [
        Finding(
            57,
            "Correlation of a seed's 44 final gates with those of another, mean over seeds",
            seeds_effect(alike, "correlation", CORRELATION),
            above(0.5),
            note=joined(reading, narrow),
            undecided=joined(few, why),
            figures=("final_gates",),
        ),
        Finding(
            57,
            "Standard deviation of a gate over seeds, mean of 44",
            replace(mean_effect(gates.std(axis=0, ddof=1), "gate"), seeds=len(gates)),
            kind="context",
            note=f"between the 44 gates: {gates.mean(axis=0).std(ddof=1):.4f}",
            figures=("final_gates",),
        ),
    ]

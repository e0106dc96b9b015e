"""Claims 74 and 76-78: test accuracy of networks whose weights are held to length one, in one way or another."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from reprise.claims.evidence import Finding, above, below, between
from reprise.comparing.findings import NONE, compare
from reprise.published import read_published
from reprise.runs import Run, longest
from reprise.statistics import seeds_effect

PUBLISHED = read_published(Path(__file__).with_name("published.csv")).values("convergence")  # validation accuracy


def four_ways(runs: dict[str, Run]) -> list[Finding]:
    """Claim 74: which layers are normalised."""
    baseline = runs["baseline"]
    figures = ("curves", "accuracies")
    findings = []
    for name in ("conv", "dense", "both"):
        published = f"{PUBLISHED[name] - PUBLISHED['baseline']:+.4f} (S2, one seed, chosen on test images)"
        expect = below(NONE) if name == "both" else above(0)
        note = "“the benefits are lost”: no gain beyond a point" if name == "both" else ""
        findings.append(
            compare(
                74, runs[name], baseline, expect, published=published, note=note, defect=9, figures=figures, together=3
            )
        )
    epochs = longest(list(runs.values()))
    for name in ("conv", "dense", "both"):
        gain = seeds_effect(runs[name].speed(epochs) - baseline.speed(epochs), "accuracy")
        words = f"Mean validation accuracy over {epochs} epochs (speed of convergence), `{name}` minus `baseline`"
        findings.append(Finding(74, words, gain, kind="context", figures=("curves",)))
    return findings


def other_ways(runs: dict[str, Run]) -> list[Finding]:
    """Claims 76-78."""
    baseline, findings = runs["baseline"], []
    for name in ("norm_penalty", "spherical"):
        findings += [
            compare(
                76,
                runs[name],
                baseline,
                above(0),
                note="an option for what is claimed to help",
                figures=("accuracies",),
            ),
            compare(76, runs[name], runs["conv"]),
        ]
    pairs = (("baseline_elu", "baseline"), ("conv_elu", "conv"))
    for name, other in pairs:
        note = "“no significant improvement”: a point at most"
        findings.append(compare(77, runs[name], runs[other], below(NONE), note=note, figures=("accuracies",)))
    diverse = runs["diverse"]
    gap = diverse.last("filter_similarity") - baseline.last("filter_similarity")
    findings += [
        compare(
            78, diverse, baseline, between(-NONE, np.inf),
            note="announced, not claimed: judged as costing a point at most", figures=("accuracies",),
        ),
        Finding(
            78,
            "Mean squared cosine between filters at the end, `diverse` minus `baseline`",
            seeds_effect(gap, "squared cosine"),
            kind="context",
            note="does the constraint constrain?",
            figures=("similarity",),
        ),
    ]  # fmt: skip
    return findings

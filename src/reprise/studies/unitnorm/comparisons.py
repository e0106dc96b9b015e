"""Claims 74 and 76-78: test accuracy of networks whose weights are held to length one, in one way or another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from reprise.claims.declarations import Declaration
from reprise.claims.evidence import Finding, above, below, joined, primary
from reprise.comparing.findings import also, collapsed, compare, sooner, unfinished, unlearned
from reprise.published import read_published
from reprise.runs import Run, apart, longest, same_seeds
from reprise.statistics import SHARES_APART, paired_effect, seeds_effect

PUBLISHED = read_published(Path(__file__).with_name("published.csv")).values("convergence")  # validation accuracy
SHOWN = ("curves", "accuracies")


def four_ways(declared: Declaration, runs: Mapping[str, Run]) -> list[Finding]:
    """Claim 74: one kind of layers normalised, against neither and against both."""
    pairs = [(runs[one], runs[other]) for other in ("baseline", "both") for one in ("conv", "dense")]
    found = [
        replace(finding, published=_published(one, other))
        for finding, (one, other) in zip(
            compare(declared, pairs, defect=9, variant="text", figures=SHOWN), pairs, strict=True
        )
    ]
    for one, other in pairs:
        epochs = longest([one, other])
        found.append(
            Finding(
                74,
                f"Mean validation accuracy over {epochs} epochs (speed of convergence), `{one.name}` minus "
                f"`{other.name}`",
                sooner(one, other, together=len(pairs)),
                above(0),
                kind="secondary",
                undecided=joined(unlearned(one, other), collapsed(one, other)),
                figures=("curves",),
            )
        )
    both, least = (runs["both"], runs["baseline"]), declared.smallest
    lost = "“the benefits are lost”: of the two gains of the source the smaller is 0.0224"
    return [*found, *also(74, [both], below(least), note=lost, published=_published(*both), figures=SHOWN)]


def _published(one: Run, other: Run) -> str:
    return f"{PUBLISHED[one.name] - PUBLISHED[other.name]:+.4f} (S2, one seed, chosen on test images)"


def elu(declared: Declaration, runs: Mapping[str, Run]) -> list[Finding]:
    """Claim 77. Which of the two networks the source tried it on is not said: the mean of both decides."""
    pairs = [(runs["baseline_elu"], runs["baseline"]), (runs["conv_elu"], runs["conv"])]
    every = [run for pair in pairs for run in pair]
    gains = np.mean(same_seeds(*(apart(one.correct, other.correct) for one, other in pairs)), axis=0)
    decides = primary(
        declared,
        paired_effect(gains, unit="accuracy", possible=SHARES_APART, level=declared.level(len(gains))),
        undecided=joined(unlearned(*every), collapsed(*every), unfinished(*every)),
        figures=SHOWN,
    )
    return [decides, *also(77, pairs, figures=SHOWN)]


def other_ways(runs: Mapping[str, Run]) -> list[Finding]:
    """Claims 76 and 78, which are named and not tried by the source."""
    baseline, diverse = runs["baseline"], runs["diverse"]
    named = [runs[name] for name in ("norm_penalty", "spherical")]
    gap = apart(diverse.last("filter_similarity"), baseline.last("filter_similarity"))
    return [
        *also(76, [(run, other) for run in named for other in (baseline, runs["conv"])], figures=("accuracies",)),
        *also(78, [(diverse, baseline)], figures=("accuracies",)),
        Finding(
            78,
            "Mean squared cosine between filters in the last epoch, `diverse` minus `baseline`",
            seeds_effect(gap, "squared cosine"),
            note="does the constraint constrain?",
            figures=("similarity",),
        ),
    ]

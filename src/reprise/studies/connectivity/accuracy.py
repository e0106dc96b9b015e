"""Claims 50-55, 58 and 59: test accuracy and speed of convergence, connected networks against others."""

from __future__ import annotations

import numpy as np

from reprise.claims.evidence import Expect, Finding, above, between
from reprise.comparing.findings import NONE, compare, unlearned
from reprise.runs import Run, longest
from reprise.statistics import SHARE, seeds_effect

SAME = between(-NONE, NONE)
SHOWN = ("accuracies", "curves")


def accuracy_findings(runs: dict[str, Run], structure: np.ndarray | None) -> list[Finding]:
    """All of them; ``structure`` (seeds, 44) says which connections the pruned network was built with."""
    epochs = longest(list(runs.values()))
    return [
        *_other_networks(runs),
        *_sigmoid(runs),
        *_starts(runs, epochs),
        *_resizing(runs, epochs),
        *_merging(runs),
        *(_pruning(runs, structure) if structure is not None else []),
        *_proposed_starts(runs),
    ]


def _other_networks(runs: dict[str, Run]) -> list[Finding]:
    """Claim 50."""
    concat, sizes = runs["concat"], {name: run.record["parameters"] for name, run in runs.items()}
    return [
        compare(
            50, concat, runs["sequential"], above(0), figures=SHOWN,
            note=f"{sizes['concat']:,} parameters against {sizes['sequential']:,}: more than connections differ",
        ),
        compare(
            50, concat, runs["matched"], above(0), figures=SHOWN,
            note=f"the fair comparison: {sizes['concat']:,} against {sizes['matched']:,} parameters",
        ),
    ]  # fmt: skip


def _sigmoid(runs: dict[str, Run]) -> list[Finding]:
    """Claim 51: speed first, since that is what the source says."""
    concat, raw = runs["concat"], runs["raw_weight"]
    epochs = longest([concat, raw])
    goal = 0.9 * min(rows["val_accuracy"].max() for rows in concat.history)
    reached = {run.name: run.epochs_to(goal) for run in (concat, raw)}
    words = ", ".join(
        f"{name} {np.nanmean(found):.1f} (in {np.isfinite(found).sum()} of {len(found)} seeds)"
        if np.isfinite(found).any() else f"{name} never"
        for name, found in reached.items()
    )  # fmt: skip
    return [
        Finding(
            51,
            f"Mean validation accuracy over {epochs} epochs (speed of convergence), sigmoid gates minus raw weights",
            seeds_effect(concat.speed(epochs) - raw.speed(epochs), "accuracy"),
            above(0),
            note=f"epochs to {goal:.3f}: {words}",
            undecided=unlearned(concat),
            published="“horribly slow” (S2)",
            figures=("curves",),
        ),
        compare(51, concat, raw, figures=("accuracies",)),
    ]


def _starts(runs: dict[str, Run], epochs: int) -> list[Finding]:
    """Claim 52; ``epochs`` are those of the longest training."""
    concat, findings = runs["concat"], []
    for name in ("init_0", "init_half"):
        findings.append(compare(52, runs[name], concat, SAME, note="no effect: a point at most", figures=SHOWN))
    for name in ("init_0", "init_half"):
        gap = seeds_effect(runs[name].speed(epochs) - concat.speed(epochs), "accuracy")
        words = f"Mean validation accuracy over {epochs} epochs, `{name}` minus `concat`"
        findings.append(Finding(52, words, gap, kind="context", figures=("curves",)))
    return findings


def _resizing(runs: dict[str, Run], epochs: int) -> list[Finding]:
    """Claim 53, and its footnote: which way is better early."""
    concat, findings = runs["concat"], []
    for name in ("nearest", "area", "bicubic"):
        note = "against bilinear: a point at most"
        findings.append(compare(53, runs[name], concat, SAME, note=note, figures=SHOWN, together=3))
    early = max(1, epochs // 4)
    for name in ("nearest", "area"):
        smooth = (concat.speed(early) + runs["bicubic"].speed(early)) / 2
        gap = seeds_effect(smooth - runs[name].speed(early), "accuracy")
        words = f"Mean validation accuracy in the first quarter (epochs: {early}), bilinear, bicubic minus `{name}`"
        findings.append(Finding(53, words, gap, kind="context", note="the source's footnote: slightly better early"))
    return findings


def _merging(runs: dict[str, Run]) -> list[Finding]:
    """Claims 54 and 55."""
    concat = runs["concat"]
    return [
        compare(
            54, runs["per_feature"], concat, SAME, figures=(*SHOWN, "feature_gates"),
            note="left open by the source: judged as the same within a point",
        ),
        compare(
            55, runs["concat_pooled"], runs["pad"], above(0), figures=SHOWN,
            note="“lossy would end up being the winner”: resizing against padding; maps are averaged at the end",
        ),
        compare(55, runs["max"], runs["sum"], above(0), note="“I like max better than … sum”", figures=SHOWN),
        *(compare(55, runs[name], concat, figures=SHOWN) for name in ("sum", "max", "squeeze")),
    ]  # fmt: skip


def _pruning(runs: dict[str, Run], structure: np.ndarray) -> list[Finding]:
    """Claim 58."""
    concat, pruned = runs["concat"], runs["pruned"]
    share, least = pruned.record["parameters"] / concat.record["parameters"], pruned.settings["prune"]
    return [
        compare(
            58, pruned, concat, Expect(low=0, closed=True), figures=(*SHOWN, "architecture"),
            note=f"{share:.1%} of all weights; gates below {least:g} removed, trained afresh",
        ),
        Finding(
            58,
            "Share of connections that pruning keeps",
            seeds_effect(structure.mean(axis=1), "share", SHARE),
            kind="context",
            note="the latest layer's output always stays",
            figures=("architecture",),
        ),
    ]  # fmt: skip


def _proposed_starts(runs: dict[str, Run]) -> list[Finding]:
    """Claim 59."""
    note = "proposed, not tried: judged by claim 52's “no effect”, a point at most"
    return [
        compare(59, runs[name], runs["concat"], SAME, note=note, figures=SHOWN)
        for name in ("normal_init", "feed_forward")
    ]

"""Claims 50-55, 58 and 59: test accuracy and speed of convergence, connected networks against others."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from reprise.claims.declarations import Declarations
from reprise.claims.evidence import Finding, above, joined, primary
from reprise.comparing.findings import also, collapsed, compare, sooner, unlearned
from reprise.runs import Run, apart, longest, same_seeds
from reprise.statistics import SHARE, seeds_effect
from reprise.studies.connectivity.gates import CLOSED

SHOWN = ("accuracies", "curves")


def accuracy_findings(declared: Declarations, runs: Mapping[str, Run], structure: np.ndarray) -> list[Finding]:
    """All of them; ``structure`` (seeds, 44) says which connections the pruned network was built with."""
    concat = runs["concat"]
    return [
        *_other_networks(runs),
        *_sigmoid(declared, concat, runs["raw_weight"]),
        *_starts(declared, runs),
        *_resizing(declared, runs),
        *also(54, [(runs["per_feature"], concat)], note="left open by the source", figures=(*SHOWN, "feature_gates")),
        *_merging(declared, runs),
        *_pruning(declared, concat, runs["pruned"], structure),
        *also(59, [(runs[name], concat) for name in ("normal_init", "feed_forward")], figures=SHOWN),
    ]


def _other_networks(runs: Mapping[str, Run]) -> list[Finding]:
    """Claim 50, which the source does not compare."""
    found = []
    for name, words in (("sequential", "more than connections differ"), ("matched", "the fair comparison")):
        concat, other = runs["concat"], runs[name]
        sizes = f"{concat.record['parameters']:,} parameters against {other.record['parameters']:,}"
        found += also(50, [(concat, other)], note=f"{words}: {sizes}", figures=SHOWN)
    return found


def _sigmoid(declared: Declarations, concat: Run, raw: Run) -> list[Finding]:
    """Claim 51: speed, since that is what the source says."""
    goal = 0.9 * min(rows["val_accuracy"].max() for rows in concat.history)
    reached = {run.name: run.epochs_to(goal) for run in (concat, raw)}
    words = ", ".join(
        f"{name} {np.nanmean(found):.1f} (in {np.isfinite(found).sum()} of {len(found)} seeds)"
        if np.isfinite(found).any() else f"{name} never"
        for name, found in reached.items()
    )  # fmt: skip
    decides = primary(
        declared[51],
        sooner(concat, raw, declared[51].level(min(concat.seeds, raw.seeds))),
        undecided=joined(unlearned(concat), collapsed(concat)),
        note=f"{longest([concat, raw])} epochs; to reach {goal:.3f}: {words}",
        figures=("curves",),
    )
    return [decides, *also(51, [(concat, raw)], figures=("accuracies",))]


def _starts(declared: Declarations, runs: Mapping[str, Run]) -> list[Finding]:
    """Claim 52: whether networks end alike, and how they come there."""
    pairs = [(runs[name], runs["concat"]) for name in ("init_0", "init_half")]
    early = [
        Finding(
            52,
            f"Mean validation accuracy over {longest([one, concat])} epochs, `{one.name}` minus `concat`",
            sooner(one, concat),
            figures=("curves",),
        )
        for one, concat in pairs
    ]
    return [*compare(declared[52], pairs, figures=SHOWN), *early]


def _resizing(declared: Declarations, runs: Mapping[str, Run]) -> list[Finding]:
    """Claim 53, and which way is better early."""
    concat = runs["concat"]
    pairs = [(runs[name], concat) for name in ("nearest", "area", "bicubic")]
    found = compare(declared[53], pairs, figures=SHOWN)
    early = max(1, longest([concat]) // 4)
    smooth = np.mean(same_seeds(concat.speed(early), runs["bicubic"].speed(early)), axis=0)
    for name in ("nearest", "area"):
        words = f"Mean validation accuracy in the first quarter (epochs: {early}), bilinear, bicubic minus `{name}`"
        gap = seeds_effect(apart(smooth, runs[name].speed(early)), "accuracy")
        found.append(Finding(53, words, gap, note="as it is catalogued of the source: slightly better early"))
    return found


def _merging(declared: Declarations, runs: Mapping[str, Run]) -> list[Finding]:
    """Claim 55."""
    concat = runs["concat"]
    averaged = "maps are averaged before the dense layers, in both"
    return [
        *compare(declared[55], [(runs["concat_pooled"], runs["pad"])], note=averaged, figures=SHOWN),
        *also(55, [(runs["max"], runs["sum"])], above(0), note="“I like max better than … sum”", figures=SHOWN),
        *also(55, [(runs[name], concat) for name in ("sum", "max", "squeeze")], figures=SHOWN),
    ]


def _pruning(declared: Declarations, concat: Run, pruned: Run, structure: np.ndarray) -> list[Finding]:
    """Claim 58, which speaks of gates that are closed."""
    share, least = pruned.record["parameters"] / concat.record["parameters"], pruned.settings["prune"]
    ajar = f"what was removed was not closed: gates below {least:g}" if least > CLOSED else ""
    note = f"{share:.1%} of all weights; gates below {least:g} removed, trained afresh"
    shown = (*SHOWN, "architecture")
    return [
        *compare(declared[58], [(pruned, concat)], undecided=ajar, note=note, figures=shown),
        Finding(
            58,
            "Share of connections that pruning keeps",
            seeds_effect(structure.mean(axis=1), "share", SHARE),
            note="the latest layer's output always stays",
            figures=("architecture",),
        ),
    ]

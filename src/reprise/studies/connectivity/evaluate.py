"""Gated connections: what claims 49-59 say, measured. See ``reprise.studies.connectivity`` for what was trained."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from reprise.claims.evidence import Evidence, Expect, Finding, Metric, above, below, between, equals, joined
from reprise.comparing import figures as charts
from reprise.comparing.findings import NONE, compare, cut_off, unlearned
from reprise.comparing.tables import accuracies, costs, image_words, score_table
from reprise.runs import Run, check_same_test, load_runs, longest, used_settings
from reprise.statistics import CORRELATION, SHARE, SHARES_APART, exact, mean_effect, seeds_effect
from reprise.studies.connectivity import figures as draw
from reprise.studies.connectivity.settings import LAYERS
from reprise.workspace import Workspace

MERGES = [(i, j) for i in range(LAYERS) for j in range(i + 2)]  # input j of merge i; input 0 is the image
LATE = (6, 7)  # "the last two connections"
CLOSED = 0.1
SEEDS_ASKED = 5  # claim 57: does every seed end alike?
# gates at epoch 200, read off the source's figure (merges 6 and 7 are given there as bounds only)
PUBLISHED = (
    (0.115, 0.73),
    (0.0, 0.55, 0.61),
    (0.005, 0.03, 0.15, 0.07),
    (0.20, 0.575, 0.235, 0.675, 0.02),
    (0.17, 0.48, 0.275, 0.80, 0.055, 0.52),
    (0.005, 0.02, 0.12, 0.78, 0.23, 0.54, 0.47),
)


def evaluate(workspace: Workspace) -> Evidence:
    """Measures every variant and answers claims 49-59."""
    runs = load_runs(workspace)
    check_same_test(runs)
    concat = runs["concat"]
    gates = final_gates(concat)
    structure = kept_connections(runs["pruned"]) if "pruned" in runs else None
    evidence = Evidence(
        data=image_words(workspace.source, workspace.params.dataset("cifar").official, concat),
        settings=used_settings(runs),
    )
    evidence.findings += _counts(runs)
    evidence.findings += _comparisons(runs, structure)
    evidence.findings += _gate_findings(runs, gates, cut_off(concat))
    evidence.metrics |= accuracies(runs, ("concat", "sequential", "matched"))
    spread = gates.std(axis=0, ddof=1).mean() if len(gates) > 1 else 0.0
    evidence.metrics["gate_spread"] = Metric(float(spread), "equal", 0.0, len(gates))
    evidence.tables.append(score_table(runs))
    evidence.cost = costs(runs)
    init = concat.settings["init"]
    start = None if isinstance(init, str) else float(1 / (1 + np.exp(-init)))
    folder = workspace.evidence / "figures"
    everything = list(runs.values())
    evidence.figures += [
        draw.evolution(folder, concat),
        draw.final_gates(folder, gates, start),
        draw.architecture(folder, gates, structure),
        charts.curves(folder, everything),
        charts.accuracy_dots(folder, everything, "concat"),
        draw.feature_gates(folder, stored_gates(runs["per_feature"]), stored_gates(concat)),
    ]
    return evidence


def final_gates(run: Run) -> np.ndarray:
    """(seeds, 44) every gate in the last epoch, merge by merge, the image's first in each."""
    return np.stack([run.last(f"gate_{i}_{j}") for i, j in MERGES], axis=1)


def kept_connections(run: Run) -> np.ndarray:
    """(seeds, 44) which connections a pruned network was built with."""
    return np.array([[row[i][j] for i, j in MERGES] for row in run.record["structure"]])


def stored_gates(run: Run) -> np.ndarray:
    """All gates of all seeds, from the weights that were kept."""
    from safetensors.numpy import load_file

    weights = load_file(run.folder / "weights.safetensors")
    raw = [
        array.ravel() for name, array in sorted(weights.items()) if "connections." in name and name.endswith(".weights")
    ]
    return 1 / (1 + np.exp(-np.concatenate(raw).astype(np.float64)))


def _counts(runs: dict[str, Run]) -> list[Finding]:
    """Claim 49, counted pair by pair."""
    layers = range(8)
    every = sum(a != b for a in layers for b in layers)
    forward = sum(a < b for a in layers for b in layers)
    return [
        Finding(49, "Directed pairs of 8 layers", exact(every, unit="connections"), equals(8 * 7)),
        Finding(49, "Pairs without backward ones", exact(forward, unit="connections"), equals(28)),
        Finding(
            49,
            "Gates of the network that was built",
            exact(len(MERGES), unit="gates"),
            kind="context",
            note="44 and not 28: the image is an input too, and the last layer's merge feeds the dense layers",
        ),
    ]


def _comparisons(runs: dict[str, Run], structure: np.ndarray | None) -> list[Finding]:
    """Claims 50-55, 58 and 59: accuracies."""
    concat = runs["concat"]
    same = between(-NONE, NONE)
    shown = ("accuracies", "curves")
    sizes = {name: run.record["parameters"] for name, run in runs.items()}
    findings = [
        compare(
            50, concat, runs["sequential"], above(0), figures=shown,
            note=f"{sizes['concat']:,} parameters against {sizes['sequential']:,}: more than connections differ",
        ),
        compare(
            50, concat, runs["matched"], above(0), figures=shown,
            note=f"the fair comparison: {sizes['concat']:,} against {sizes['matched']:,} parameters",
        ),
        *_sigmoid(runs),
    ]  # fmt: skip
    for name in ("init_0", "init_half"):
        findings.append(compare(52, runs[name], concat, same, note="no effect: a point at most", figures=shown))
    epochs = longest(list(runs.values()))
    for name in ("init_0", "init_half"):
        gap = seeds_effect(runs[name].speed(epochs) - concat.speed(epochs), "accuracy")
        words = f"Mean validation accuracy over {epochs} epochs, `{name}` minus `concat`"
        findings.append(Finding(52, words, gap, kind="context", figures=("curves",)))
    for name in ("nearest", "area", "bicubic"):
        note = "against bilinear: a point at most"
        findings.append(compare(53, runs[name], concat, same, note=note, figures=shown, together=3))
    early = max(1, epochs // 4)
    for name in ("nearest", "area"):
        smooth = (concat.speed(early) + runs["bicubic"].speed(early)) / 2
        gap = seeds_effect(smooth - runs[name].speed(early), "accuracy")
        words = f"Mean validation accuracy in the first quarter (epochs: {early}), bilinear, bicubic minus `{name}`"
        findings.append(Finding(53, words, gap, kind="context", note="the source's footnote: slightly better early"))
    findings += [
        compare(
            54, runs["per_feature"], concat, same, figures=(*shown, "feature_gates"),
            note="left open by the source: judged as the same within a point",
        ),
        compare(
            55, runs["concat_pooled"], runs["pad"], above(0), figures=shown,
            note="“lossy would end up being the winner”: resizing against padding; maps are averaged at the end",
        ),
        compare(55, runs["max"], runs["sum"], above(0), note="“I like max better than … sum”", figures=shown),
        *(compare(55, runs[name], concat, figures=shown) for name in ("sum", "max", "squeeze")),
    ]  # fmt: skip
    if structure is not None:
        share, least = sizes["pruned"] / sizes["concat"], runs["pruned"].settings["prune"]
        findings += [
            compare(
                58, runs["pruned"], concat, Expect(low=0, closed=True), figures=(*shown, "architecture"),
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
    for name in ("normal_init", "feed_forward"):
        note = "proposed, not tried: judged by claim 52's “no effect”, a point at most"
        findings.append(compare(59, runs[name], concat, same, note=note, figures=shown))
    return findings


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


def _gate_findings(runs: dict[str, Run], gates: np.ndarray, cut: str) -> list[Finding]:
    """Claims 54, 56 and 57: the gates themselves; ``cut`` says whether training went on to its end."""
    why = unlearned(runs["concat"])
    merge, source = np.array(MERGES).T
    raw_gap = np.mean(
        [
            gates[:, (merge == i) & (source == 0)][:, 0] - gates[:, (merge == i) & (source > 0)].mean(axis=1)
            for i in range(LAYERS)
        ],
        axis=0,
    )
    published_gap = np.mean([row[0] - np.mean(row[1:]) for row in PUBLISHED])
    late = np.isin(merge, LATE)
    late_gap = gates[:, late].mean(axis=1) - gates[:, ~late].mean(axis=1)
    unique = stored_gates(runs["per_feature"])
    findings = [
        Finding(
            56,
            "Gate of the raw image minus the mean gate of the features beside it, mean over eight merges, last epoch",
            seeds_effect(raw_gap, "gate", SHARES_APART),
            below(0),
            published=f"{published_gap:+.2f} over merges 0 to 5 (S2, figure 3, read off)",
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
                ("the raw image", source == 0, f"{np.mean([row[0] for row in PUBLISHED]):.2f} over merges 0 to 5"),
                ("the last two merges", late, "“almost entirely” closed: all below 0.09 but one (S2, figure 3)"),
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
        Finding(
            54,
            "Standard deviation of the gates with one a feature map, all seeds",
            exact(unique.std(), unique.size, "gate"),
            kind="context",
            note=f"with one an input: {stored_gates(runs['concat']).std():.4f}",
            figures=("feature_gates",),
        ),
    ]
    if len(gates) > 1:
        alike = (np.corrcoef(gates).sum(axis=1) - 1) / (len(gates) - 1)  # of each seed with the others
        few = "" if len(gates) >= SEEDS_ASKED else f"asked for {SEEDS_ASKED} seeds at least"
        reading = "asked, not claimed: taken as alike where the correlation is above 0.5"
        narrow = "seeds share pairs, so the interval is too narrow"
        findings += [
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
    return findings

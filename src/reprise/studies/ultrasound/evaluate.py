"""Ultrasound nerve segmentation: what claims 79-87 say, measured.

Predictions are post-processed as the source's were and scored at the frames' own size by Kaggle's dice; every
comparison is paired frame by frame, with intervals over test subjects and seeds. See ``reprise.studies.ultrasound``
for what was trained.
"""

from __future__ import annotations

import numpy as np

from reprise.claims.evidence import Evidence, Expect, Finding, Metric, Table, above, below, between, equals
from reprise.comparing.tables import costs
from reprise.data import rle
from reprise.data.duplicates import contradictory_pairs, precision_recall, truth_pairs
from reprise.data.ultrasound import Prepared, load
from reprise.metrics.segmentation import dice
from reprise.metrics.segmentation import precision_recall as presence_scores
from reprise.runs import Run, load_runs, used_settings
from reprise.statistics import SHARE, SHARES_APART, Effect, exact, paired_effect, proportion
from reprise.studies.ultrasound import figures as draw
from reprise.studies.ultrasound import pixels
from reprise.studies.ultrasound.cleaning import Cleaning, read_cleaning
from reprise.studies.ultrasound.scores import Scores, score
from reprise.workspace import Workspace

TEST_FRAMES = 50  # with fewer, what trained networks score on them says nothing about the data set
LEARNT = 0.3  # mean dice on frames that show a nerve; a baseline below it was not trained long enough to compare
WHOLE_SET = 5_000  # frames; of a part, fewer frames have their near-duplicate with them
S2 = "S2, ultrasound post"
NOTHING_COMPARED = Effect(float("nan"), 0.0, 1.0, 0, unit="share")  # no pairs: no verdict either


def evaluate(workspace: Workspace) -> Evidence:
    """Measures every variant and answers claims 79-87."""
    prepared, cleaning = load(workspace.prepared("ultrasound")), read_cleaning(workspace)
    generated = workspace.source == "generated"
    runs = load_runs(workspace)
    scores = {name: score(run, prepared) for name, run in runs.items()}
    measured = {name: pixels.measure_all(run, prepared) for name, run in runs.items()}
    shown = pixels.shown(runs, prepared)
    subjects, (height, width) = len(np.unique(prepared.subject)), prepared.masks.shape[1:]
    data = f"{workspace.source}: {subjects} subjects, {len(prepared.subject)} frames of {height} x {width}"
    evidence = Evidence(
        data=data
        if generated
        else f"{data} (a part of Kaggle's 47 subjects and 5,635 frames)" * (subjects < 47) or data,
        settings=used_settings(runs) | {"cleaning": cleaning.settings},
    )
    evidence.findings += _exact_findings(prepared, generated)
    evidence.findings += _duplicate_findings(prepared, cleaning, generated)
    evidence.findings += _training_findings(prepared, scores, generated)
    evidence.metrics |= _metrics(scores, measured)
    evidence.tables += [
        _score_table(prepared, scores),
        pixels.table(measured),
        _hash_table(prepared, cleaning, generated),
    ]
    evidence.cost = costs(runs)
    _draw(workspace, runs, prepared, scores, cleaning, evidence, generated)
    evidence.figures.append(pixels.reliability(workspace.evidence / "figures", workspace.source, shown, measured))
    return evidence


def _exact_findings(prepared: Prepared, generated: bool) -> list[Finding]:
    masks = prepared.masks
    shape = masks.shape[1:]
    round_trips = sum(np.array_equal(rle.decode(rle.encode(mask), shape), mask) for mask in masks)
    empty = np.zeros((1, *shape), bool)
    speck = empty.copy()
    speck[0, shape[0] // 2, shape[1] // 2] = True
    nothing = np.zeros_like(masks)
    of_nothing = paired_effect(dice(masks, nothing), prepared.subject, "dice", possible=SHARE)
    return [
        Finding(
            79,
            "Share of masks that the submission file's run lengths give back bit for bit",
            exact(round_trips / len(masks), len(masks), "share"),
            equals(1),
            note="Kaggle's form: column-major, 1-indexed",
        ),
        Finding(
            80, "Dice of an empty mask and an empty prediction", exact(dice(empty, empty)[0], unit="dice"), equals(1)
        ),
        Finding(
            80,
            "Dice of an empty mask and a prediction of one pixel",
            exact(dice(empty, speck)[0], unit="dice"),
            equals(0),
            published="“even a single pixel … kills the score” (S2)",
        ),
        Finding(
            81,
            "Mean dice of predicting nothing, all labelled frames",
            of_nothing,
            between(0.55, 0.65) if not generated else Expect(),
            kind="context" if generated else "claim",
            published="~.6 (S2); .51 on the leaderboard (Tyantov's slides)",
            note="equals the share of empty masks" + (", which was planted" if generated else ""),
        ),
    ]


def _duplicate_findings(prepared: Prepared, cleaning: Cleaning, generated: bool) -> list[Finding]:
    pairs = cleaning.found.pairs
    against = contradictory_pairs(pairs, prepared.nonempty)
    dropped = cleaning.dropped["both"]
    findings = [
        Finding(
            83,
            f"Share of near-duplicate pairs ({cleaning.hash}) with opposite labels",
            proportion(int(against.sum()), len(pairs), "share") if len(pairs) else NOTHING_COMPARED,
            above(0) if not generated else Expect(),
            kind="context" if generated else "claim",
            note="pairs are not independent, so the interval is too narrow" + ("; planted" if generated else ""),
            figures=("contradictions",),
        ),
    ]
    if generated:
        for name in ("strips", "blocks", "robust"):
            precision, recall = _found(cleaning, name, prepared)
            source = name == "strips"
            findings += [
                Finding(
                    84,
                    f"Precision of `{name}` at its threshold, against the planted duplicates",
                    precision,
                    above(0.9) if source else Expect(),
                    kind="claim" if source else "context",
                    variant={"strips": "code", "blocks": "text", "robust": "corrected"}[name],
                    defect=10 if source else None,
                    figures=("finders",),
                ),
                Finding(
                    84,
                    f"Recall of `{name}` at its threshold, against the planted duplicates",
                    recall,
                    above(0.5) if source else Expect(),
                    kind="claim" if source else "context",
                    variant={"strips": "code", "blocks": "text", "robust": "corrected"}[name],
                    note="“find all such near duplicates”: most of them is the least that can mean" if source else "",
                    figures=("finders",),
                ),
            ]
    else:
        counts = {name: len(found.pairs) for name, found in cleaning.hashes.items()}
        counts["uint8_slip"] = len(cleaning.uint8_slip)
        findings.append(
            Finding(
                84,
                f"Near-duplicate pairs that the source's hash finds at {cleaning.threshold:g}",
                exact(counts["strips"], len(prepared.subject), "pairs"),
                kind="context",  # nobody says which of them are: the slip's zeros "find" pairs too
                variant="code",
                defect=10,
                note=", ".join(f"{name}: {count}" for name, count in counts.items()),
                figures=("distances",),
            )
        )
    share = paired_effect(dropped.astype(float), prepared.subject, "share", possible=SHARE)
    if generated:
        truth = _planted_conflicts(prepared)
        findings += [
            Finding(
                85,
                "Share of frames dropped minus share planted with contradictory labels",
                paired_effect(dropped.astype(float) - truth, prepared.subject, "share"),
                between(-0.05, 0.05),
                note=f"planted {truth.mean():.3f}, dropped {dropped.mean():.3f}: does the rule report the true rate?",
            ),
        ]
    else:
        whole = len(prepared.subject) >= WHOLE_SET
        findings.append(
            Finding(
                85,
                "Share of frames that the rule drops",
                share,
                between(0.35, 0.45),
                published="~40 %: 5635 → 3398 (S2)",
                undecided="" if whole else "a part of the set: many frames lack their neighbours",
            )
        )
    return findings


def _found(cleaning: Cleaning, name: str, prepared: Prepared) -> tuple[Effect, Effect]:
    """Precision and recall of a hash at its own threshold, with Wilson intervals over pairs."""
    pairs, total = cleaning.hashes[name].pairs, _planted_pairs(prepared)
    hits, found = int(truth_pairs(pairs, prepared.duplicate_group).sum()), len(pairs)
    precision = proportion(hits, found, "precision") if found else Effect(float("nan"), 0.0, 1.0, 0, unit="precision")
    return precision, proportion(hits, total, "recall")


def _planted_pairs(prepared: Prepared) -> int:
    """How many pairs of frames of one subject are planted near-duplicates."""
    _, sizes = np.unique(prepared.duplicate_group, return_counts=True)
    return int((sizes * (sizes - 1) // 2).sum())


def _planted_conflicts(prepared: Prepared) -> np.ndarray:
    """(n,) 1 where some near-duplicate of the frame carries the opposite label."""
    _, group = np.unique(prepared.duplicate_group, return_inverse=True)
    filled = np.bincount(group, prepared.nonempty)
    sizes = np.bincount(group)
    return ((filled > 0) & (filled < sizes))[group].astype(float)


def _training_findings(prepared: Prepared, scores: dict[str, Scores], generated: bool) -> list[Finding]:
    raw = scores["raw"]
    subject = prepared.subject[raw.index]
    nothing = (~raw.present).astype(float)
    learnt = float(raw.dice[:, raw.present].mean()) if raw.present.any() else 0.0
    enough = len(raw.index) >= TEST_FRAMES and learnt >= LEARNT
    few = "" if enough else f"{len(raw.index)} test frames, baseline's dice where there is a nerve {learnt:.2f}"

    def against(name: str, base: str, measure: str = "dice") -> Effect:
        assert np.array_equal(scores[name].index, scores[base].index)
        gap = getattr(scores[name], measure) - getattr(scores[base], measure)
        return paired_effect(gap, subject, "dice", possible=SHARES_APART)

    findings = [
        Finding(
            82,
            "Mean test dice of the baseline U-Net minus that of predicting nothing",
            paired_effect(raw.dice - nothing, subject, "dice", possible=SHARES_APART),
            below(0),
            undecided=few,
            published="[.35, .45] against ~.6 (S2)",
            note=f"baseline {raw.dice.mean():.3f}, nothing {nothing.mean():.3f}",
            figures=("subjects", "curves"),
        ),
        Finding(
            86,
            "Mean test dice, trained on cleaned frames minus trained on all",
            against("cleaned", "raw"),
            above(0),
            undecided=few,
            published="~.55 against [.35, .45] (S2)",
            note="test frames are never cleaned; both networks are scored on the same ones",
            figures=("subjects",),
        ),
        Finding(
            87,
            "Mean test dice, with the has_mask head minus without, both on cleaned frames",
            against("cleaned_has_mask", "cleaned"),
            above(0),
            undecided=few,
            published=".68 on the leaderboard (source's README of November 2016)",
            figures=("subjects", "predictions"),
        ),
    ]
    if generated:
        findings.append(
            Finding(
                86,
                "The same difference, scored against the labels before any was flipped",
                against("cleaned", "raw", "true_dice"),
                kind="context",
                note="only generated data know the true labels",
            )
        )
    if "starter" in scores:
        effect = against("raw", "starter")
        findings.append(Finding(82, "Mean test dice, baseline minus the starter it grew from", effect, kind="context"))
    if "raw_by_image" in scores:
        leak = scores["raw_by_image"]
        effect = paired_effect(leak.dice, prepared.subject[leak.index], "dice", possible=SHARE)
        note = f"split by subject: {raw.dice.mean():.3f}; neighbouring frames of one sweep lie on both sides here"
        findings.append(
            Finding(79, "Mean test dice under the source's split by image", effect, kind="context", note=note)
        )
    return findings


def _metrics(scores: dict[str, Scores], measured: dict[str, dict[str, pixels.Calibration]]) -> dict[str, Metric]:
    metrics = {}
    for name, variant in scores.items():
        for label, values, better in (
            ("dice", variant.dice.mean(axis=1), "higher"),
            ("mean_iu", variant.mean_iu, "higher"),
            ("pixel_ece", measured[name]["pixels"].before["ECE"], "lower"),
        ):
            metrics[f"{label}.{name}"] = Metric.over_seeds(values, better)
    return metrics


def _score_table(prepared: Prepared, scores: dict[str, Scores]) -> Table:
    rows = []
    first = next(iter(scores.values()))
    nothing = paired_effect((~first.present).astype(float), prepared.subject[first.index], possible=SHARE)
    rows.append(("predict nothing", _with_interval(nothing), *("–",) * 6))
    for name, s in scores.items():
        effect = paired_effect(s.dice, prepared.subject[s.index], possible=SHARE)
        presence = [presence_scores(s.present, predicted) for predicted in s.predicted_present]
        precision, recall = (_mean_of_defined(values) for values in zip(*presence, strict=True))
        rows.append(
            (
                name,
                _with_interval(effect),
                f"{s.soft.mean():.3f}",
                f"{s.iou.mean():.3f}",
                f"{s.pixel_accuracy.mean():.4f}",
                f"{s.mean_iu.mean():.3f}",
                f"{precision} / {recall}",
                f"{len(s.index)}",
            )
        )
    columns = ("variant", "dice [95 %]", "soft dice", "IU", "pixel acc.", "mean IU", "nerve P / R", "n")
    groups = len(np.unique(prepared.subject[first.index]))
    caption = f"Test frames, mean over {len(first.dice)} seeds; intervals over {groups} test subjects and seeds."
    return Table("Scores", columns, tuple(rows), caption)


def _mean_of_defined(values: tuple[float, ...]) -> str:
    """Precision is undefined for a seed that never says yes; a dash where no seed ever does."""
    defined = [value for value in values if value == value]
    return f"{np.mean(defined):.2f}" if defined else "–"


def _with_interval(effect: Effect) -> str:
    return f"{effect.value:.3f} [{effect.low:.3f}, {effect.high:.3f}]"


def _hash_table(prepared: Prepared, cleaning: Cleaning, generated: bool) -> Table:
    rows = []
    for name in ("strips", "blocks", "robust"):
        hashed = cleaning.hashes[name]
        against = int(contradictory_pairs(hashed.pairs, prepared.nonempty).sum())
        cells = [name, hashed.numbers, f"{hashed.threshold:g}", len(hashed.pairs), against]
        if generated:
            precision, recall = _found(cleaning, name, prepared)
            cells += [f"{precision.value:.3f}", f"{recall.value:.3f}"]
        rows.append(tuple(cells))
    rows.append(
        (
            "uint8 slip",
            cleaning.hashes["strips"].numbers,
            f"{cleaning.threshold:g}",
            len(cleaning.uint8_slip),
            "–",
        )
    )
    rows[-1] += ("–", "–") if generated else ()
    columns = ("hash", "numbers", "threshold", "pairs", "contradictory") + (
        ("precision", "recall") if generated else ()
    )
    drops = ", ".join(f"{rule}: {int(cleaning.dropped[rule].sum())}" for rule in ("both", "origin"))
    caption = f"Pairs within a subject, {len(prepared.subject)} frames. Frames dropped by rule: {drops}."
    return Table("Near-duplicates", columns, tuple(rows), caption)


def _draw(
    workspace: Workspace,
    runs: dict[str, Run],
    prepared: Prepared,
    scores: dict[str, Scores],
    cleaning: Cleaning,
    evidence: Evidence,
    generated: bool,
) -> None:
    folder = workspace.evidence / "figures"
    evidence.figures += [
        draw.subjects(folder, prepared, scores),
        draw.curves(folder, list(runs.values())),
        draw.predictions(folder, prepared, scores["cleaned_has_mask"]),
        draw.distances(folder, prepared, cleaning.threshold),
    ]
    pairs, distances = cleaning.found.pairs, cleaning.found.distances
    bad = contradictory_pairs(pairs, prepared.nonempty)
    if bad.any():
        evidence.figures.append(draw.contradictions(folder, prepared, pairs[bad], distances[bad]))
    else:
        evidence.findings = [_without(finding, "contradictions") for finding in evidence.findings]
    if generated:
        curves = {}
        for name, found in cleaning.hashes.items():
            hit = truth_pairs(found.wide_pairs, prepared.duplicate_group)
            curve = precision_recall(found.wide_distances, hit, _planted_pairs(prepared))
            curves[name] = (*curve, found.threshold)
        evidence.figures.append(draw.finders(folder, curves))


def _without(finding: Finding, figure: str) -> Finding:
    from dataclasses import replace

    return replace(finding, figures=tuple(name for name in finding.figures if name != figure))

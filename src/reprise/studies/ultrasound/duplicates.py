"""Claims 83-85: near-duplicate frames with opposite labels, what finds them, and what the cleaning rule drops.

Generated frames come with the truth, so the finders are scored against it; of real ones only the pairs are counted.
"""

from __future__ import annotations

import numpy as np

from reprise.claims.evidence import Expect, Finding, Table, above, between
from reprise.data.duplicates import contradictory_pairs, precision_recall, strip_histograms, truth_pairs
from reprise.data.ultrasound import Prepared, whole_blocks
from reprise.statistics import SHARE, Effect, exact, paired_effect, proportion
from reprise.studies.ultrasound.cleaning import Cleaning
from reprise.studies.ultrasound.published import TRAINING_SET

WHOLE_SET = 5_000  # frames; of a part, fewer frames have their near-duplicate with them
FORMS = {"strips": "code", "blocks": "text", "robust": "corrected"}  # what of the source each hash follows
Curve = tuple[np.ndarray, np.ndarray, np.ndarray, float]  # thresholds, precision, recall, and the hash's own threshold


def duplicate_findings(prepared: Prepared, cleaning: Cleaning, generated: bool) -> list[Finding]:
    """All of claims 83-85."""
    findings = [_opposite_labels(prepared, cleaning, generated)]
    if generated:
        return [*findings, *_finders(prepared, cleaning), _dropped_and_planted(prepared, cleaning)]
    return [*findings, _found_in_real_frames(prepared, cleaning), _dropped(prepared, cleaning)]


def contradictions(prepared: Prepared, cleaning: Cleaning) -> tuple[np.ndarray, np.ndarray]:
    """(k, 2) near-duplicate pairs with opposite labels, by the hash that cleaned, and (k,) their distances."""
    pairs, distances = cleaning.found.pairs, cleaning.found.distances
    against = contradictory_pairs(pairs, prepared.nonempty)
    return pairs[against], distances[against]


def _opposite_labels(prepared: Prepared, cleaning: Cleaning, generated: bool) -> Finding:
    pairs, against = len(cleaning.found.pairs), len(contradictions(prepared, cleaning)[0])
    return Finding(
        83,
        f"Share of near-duplicate pairs ({cleaning.hash}) with opposite labels",
        _share(against, pairs, "share"),
        above(0) if not generated else Expect(),
        kind="context" if generated else "claim",
        note="pairs are not independent, so the interval is too narrow" + ("; planted" if generated else ""),
        figures=("contradictions",) if against else (),
    )


def _finders(prepared: Prepared, cleaning: Cleaning) -> list[Finding]:
    findings = []
    for name, form in FORMS.items():
        precision, recall = scored(prepared, cleaning, name)
        claimed = name == "strips"
        findings += [
            Finding(
                84,
                f"Precision of `{name}` at its threshold, against the planted duplicates",
                precision,
                above(0.9) if claimed else Expect(),
                kind="claim" if claimed else "context",
                variant=form,
                defect=10 if claimed else None,
                figures=("finders",),
            ),
            Finding(
                84,
                f"Recall of `{name}` at its threshold, against the planted duplicates",
                recall,
                above(0.5) if claimed else Expect(),
                kind="claim" if claimed else "context",
                variant=form,
                note="“find all such near duplicates”: most of them is the least that can mean" if claimed else "",
                figures=("finders",),
            ),
        ]
    return findings


def _found_in_real_frames(prepared: Prepared, cleaning: Cleaning) -> Finding:
    counts = {name: len(found.pairs) for name, found in cleaning.hashes.items()}
    counts["uint8_slip"] = len(cleaning.uint8_slip)
    return Finding(
        84,
        f"Near-duplicate pairs that the source's hash finds at {cleaning.threshold:g}",
        exact(counts["strips"], len(prepared.subject), "pairs"),
        kind="context",  # nobody says which of them are: the slip's zeros "find" pairs too
        variant="code",
        defect=10,
        note=", ".join(f"{name}: {count}" for name, count in counts.items()),
        figures=("distances",),
    )


def _dropped_and_planted(prepared: Prepared, cleaning: Cleaning) -> Finding:
    dropped, truth = cleaning.dropped["both"].astype(float), planted_conflicts(prepared)
    return Finding(
        85,
        "Share of frames dropped minus share planted with contradictory labels",
        paired_effect(dropped - truth, prepared.subject, "share"),
        between(-0.05, 0.05),
        note=f"planted {truth.mean():.3f}, dropped {dropped.mean():.3f}: does the rule report the true rate?",
    )


def _dropped(prepared: Prepared, cleaning: Cleaning) -> Finding:
    dropped, (frames, kept) = cleaning.dropped["both"].astype(float), (TRAINING_SET["frames"], TRAINING_SET["kept"])
    return Finding(
        85,
        "Share of frames that the rule drops",
        paired_effect(dropped, prepared.subject, "share", possible=SHARE),
        between(0.35, 0.45),
        published=f"~{100 * (1 - kept / frames):.0f} %: {frames} → {kept} (S2)",
        undecided="" if len(dropped) >= WHOLE_SET else "a part of the set: many frames lack their neighbours",
    )


def scored(prepared: Prepared, cleaning: Cleaning, name: str) -> tuple[Effect, Effect]:
    """Precision and recall of a hash at its own threshold, with Wilson intervals over pairs."""
    pairs, total = cleaning.hashes[name].pairs, planted_pairs(prepared)
    hits = int(truth_pairs(pairs, prepared.duplicate_group).sum())
    return _share(hits, len(pairs), "precision"), proportion(hits, total, "recall")


def _share(part: int, whole: int, unit: str) -> Effect:
    """A proportion; of nothing it is undefined, so that there is no verdict either."""
    return proportion(part, whole, unit) if whole else Effect(float("nan"), 0.0, 1.0, 0, unit=unit)


def planted_pairs(prepared: Prepared) -> int:
    """How many pairs of frames of one subject are planted near-duplicates."""
    _, sizes = np.unique(prepared.duplicate_group, return_counts=True)
    return int((sizes * (sizes - 1) // 2).sum())


def planted_conflicts(prepared: Prepared) -> np.ndarray:
    """(n,) 1 where some near-duplicate of the frame carries the opposite label."""
    _, group = np.unique(prepared.duplicate_group, return_inverse=True)
    filled = np.bincount(group, prepared.nonempty)
    sizes = np.bincount(group)
    return ((filled > 0) & (filled < sizes))[group].astype(float)


def finder_curves(prepared: Prepared, cleaning: Cleaning) -> dict[str, Curve]:
    """By hash, precision and recall of the planted pairs as the threshold moves."""
    curves = {}
    for name, found in cleaning.hashes.items():
        hit = truth_pairs(found.wide_pairs, prepared.duplicate_group)
        curve = precision_recall(found.wide_distances, hit, planted_pairs(prepared))
        curves[name] = (*curve, found.threshold)
    return curves


def distance_matrix(prepared: Prepared) -> tuple[int, np.ndarray]:
    """The subject that has most frames, and the cosine distances of the source's hash between all of them, in order."""
    who, counts = np.unique(prepared.subject, return_counts=True)
    subject = who[np.argmax(counts)]
    index = np.flatnonzero(prepared.subject == subject)
    index = index[np.argsort(prepared.frame[index], kind="stable")]
    features = strip_histograms(whole_blocks(prepared.frames[index])).astype(np.float64)
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    return int(subject), 1 - features @ features.T


def hash_table(prepared: Prepared, cleaning: Cleaning, generated: bool) -> Table:
    """A row a hash, and one for the source's code on frames that nobody scaled to [0, 1]."""
    rows = []
    for name in FORMS:
        hashed = cleaning.hashes[name]
        against = int(contradictory_pairs(hashed.pairs, prepared.nonempty).sum())
        cells = [name, hashed.numbers, f"{hashed.threshold:g}", len(hashed.pairs), against]
        if generated:
            cells += [f"{effect.value:.3f}" for effect in scored(prepared, cleaning, name)]
        rows.append(tuple(cells))
    slip = ("uint8 slip", cleaning.hashes["strips"].numbers, f"{cleaning.threshold:g}", len(cleaning.uint8_slip), "–")
    rows.append(slip + (("–", "–") if generated else ()))
    measured = ("precision", "recall") if generated else ()
    drops = ", ".join(f"{rule}: {int(cleaning.dropped[rule].sum())}" for rule in ("both", "origin"))
    caption = f"Pairs within a subject, {len(prepared.subject)} frames. Frames dropped by rule: {drops}."
    columns = ("hash", "numbers", "threshold", "pairs", "contradictory", *measured)
    return Table("Near-duplicates", columns, tuple(rows), caption)

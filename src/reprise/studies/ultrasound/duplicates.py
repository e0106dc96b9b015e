"""Claims 83-85: near-duplicate frames with opposite labels, what finds them, and what the cleaning rule drops.

Generated frames come with the truth, so the finders are scored against it; of real ones nobody knows which pairs are
near-duplicates. A frame that was moved by a few pixels is one of itself, and another subject's frame is none.
"""

from __future__ import annotations

import numpy as np

from reprise.claims.declarations import Declarations
from reprise.claims.evidence import Finding, Table, equals, primary
from reprise.data.duplicates import contradictory_pairs, precision_recall, strip_histograms, truth_pairs
from reprise.data.ultrasound import Prepared, whole_blocks
from reprise.statistics import SHARES_APART, Effect, exact, paired_effect, ratio_of_groups
from reprise.studies.ultrasound import effects
from reprise.studies.ultrasound.cleaning import Cleaning
from reprise.studies.ultrasound.published import TRAINING_SET

FORMS = {"strips": "code", "blocks": "text", "robust": "corrected"}  # what of the source each hash follows
MOVED, NOISE = 3, 1.5  # pixels either way and grey levels: a shifted frame of our generator has the same
MOVED_FRAMES = 600  # at most so many, evenly from all
Curve = tuple[np.ndarray, np.ndarray, np.ndarray, float]  # thresholds, precision, recall, and the hash's own threshold


def duplicate_findings(
    declared: Declarations, prepared: Prepared, cleaning: Cleaning, generated: bool
) -> list[Finding]:
    """All of claims 83-85."""
    found, counts = cleaning.hashes, {name: len(each.pairs) for name, each in cleaning.hashes.items()}
    counts["uint8_slip"] = len(cleaning.uint8_slip)
    told = effects.over_subjects(told_apart(prepared, cleaning), prepared.subject[_some(prepared)], "share")
    return [
        *_opposite_labels(declared, prepared, cleaning, generated),
        Finding(
            84,
            "How often the source's hash pairs a frame with itself moved by up to three pixels, and not with a frame "
            "of another subject; mean over subjects",
            told,
            variant="code",
            note="pairs: " + ", ".join(f"{name} {count}" for name, count in counts.items()),
            figures=("distances",),
        ),
        Finding(
            84,
            "Numbers in the code's hash of a frame",
            exact(found["strips"].numbers, len(prepared.subject)),
            equals(found["blocks"].numbers),
            kind="slip",
            variant="code",
            defect=10,
            note="the text's blocks would give the number that is expected here",
        ),
        *(_finders(prepared, cleaning) if generated else []),
        *_dropped(declared, prepared, cleaning, generated),
    ]


def contradictions(prepared: Prepared, cleaning: Cleaning) -> tuple[np.ndarray, np.ndarray]:
    """(k, 2) near-duplicate pairs with opposite labels, by the hash that cleaned, and (k,) their distances."""
    pairs, distances = cleaning.found.pairs, cleaning.found.distances
    against = contradictory_pairs(pairs, prepared.nonempty)
    return pairs[against], distances[against]


def _opposite_labels(declared: Declarations, prepared: Prepared, cleaning: Cleaning, generated: bool) -> list[Finding]:
    """Pairs that two unlike descriptions of a frame both call near-duplicates; the share among those of the one."""
    by_both = {tuple(pair) for pair in cleaning.hashes["strips"].pairs.tolist()}
    by_both &= {tuple(pair) for pair in cleaning.hashes["robust"].pairs.tolist()}
    pairs = np.array(sorted(by_both), int).reshape(-1, 2)
    against = contradictory_pairs(pairs, prepared.nonempty)
    who, everyone = (len(np.unique(prepared.subject[index])) for index in (pairs[against, 0], slice(None)))
    found, subject = cleaning.found.pairs, prepared.subject[cleaning.found.pairs[:, 0]]
    shown = ("contradictions",) if len(contradictions(prepared, cleaning)[0]) else ()
    return [
        primary(
            declared[83],
            exact(int(against.sum()), len(pairs), "pairs"),
            undecided="" if against.any() else effects.part_of_the_set(len(prepared.subject)),
            note=f"of {len(pairs)} pairs; from {who} of {everyone} subjects" + ("; planted" if generated else ""),
            figures=shown,
        ),
        Finding(
            83,
            f"Share of near-duplicate pairs ({cleaning.hash}) with opposite labels",
            _ratio(contradictory_pairs(found, prepared.nonempty), np.ones(len(found)), subject, "share"),
            note="over subjects" + ("; planted" if generated else ""),
            figures=shown,
        ),
    ]


def _finders(prepared: Prepared, cleaning: Cleaning) -> list[Finding]:
    findings = []
    for name, form in FORMS.items():
        for measure, effect in zip(("Precision", "Recall"), scored(prepared, cleaning, name), strict=True):
            words = f"{measure} of `{name}` at its threshold, against the planted duplicates"
            findings.append(Finding(84, words, effect, variant=form, figures=("finders",)))
    return findings


def told_apart(prepared: Prepared, cleaning: Cleaning) -> np.ndarray:
    """(k,) of some frames: how often the source's hash is right about two frames at once.

    One is the frame itself, moved by a few pixels and with other noise, the other a frame of another subject.
    """
    index, rng = _some(prepared), np.random.default_rng(0)
    frames = prepared.frames[index]
    copies, (height, width) = np.empty_like(frames), frames.shape[1:]
    for frame, copy in zip(frames, copies, strict=True):
        (top, left), around = rng.integers(0, 2 * MOVED + 1, 2), np.pad(frame, MOVED, mode="reflect")
        noise = rng.normal(0, NOISE, frame.shape)
        copy[...] = np.clip(around[top : top + height, left : left + width] + noise + 0.5, 0, 255)
    own, other = (_unit_hashes(each) for each in (frames, copies))
    near = 1 - own @ own.T < cleaning.threshold
    apart = prepared.subject[index][:, None] != prepared.subject[index][None, :]
    again = 1 - (own * other).sum(axis=1) < cleaning.threshold
    return again * (~near & apart).sum(axis=1) / apart.sum(axis=1)


def _some(prepared: Prepared) -> np.ndarray:
    count = len(prepared.subject)
    return np.linspace(0, count - 1, min(count, MOVED_FRAMES)).astype(int)


def _unit_hashes(frames: np.ndarray) -> np.ndarray:
    """(n, numbers) float64 of length 1: the source's hash, of which the product is the cosine."""
    features = strip_histograms(whole_blocks(frames)).astype(np.float64)
    return features / np.linalg.norm(features, axis=1, keepdims=True)


def _dropped(declared: Declarations, prepared: Prepared, cleaning: Cleaning, generated: bool) -> list[Finding]:
    dropped, (frames, kept) = cleaning.dropped["both"].astype(float), (TRAINING_SET["frames"], TRAINING_SET["kept"])
    findings = [
        primary(
            declared[85],
            effects.of_the_set(dropped, prepared.subject, "share"),
            published=f"~{100 * (1 - kept / frames):.0f} %: {frames} → {kept} (S2)",
            undecided=effects.part_of_the_set(len(dropped)),
            defect=10,
        ),
        Finding(
            85,
            "Share that the source's own two numbers of frames leave out",
            exact(1 - kept / frames, frames, "share"),
            declared[85].expect,
            kind="secondary",
            note="“~40%”",
        ),
    ]
    if generated:
        truth = planted_conflicts(prepared)
        effect = paired_effect(dropped - truth, prepared.subject, "share", possible=SHARES_APART)
        words = "Share of frames dropped minus share planted with contradictory labels"
        note = f"planted {truth.mean():.3f}, dropped {dropped.mean():.3f}: does the rule report the true rate?"
        findings.append(Finding(85, words, effect, note=note))
    return findings


def scored(prepared: Prepared, cleaning: Cleaning, name: str) -> tuple[Effect, Effect]:
    """Precision and recall of a hash at its own threshold, with intervals over subjects, whose pairs hang together."""
    pairs, subject = cleaning.hashes[name].pairs, prepared.subject
    who = np.unique(subject)
    hits = truth_pairs(pairs, prepared.duplicate_group)

    def of_each(frames: np.ndarray) -> np.ndarray:
        return np.bincount(np.searchsorted(who, subject[frames]), minlength=len(who))

    right, found = of_each(pairs[hits, 0]), of_each(pairs[:, 0])
    planted = np.array([planted_pairs(prepared.duplicate_group[subject == each]) for each in who])
    return _ratio(right, found, who, "precision"), _ratio(right, planted, who, "recall")


def _ratio(part: np.ndarray, whole: np.ndarray, groups: np.ndarray, unit: str) -> Effect:
    """A share over groups; of nothing it is undefined."""
    return ratio_of_groups(part, whole, groups, unit) if whole.sum() else Effect(float("nan"), 0.0, 1.0, 0, unit=unit)


def planted_pairs(duplicate_group: np.ndarray) -> int:
    """How many pairs of frames are planted near-duplicates."""
    _, sizes = np.unique(duplicate_group, return_counts=True)
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
        curve = precision_recall(found.wide_distances, hit, planted_pairs(prepared.duplicate_group))
        curves[name] = (*curve, found.threshold)
    return curves


def distance_matrix(prepared: Prepared) -> tuple[int, np.ndarray]:
    """The subject that has most frames, and the cosine distances of the source's hash between all of them, in order."""
    who, counts = np.unique(prepared.subject, return_counts=True)
    subject = who[np.argmax(counts)]
    index = np.flatnonzero(prepared.subject == subject)
    index = index[np.argsort(prepared.frame[index], kind="stable")]
    features = _unit_hashes(prepared.frames[index])
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

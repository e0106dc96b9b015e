"""Claims 82, 86 and 87: what networks score on test subjects, with and without cleaned labels and a second head."""

from __future__ import annotations

from reprise.claims.evidence import Finding, above, below
from reprise.data.ultrasound import Prepared
from reprise.statistics import SHARE, SHARES_APART, Effect, paired_effect
from reprise.studies.ultrasound.published import CLEANED, DICE, NOTHING, RAW, written
from reprise.studies.ultrasound.scores import Scores

COMPARED = ("raw", "cleaned", "cleaned_has_mask", "starter")  # frame by frame, so all are tested on the same ones
TEST_FRAMES = 50  # with fewer, what trained networks score on them says nothing about the data set
LEARNT = 0.3  # mean dice on frames that show a nerve; a baseline below it was not trained long enough to compare


def comparison_findings(prepared: Prepared, scores: dict[str, Scores], generated: bool) -> list[Finding]:
    """All of claims 82, 86 and 87, and for claim 79 what the source's split by image hides."""
    raw = scores["raw"]
    subject = prepared.subject[raw.index]
    few = undecided(raw)

    def against(name: str, base: str, measure: str = "dice") -> Effect:
        gap = getattr(scores[name], measure) - getattr(scores[base], measure)
        return paired_effect(gap, subject, "dice", possible=SHARES_APART)

    nothing = (~raw.present).astype(float)
    findings = [
        Finding(
            82,
            "Mean test dice of the baseline U-Net minus that of predicting nothing",
            paired_effect(raw.dice - nothing, subject, "dice", possible=SHARES_APART),
            below(0),
            undecided=few,
            published=f"{RAW} against {NOTHING} (S2)",
            note=f"baseline {raw.dice.mean():.3f}, nothing {nothing.mean():.3f}",
            figures=("subjects", "curves"),
        ),
        Finding(
            86,
            "Mean test dice, trained on cleaned frames minus trained on all",
            against("cleaned", "raw"),
            above(0),
            undecided=few,
            published=f"{CLEANED} against {RAW} (S2)",
            note="test frames are never cleaned; both networks are scored on the same ones",
            figures=("subjects",),
        ),
        Finding(
            87,
            "Mean test dice, with the has_mask head minus without, both on cleaned frames",
            against("cleaned_has_mask", "cleaned"),
            above(0),
            undecided=few,
            published=f"{written(DICE['cleaned_has_mask']['leaderboard'])} on the leaderboard "
            "(source's README of November 2016)",
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


def undecided(raw: Scores) -> str:
    """Why networks may not be compared: too few test frames, or a baseline that has not learnt; else empty."""
    learnt = float(raw.dice[:, raw.present].mean()) if raw.present.any() else 0.0
    if len(raw.index) >= TEST_FRAMES and learnt >= LEARNT:
        return ""
    return f"{len(raw.index)} test frames, baseline's dice where there is a nerve {learnt:.2f}"

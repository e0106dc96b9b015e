"""Claims 82, 86 and 87: what networks score on test subjects, with and without cleaned labels and a second head."""

from __future__ import annotations

from reprise.claims.declarations import Declarations
from reprise.claims.evidence import Finding, between, primary
from reprise.statistics import SHARE, SHARES_APART, Effect
from reprise.studies.ultrasound.published import CLEANED, DICE, NOTHING, RAW, written
from reprise.studies.ultrasound.scores import Scores

TEST_SUBJECTS = 10  # over all seeds; what networks score on fewer says nothing about the data set
LEARNT = 0.5  # dice on training frames; a baseline that ends below it was not trained long enough to compare


def comparison_findings(
    declared: Declarations, scores: dict[str, Scores], generated: bool, trained: float
) -> list[Finding]:
    """All of claims 82, 86 and 87; ``trained`` is the dice on training frames with which the baseline ended."""
    raw, cleaned, head = scores["raw"], scores["cleaned"], scores["cleaned_has_mask"]
    few = undecided(raw, trained)

    def against(claim: int, one: Scores, base: Scores, measure: str = "dice") -> Effect:
        rows = min(len(one.dice), len(base.dice))  # the seeds that both have come first
        gap = getattr(one, measure)[:rows] - getattr(base, measure)[:rows]
        return one.effect(gap, possible=SHARES_APART, level=declared[claim].level(min(one.seeds, base.seeds)))

    nothing = (~raw.present).astype(float)
    findings = [
        primary(
            declared[82],
            raw.effect(raw.dice - nothing, possible=SHARES_APART, level=declared[82].level(raw.seeds)),
            undecided=few,
            published=f"{RAW} against {NOTHING} (S2)",
            note=f"baseline {raw.dice.mean():.3f}, nothing {nothing.mean():.3f}",
            figures=("subjects", "curves"),
        ),
        Finding(
            82,
            "Mean test dice of the baseline U-Net",
            raw.effect(raw.dice, possible=SHARE),
            between(DICE["raw"]["low"], DICE["raw"]["high"]),
            kind="secondary",
            undecided=few,
            published=f"{RAW} (S2)",
        ),
        primary(
            declared[86],
            against(86, cleaned, raw),
            undecided=few,
            published=f"{CLEANED} against {RAW} (S2)",
            note="test frames are never cleaned; both networks took as many steps and are scored on the same frames",
            figures=("subjects",),
        ),
        Finding(
            87,
            "Mean test dice, with the has_mask head and its zeroed masks minus without, both on cleaned frames",
            against(87, head, cleaned),
            published=f"{written(DICE['cleaned_has_mask']['leaderboard'])} on the leaderboard "
            "(source's README of November 2016)",
            figures=("subjects", "predictions"),
        ),
        Finding(
            87,
            "Mean test dice of one and the same networks, masks zeroed where the head says no, minus as they are",
            head.effect(head.dice - head.loud_dice, possible=SHARES_APART),
        ),
    ]
    if generated:
        effect = against(86, cleaned, raw, "true_dice")
        words = "The same difference, scored against the labels before any was flipped"
        findings.append(Finding(86, words, effect, note="only generated data know the true labels"))
    return findings


def undecided(raw: Scores, trained: float) -> str:
    """Why networks may not be compared: too few test subjects, or a baseline that has not learnt; else empty."""
    subjects = len(set(raw.subject.tolist()))
    if subjects >= TEST_SUBJECTS and trained >= LEARNT:
        return ""
    return f"{subjects} test subjects, baseline's dice on training frames {trained:.2f}"

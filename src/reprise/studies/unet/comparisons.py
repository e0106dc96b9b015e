"""Claims 26, 28 and 166: what the border weights and the augmentation do, and what a map of classes cannot."""

from __future__ import annotations

import numpy as np

from reprise.claims.declarations import Declarations
from reprise.claims.evidence import Finding, Table, joined, primary
from reprise.metrics.membranes import pixel_error, rand_error, warping_error
from reprise.statistics import SHARE, SHARES_APART, paired_effect
from reprise.studies.unet.scores import Questions, Scored
from reprise.studies.unet.settings import CHANGES

SAID = {"turned": "turned", "moved": "moved", "bent": "bent", "grey": "changed in grey"}
LEAST = 0.1  # share of neighbours that one of two networks must keep apart, so that there is something to compare
ABLE = 0.5  # share of merged neighbours that a network trained to separate must keep apart, so that it can be done


def comparison_findings(declared: Declarations, scored: dict[str, Scored]) -> list[Finding]:
    """What trained networks say of claims 26, 27, 28 and 166."""
    base, plain, semantic = scored["base"], scored["no_weights"], scored["semantic"]
    bare = scored["no_augmentation"]
    questions = base.questions

    def minus(one: Scored, other: Scored, measure: str) -> np.ndarray:
        rows = min(one.seeds, other.seeds)  # the seeds that both have come first
        return getattr(one, measure)[:rows] - getattr(other, measure)[:rows]

    def means(measure: str, *of: Scored) -> str:
        return ", ".join(f"{each.name} {getattr(each, measure).mean():.3f}" for each in of)

    separated = minus(base, plain, "apart")
    robust = minus(base, bare, "mean_iu")
    return [
        primary(
            declared[26],
            paired_effect(separated, questions.groups, "", SHARES_APART, declared[26].level(len(separated))),
            undecided=joined(base.unlearned, plain.unlearned, _floored(base, plain)),
            note=means("apart", base, plain),
            figures=("touching", "apart"),
        ),
        Finding(
            26,
            "Mean IU of test pictures as they are, with the border weights minus without",
            paired_effect(robust_rows(base, plain), None, "", SHARES_APART),
            note="weights at borders may cost pixels elsewhere",
        ),
        *(
            [
                Finding(
                    27,
                    "Mean IU of test pictures, momentum 0.99 minus 0.9 at ten times the rate",
                    paired_effect(robust_rows(base, scored["momentum_9"]), None, "", SHARES_APART),
                    note="S1 does not say that it is better",
                    figures=("curves",),
                )
            ]
            if "momentum_9" in scored
            else []
        ),
        *(
            primary(
                declared[28],
                paired_effect(
                    robust[:, questions.kinds == kind],
                    None,
                    "",
                    SHARES_APART,
                    declared[28].level(len(robust)),
                    together=len(CHANGES),
                ),
                of=SAID[kind],
                undecided=joined(base.unlearned, bare.unlearned),
                figures=("changes",),
            )
            for kind in CHANGES
            if (questions.kinds == kind).any()
        ),
        Finding(
            28,
            "The same on test pictures as they are",
            paired_effect(robust[:, questions.plain], questions.picture[questions.plain], "", SHARES_APART),
        ),
        _merged(declared, semantic, base),
    ]


def _floored(one: Scored, other: Scored) -> str:
    """Why two networks that keep nothing apart are not compared; empty where one does."""
    most = max(float(each.apart.mean()) for each in (one, other))
    if most >= LEAST:
        return ""
    return f"{one.name} and {other.name} keep no more than {most:.3f} of neighbours apart, less than {LEAST:g}"


def _merged(declared: Declarations, semantic: Scored, base: Scored) -> Finding:
    """Claim 166: of neighbours that a faultless map of classes merges; base is to show that they can be told apart."""
    questions = semantic.questions
    asked = questions.merged
    if not asked.any():
        words = (
            "Share of neighbouring cells, none of them connected, that a network trained on classes alone keeps apart"
        )
        return Finding(
            166, words, paired_effect(semantic.apart, questions.groups, "", SHARE), note=not_asked(questions)
        )
    able = float(base.apart[:, asked].mean())
    why = "" if able >= ABLE else f"base, trained to separate, keeps {able:.3f} of them apart, less than {ABLE:g}"
    level = declared[166].level(semantic.seeds)
    return primary(
        declared[166],
        paired_effect(semantic.apart[:, asked], questions.groups[asked], "", SHARE, level),
        undecided=joined(semantic.unlearned, why),
        note=f"{questions.merged.sum()} of {len(asked)} pairs of neighbours are merged by a faultless map of classes; "
        f"base keeps {able:.3f} of those apart, with gaps and border weights",
        figures=("touching",),
    )


def not_asked(questions: Questions) -> str:
    """Why claim 166 cannot be asked of pictures in which nothing is connected; empty where something is."""
    if questions.merged.any():
        return ""
    return (
        f"a faultless map of classes keeps all {len(questions.merged)} pairs of neighbours apart: nothing is connected"
    )


def robust_rows(one: Scored, other: Scored) -> np.ndarray:
    """(seeds, plain pictures) difference of mean IU."""
    rows = min(one.seeds, other.seeds)
    return (one.mean_iu[:rows] - other.mean_iu[:rows])[:, one.questions.plain]


def score_table(scored: dict[str, Scored], parameters: dict[str, int]) -> Table:
    """Every network's scores on plain test pictures, means over seeds."""
    rows = []
    for name, each in scored.items():
        truth = each.questions.cells[each.questions.plain] > 0
        said = each.inside[:, each.questions.plain]
        errors = [
            np.mean([[error(one, other) for one, other in zip(truth, masks, strict=True)] for masks in said])
            for error in (rand_error, warping_error, pixel_error)
        ]
        plain = each.mean_iu[:, each.questions.plain].mean()
        changed = each.mean_iu[:, ~each.questions.plain]
        rows.append(
            (
                name,
                f"{each.apart.mean():.3f}",
                f"{each.instance_iou.mean():.3f}",
                f"{plain:.3f}",
                f"{changed.mean():.3f}" if changed.size else "–",
                *(f"{error:.4f}" for error in errors),
                f"{parameters[name]:,}",
                each.seeds,
            )
        )
    columns = (
        "network",
        "kept apart",
        "instance IoU",
        "mean IU",
        "changed",
        "Rand",
        "warping",
        "pixel",
        "parameters",
        "seeds",
    )
    caption = (
        "Means over seeds. Published on the challenge's own test set: warping 0.000353, Rand 0.0382, pixel 0.0611; "
    )
    caption += "those are the smallest over thresholds, here it is one half, and the truth is of the training volume."
    return Table("Test scores", columns, tuple(rows), caption)

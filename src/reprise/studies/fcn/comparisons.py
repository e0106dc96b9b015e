"""Claims 170-172 and 174: trained networks whose last scores lie 32, 16 and 8 pixels apart, compared."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from reprise.claims.declarations import Declarations
from reprise.claims.evidence import Expect, Finding, Table, above, joined, primary
from reprise.metrics.segmentation import confusion_scores
from reprise.published import read_published
from reprise.statistics import SHARE, seeds_effect
from reprise.studies.fcn.scores import FOUR, Measure, Scored, apart, boundary, commonest_class, jackknife, mean_iu

PUBLISHED = read_published(Path(__file__).with_name("published.csv"))
TABLE = PUBLISHED.rows("scores")
PLACE = "Long, Shelhamer and Darrell 2015, VOC 2011"


def comparison_findings(declared: Declarations, scored: dict[str, Scored]) -> list[Finding]:
    """What trained networks say of claims 169, 171, 172 and 174."""

    longer = _gains_by_training(scored["32s_longer"], scored["32s"])

    def decides(claim: int, one: str, other: str, measure: Measure, together: int = 1, of: str = "") -> Finding:
        pair = scored[one], scored[other]
        level = declared[claim].level(min(each.seeds for each in pair))
        levels = ", ".join(f"{each.name} {each.values(measure).mean():.3f}" for each in pair)
        return primary(
            declared[claim],
            apart(*pair, measure, level, together),
            of=of,
            undecided=joined(*(each.unlearned for each in pair), longer if one == "8s" and other == "16s" else ""),
            published=_published(one, other) if measure is mean_iu else "",
            note=levels,
            figures=("scores", "detail"),
        )

    return [
        decides(171, "16s", "32s_longer", mean_iu),
        decides(172, "8s", "16s", mean_iu, 2, "FCN-16s"),
        decides(172, "8s", "32s_longer", mean_iu, 2, "FCN-32s trained as long"),
        decides(174, "16s", "32s_longer", boundary, 2, "FCN-16s minus FCN-32s trained as long"),
        decides(174, "8s", "16s", boundary, 2, "FCN-8s minus FCN-16s"),
        *_beside(scored),
    ]


def _gains_by_training(longer: Scored, first: Scored) -> str:
    """Why a stage may not be compared with the one that it goes on from; empty where training on gains nothing."""
    for measure, words in ((mean_iu, "mean IU"), (boundary, "boundary IU")):
        gain = apart(longer, first, measure)
        if gain.low > 0:
            return f"FCN-32s gains {gain.value:.3f} in {words} by training on alone, as a further stage does"
    return ""


def _beside(scored: dict[str, Scored]) -> list[Finding]:
    """What decides nothing: learned filters, training at once, and as much more training without a finer stride."""
    asked = (
        (
            169,
            "8s_learned",
            "8s",
            mean_iu,
            "Mean IU of trained networks, up-sampling filters learned minus fixed",
            Expect(),
        ),
        (171, "16s", "32s", mean_iu, "Mean IU, FCN-16s minus FCN-32s, from which it goes on", Expect()),
        (171, "32s_longer", "32s", mean_iu, "Mean IU, FCN-32s trained as long as all stages minus as one", Expect()),
        (172, "8s", "8s_at_once", mean_iu, "Mean IU, FCN-8s in stages minus trained at once for as long", Expect()),
        (174, "8s", "32s_longer", boundary, "Boundary IU, FCN-8s minus FCN-32s trained as long in all", above(0)),
    )
    return [
        Finding(
            claim,
            words,
            apart(scored[one], scored[other], measure),
            expect,
            kind="context" if expect == Expect() else "secondary",
            note=f"{one} {scored[one].values(measure).mean():.3f}, {other} {scored[other].values(measure).mean():.3f}",
            undecided="" if expect == Expect() else joined(scored[one].unlearned, scored[other].unlearned),
        )
        for claim, one, other, measure, words, expect in asked
        if one in scored and other in scored
    ]


def majority_finding(scored: Scored) -> Finding:
    """Claim 121: mean IU of a trained network beside that of the commonest class."""
    commonest = mean_iu(commonest_class(scored.confusion[0].sum(axis=(0, 2))))
    error = jackknife(scored.left_out(mean_iu))
    return Finding(
        121,
        f"Mean IU of `{scored.name}`, trained with the cross-entropy over every pixel",
        seeds_effect(scored.values(mean_iu), "", SHARE, examples_error=error),
        note=f"the commonest class everywhere has {commonest:.3f}",
        figures=("scores",),
    )


def score_table(scored: dict[str, Scored], parameters: dict[str, int]) -> Table:
    """The four scores, boundary IU and the published rows."""
    rows = []
    for name, each in scored.items():
        four = np.array(
            [
                [getattr(confusion_scores(each.counts(seed).confusion), score) for score in FOUR]
                for seed in range(each.seeds)
            ]
        )
        cells = [
            f"{100 * mean:.1f} ± {100 * spread:.1f}"
            for mean, spread in zip(four.mean(0), four.std(0, ddof=min(1, each.seeds - 1)), strict=True)
        ]
        rows.append((name, *cells, f"{100 * each.values(boundary).mean():.1f}", f"{parameters[name]:,}", each.seeds))
    for name, row in TABLE.items():
        rows.append((f"published: {name}", *(f"{row[score]:.1f}" for score in FOUR), "–", "–", 1))
    caption = (
        f"Percent, mean ± SD over seeds, {len(next(iter(scored.values())).truth)} test pictures. Published: {PLACE}, "
    )
    caption += "other pictures and pretrained weights."
    columns = ("network", "pixel accuracy", "mean accuracy", "mean IU", "f.w. IU", "boundary IU", "parameters", "seeds")
    return Table("The four scores", columns, tuple(rows), caption)


def _published(one: str, other: str) -> str:
    gap = TABLE[one]["mean_iu"] - TABLE[other.removesuffix("_longer")]["mean_iu"]
    return f"{gap:+.1f} points ({PLACE})"

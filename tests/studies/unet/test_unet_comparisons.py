"""Made-up answers turn the verdicts of claims 26, 28 and 166 both ways; what has not learned is not judged."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from reprise.data.borders import carved
from reprise.data.cell_shapes import generate
from reprise.data.cells import Cells
from reprise.evaluation import declarations
from reprise.studies.unet.changes import changed
from reprise.studies.unet.comparisons import comparison_findings, not_asked, score_table
from reprise.studies.unet.exact import exact_findings, half_of_update, shares
from reprise.studies.unet.scores import Questions, Scored
from reprise.studies.unet.settings import CHANGES

DECLARED = declarations("unet")
IMAGES, NUMBERS = generate(5, 96, 0)
PREPARED = Cells(IMAGES, NUMBERS, np.array([0, 2, 2, 2, 2], np.uint8))
QUESTIONS = Questions.of(PREPARED, 1, True)


def answers(name, gap, noise=0.0, noise_changed=None, seeds=4):
    """Networks that draw the cells with or without gaps, wrong at a share of pixels (of changed pictures: another)."""
    rng = np.random.default_rng(len(name))
    inside = np.stack([carved(cells, gap) for cells in QUESTIONS.cells])
    share = np.where(QUESTIONS.plain, noise, noise if noise_changed is None else noise_changed)[None, :, None, None]
    wrong = rng.random((seeds, *inside.shape)) < share * rng.uniform(0.9, 1.1, (seeds, 1, 1, 1))
    return Scored(name, np.where(wrong, ~inside, inside).astype(np.float16), QUESTIONS)


def verdicts(**scored):
    found = {}
    for each in comparison_findings(DECLARED, scored):
        if each.kind == "primary":
            found.setdefault(each.claim, []).append((each.verdict, each.undecided))
    return found


def worse_under(kind, share):
    """Networks that are wrong at so many pixels of pictures changed in one way, and right of all others."""
    base = answers("bare", 1)
    noisy = answers("bare", 1, 0, share)
    return replace(
        base, probability=np.where((QUESTIONS.kinds == kind)[:, None, None], noisy.probability, base.probability)
    )


def said(found):
    return {claim: [verdict for verdict, _ in each] for claim, each in found.items()}


def test_separated_robust_and_merged_are_reproduced_and_the_other_way_contradicted():
    one = verdicts(
        base=answers("base", 1), no_weights=answers("no_weights", 0), no_augmentation=answers("bare", 1, 0, 0.1),
        semantic=answers("semantic", 0),
    )  # fmt: skip
    assert said(one) == {26: ["reproduced"], 28: ["reproduced"] * 4, 166: ["reproduced"]}
    other = verdicts(
        base=answers("base", 0, 0, 0.2), no_weights=answers("no_weights", 1), no_augmentation=answers("bare", 1),
        semantic=answers("semantic", 1),
    )  # fmt: skip
    assert said(other) == {26: ["contradicted"], 28: ["contradicted"] * 4, 166: ["inconclusive"]}
    able = verdicts(
        base=answers("base", 1), no_weights=answers("no_weights", 1), no_augmentation=answers("bare", 1),
        semantic=answers("semantic", 1),
    )  # fmt: skip
    assert said(able)[166] == ["contradicted"]


def test_where_no_network_keeps_a_tenth_apart_nothing_is_said_of_separation():
    merged = answers("merged", 0)
    found = verdicts(base=merged, no_weights=merged, no_augmentation=merged, semantic=merged)
    assert said(found)[26] == said(found)[166] == ["inconclusive"]
    assert "less than 0.1" in found[26][0][1]
    assert "base, trained to separate, keeps 0.000" in found[166][0][1]


def test_cells_between_which_background_lies_are_no_connected_ones():
    gaps = replace(QUESTIONS, cells=np.stack([np.where(carved(each, 2), each, 0) for each in QUESTIONS.cells]))
    assert QUESTIONS.merged.mean() > 0.9
    assert not gaps.merged.any()
    base, semantic = (replace(answers(name, gap), questions=gaps) for name, gap in (("base", 2), ("semantic", 0)))
    scored = {"base": base, "no_weights": base, "no_augmentation": base, "semantic": semantic}
    (told,) = [each for each in comparison_findings(DECLARED, scored) if each.claim == 166]
    assert (told.kind, told.note) == ("context", not_asked(gaps))
    assert "nothing is connected" in told.note
    assert not_asked(QUESTIONS) == ""


def test_robust_against_one_change_is_not_robust_against_all():
    base = answers("base", 1, 0, 0.2)
    found = verdicts(base=base, no_weights=base, semantic=base, no_augmentation=worse_under("grey", 0.45))
    assert sorted(said(found)[28]) == ["contradicted"] * 3 + ["reproduced"]


def test_a_picture_of_one_class_is_not_judged():
    idle = Scored("idle", np.ones((4, *QUESTIONS.images.shape), np.float16), QUESTIONS)
    found = verdicts(base=idle, no_weights=idle, no_augmentation=idle, semantic=idle)
    assert all(verdict == "inconclusive" and "one class" in why for each in found.values() for verdict, why in each)
    learned = answers("base", 1)
    found = verdicts(base=learned, no_weights=learned, no_augmentation=idle, semantic=learned)
    assert all(verdict == "inconclusive" and "one class" in why for verdict, why in found[28])


def test_scores_of_the_truth_are_perfect_and_the_table_has_a_row_a_network():
    base = answers("base", 1)
    assert base.apart.mean() == 1
    assert base.instance_iou.min() > 0.8
    assert base.mean_iu[:, QUESTIONS.plain].min() > 0.9
    assert not base.unlearned
    table = score_table({"base": base}, {"base": 7})
    assert [len(row) for row in table.rows] == [len(table.columns)]
    other = SimpleNamespace(arrays=lambda _: [np.zeros((1, 2, 3, 3))], name="base", folder="run")
    with pytest.raises(ValueError, match="answers of shape"):
        Scored.of(other, QUESTIONS)


def test_sizes_tiles_and_momentum_hold_and_a_usual_momentum_would_not():
    findings = exact_findings(DECLARED)
    assert {f.claim: f.verdict for f in findings if f.kind == "primary"} == {25: "reproduced", 27: "reproduced"}
    assert all(f.verdict == "reproduced" for f in findings if f.kind == "oracle")
    assert half_of_update(shares(0.9)) == 7
    assert DECLARED[27].expect.low > 7
    np.testing.assert_allclose(shares(0.5)[:4], [0.5, 0.25, 0.125, 0.0625])


@pytest.mark.parametrize("kind", CHANGES)
def test_a_changed_picture_and_its_cells_move_alike(kind):
    numbers = NUMBERS[0]
    drawn = (60 + 2 * np.minimum(numbers, 80)).astype(np.uint8)  # grey says the number
    image, cells = changed(drawn, numbers, kind, 3)
    again, _ = changed(drawn, numbers, kind, 3)
    np.testing.assert_array_equal(image, again)
    assert image.shape == drawn.shape
    assert (image != drawn).mean() > 0.05
    if kind != "grey":
        assert (np.abs(image.astype(int) - (60 + 2 * cells)) <= 1).mean() > 0.85
        assert set(np.unique(cells)) <= set(np.unique(numbers))
    else:
        np.testing.assert_array_equal(cells, numbers)

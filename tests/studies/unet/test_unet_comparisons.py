"""Made-up answers turn the verdicts of claims 26, 28 and 166 both ways; what has not learned is not judged."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from reprise.data.borders import carved
from reprise.data.cell_shapes import generate
from reprise.data.cells import Cells
from reprise.evaluation import declarations
from reprise.studies.unet.changes import changed
from reprise.studies.unet.comparisons import comparison_findings, score_table
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
    found = comparison_findings(DECLARED, scored)
    return {f.claim: (f.verdict, f.undecided) for f in found if f.kind == "primary"}


def test_separated_robust_and_merged_are_reproduced_and_the_other_way_contradicted():
    one = verdicts(
        base=answers("base", 1), no_weights=answers("no_weights", 0), no_augmentation=answers("bare", 1, 0, 0.1),
        semantic=answers("semantic", 0),
    )  # fmt: skip
    assert {claim: verdict for claim, (verdict, _) in one.items()} == dict.fromkeys((26, 28, 166), "reproduced")
    other = verdicts(
        base=answers("base", 0, 0, 0.1), no_weights=answers("no_weights", 1), no_augmentation=answers("bare", 1),
        semantic=answers("semantic", 1),
    )  # fmt: skip
    assert {claim: verdict for claim, (verdict, _) in other.items()} == dict.fromkeys((26, 28, 166), "contradicted")


def test_a_picture_of_one_class_is_not_judged():
    idle = Scored("idle", np.ones((4, *QUESTIONS.images.shape), np.float16), QUESTIONS)
    found = verdicts(base=idle, no_weights=idle, no_augmentation=idle, semantic=idle)
    assert all(verdict == "inconclusive" and "one class" in why for verdict, why in found.values())


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

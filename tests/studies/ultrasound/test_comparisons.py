"""Made-up predictions score what they must, and effects are the differences between them."""

from __future__ import annotations

import numpy as np
import pytest

from reprise.data.ultrasound import TEST, load, split_by_image, split_by_subject
from reprise.runs import Run
from reprise.studies.ultrasound.scores import score


def findings(evidence, claim):
    return [finding for finding in evidence.findings if finding.claim == claim]


def labels_of_test_frames(workspace, variant):
    """(n,) whether the test frames' labels show a nerve, by label and by truth."""
    prepared, seed = load(workspace.prepared("ultrasound")), workspace.config.split_seed
    by_image = workspace.settings(variant).split == "image"
    part = split_by_image(prepared.nonempty, seed) if by_image else split_by_subject(prepared.subject, seed)
    index = np.flatnonzero(part == TEST)
    return prepared.nonempty[index], prepared.true_masks[index].any((1, 2))


def test_a_perfect_prediction_has_dice_one(either):
    for variant in ("cleaned", "raw_by_image"):
        assert either[1].metrics[f"dice.{variant}"].value == 1
        assert either[1].metrics[f"mean_iu.{variant}"].value == 1


def test_predicting_nothing_scores_the_share_of_empty_masks(either):
    workspace, evidence = either
    nonempty, _ = labels_of_test_frames(workspace, "raw")
    assert 0 < nonempty.mean() < 1
    for variant in ("raw", "cleaned_has_mask"):  # one predicts nothing, the other's head says that there is nothing
        assert evidence.metrics[f"dice.{variant}"].value == pytest.approx(1 - nonempty.mean())
    everything = 2 / 3  # dice of all against half
    assert evidence.metrics["dice.starter"].value == pytest.approx(everything * nonempty.mean())
    (nothing,) = findings(evidence, 81)
    assert nothing.effect.value == pytest.approx(1 - load(workspace.prepared("ultrasound")).nonempty.mean())


def test_effects_are_the_differences_between_the_variants(either):
    workspace, evidence = either
    gain = labels_of_test_frames(workspace, "raw")[0].mean()
    baseline, cleaning, head = findings(evidence, 82)[0], findings(evidence, 86)[0], findings(evidence, 87)[0]
    assert baseline.effect.value == 0
    assert cleaning.effect.value == pytest.approx(gain)
    assert head.effect.value == pytest.approx(-gain)
    assert cleaning.verdict == "reproduced"
    assert head.verdict == "contradicted"
    assert baseline.verdict == "contradicted"  # as good as nothing is not below it


def test_effects_against_the_truth_use_the_labels_before_the_flips(generated):
    workspace, evidence = generated
    labelled, true = labels_of_test_frames(workspace, "raw")
    assert (labelled != true).any()
    scores = score(Run.of(workspace, "cleaned"), load(workspace.prepared("ultrasound")))
    np.testing.assert_array_equal(scores.dice, np.ones((2, len(true))))
    np.testing.assert_array_equal(scores.true_dice, np.stack([labelled == true] * 2))
    against_truth = next(f for f in findings(evidence, 86) if "before any was flipped" in f.measures)
    assert against_truth.effect.value == pytest.approx(np.mean((labelled == true).astype(float) - ~true))

"""Made-up predictions score what they must, and effects are the differences between them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from reprise.data.ultrasound import load
from reprise.evaluation import declarations
from reprise.runs import Run
from reprise.studies.ultrasound.comparisons import comparison_findings
from reprise.studies.ultrasound.folds import TEST, parts
from reprise.studies.ultrasound.scores import check_same_frames, score


def findings(evidence, claim, kind="primary"):
    return [finding for finding in evidence.findings if (finding.claim, finding.kind) == (claim, kind)]


def labels_of_test_frames(workspace):
    """(m,) of all seeds, whether the test frames' labels show a nerve, by label and by truth."""
    prepared, config = load(workspace.prepared("ultrasound")), workspace.config
    index = np.concatenate(
        [
            np.flatnonzero(parts(prepared.subject, seed, config.split_seed, config.folds) == TEST)
            for seed in range(config.seeds)
        ]
    )
    return prepared.nonempty[index], prepared.true_masks[index].any((1, 2))


def scores_of(workspace):
    prepared = load(workspace.prepared("ultrasound"))
    return {name: score(Run.of(workspace, name), prepared) for name in workspace.config.variants}


def test_a_perfect_prediction_has_dice_one(either):
    assert either[1].metrics["dice.cleaned"].value == 1
    assert either[1].metrics["mean_iu.cleaned"].value == 1


def test_predicting_nothing_scores_the_share_of_empty_masks(either):
    workspace, evidence = either
    nonempty, _ = labels_of_test_frames(workspace)
    assert 0 < nonempty.mean() < 1
    for variant in ("raw", "cleaned_has_mask"):  # one predicts nothing, the other's head says that there is nothing
        assert evidence.metrics[f"dice.{variant}"].value == pytest.approx(1 - nonempty.mean())
    (nothing,) = findings(evidence, 81)
    assert nothing.effect.value == pytest.approx(1 - load(workspace.prepared("ultrasound")).nonempty.mean())


def test_effects_are_the_differences_between_the_variants(either):
    workspace, evidence = either
    gain = labels_of_test_frames(workspace)[0].mean()
    (baseline,), (cleaning,) = (findings(evidence, claim) for claim in (82, 86))
    head, zeroed = findings(evidence, 87, "context")
    assert baseline.effect.value == 0
    assert cleaning.effect.value == pytest.approx(gain)
    assert head.effect.value == pytest.approx(-gain)
    (level,) = findings(evidence, 82, "secondary")
    assert level.effect.value == pytest.approx(1 - gain)
    assert zeroed.effect.value == pytest.approx(-gain)  # all of the head's harm is that it zeroes


def many(workspace, seeds=10):
    """The three variants' scores, of so many networks; each tests two subjects of its own."""
    rng, one = np.random.default_rng(0), scores_of(workspace)["cleaned"]
    seed, frames = np.repeat(np.arange(seeds), 16), np.arange(16 * seeds)
    present = np.arange(16 * seeds) % 10 < 3
    made = replace(one, seed=seed, index=frames, subject=frames // 8, present=present, mean_iu=np.zeros(seeds))

    def with_dice(base, gain):
        dice = np.clip(base + gain + rng.normal(0, 0.02, len(frames)), 0, 1)
        return replace(made, dice=dice, true_dice=dice, loud_dice=dice - 0.05)

    return with_dice


@pytest.mark.parametrize("sign", [1, -1])
def test_networks_turn_the_verdicts_both_ways(real, sign):
    workspace, _ = real
    with_dice = many(workspace)
    raw = with_dice(0.6, -0.2 * sign)
    scores = {"raw": raw, "cleaned": with_dice(0.6, 0), "cleaned_has_mask": with_dice(0.6, 0.2 * sign)}
    found = comparison_findings(declarations("ultrasound"), scores, generated=False, trained=0.6)
    verdicts = {f.claim: f.verdict for f in found if f.kind == "primary"}
    assert verdicts == dict.fromkeys((82, 86), "reproduced" if sign > 0 else "contradicted")


def test_a_claim_that_got_further_seeds_is_compared_on_those_that_both_have(real):
    with_dice = many(real[0])
    raw, cleaned = with_dice(0.5, 0), with_dice(0.5, 0.1)
    rows = cleaned.seed < 5
    few = {
        name: getattr(cleaned, name)[rows] for name in ("seed", "index", "subject", "dice", "true_dice", "loud_dice")
    }
    scores = {"raw": raw, "cleaned": replace(cleaned, **few, mean_iu=np.zeros(5)), "cleaned_has_mask": raw}
    check_same_frames(scores)
    found = {
        f.claim: f.effect
        for f in comparison_findings(declarations("ultrasound"), scores, False, 0.6)
        if f.kind == "primary" or f.measures.startswith("Mean test dice, with the has_mask head")
    }
    assert (found[82].seeds, found[86].seeds, found[87].seeds) == (10, 5, 5)
    assert (found[82].level, found[86].level) == (
        declarations("ultrasound")[82].level(10),
        declarations("ultrasound")[86].level(5),
    )


def test_effects_against_the_truth_use_the_labels_before_the_flips(generated):
    workspace, evidence = generated
    labelled, true = labels_of_test_frames(workspace)
    assert (labelled != true).any()
    scores = scores_of(workspace)["cleaned"]
    np.testing.assert_array_equal(scores.dice, 1)
    np.testing.assert_array_equal(scores.true_dice, labelled == true)
    against_truth = next(f for f in findings(evidence, 86, "context") if "before any was flipped" in f.measures)
    assert against_truth.effect.value == pytest.approx(np.mean((labelled == true).astype(float) - ~true))


def test_frames_that_fill_an_array_up_count_once(generated):
    workspace, _ = generated
    (places,) = Run.of(workspace, "raw").arrays("test/index")
    scores = scores_of(workspace)["raw"]
    for seed, place in enumerate(places):
        own = scores.index[scores.seed == seed]
        assert sorted(own.tolist()) == sorted(set(place.tolist()))

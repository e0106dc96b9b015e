"""Claims 153 and 154 on made-up networks: what shrinks a gap, and what a stop is worth."""

from __future__ import annotations

import numpy as np
import pytest
from tests.studies import made_up

from reprise.comparing.findings import late_fall
from reprise.data import cifar, digits
from reprise.runs import load_runs
from reprise.studies.overfitting import gaps, stopping

ENDS = ("digits", "wrong_20", "wrong_40")


def write_all(space, accuracy, trained, last_loss=0.1, best=0.8, course=(2.0, 0.6, 0.52, 0.5), rise=0.1):
    """``accuracy(variant)`` on test images, ``trained(variant)`` on training images; ``best`` is of the best epochs.

    ``course``: training losses of the augmented networks; ``rise``: of the development error where one stopped.
    """
    digits.make(space.params.dataset("digits"), "generated", space.raw("mnist"), space.prepared("digits"))
    rng = np.random.default_rng(0)
    labels = cifar.load(space.prepared("cifar")).test_labels.astype(int)
    for name in space.config.variants:
        stopped = name.startswith("stopped")
        value = accuracy(name)

        def columns(variant, seed, epoch, value=value, stopped=stopped):
            loss = course[epoch] if "augmented" in variant else 1.0 if stopped else last_loss
            return {"train_loss": loss, "val_accuracy": value + rise * (stopped and epoch < 3)}

        arrays = {"best/test/logits": made_up.answers(labels, best, rng)} if name in ENDS else {}
        made_up.write_run(space, name, value, columns, arrays, best_epoch=[2] * made_up.SEEDS)
        known = rng.random((made_up.SEEDS, 60)) < trained(name)
        made_up.write_probe(space, name, **{"train/right": known.astype(np.uint8)})


def as_said(name):
    return 0.75 if "augmented" in name or "stopped" in name else 0.55


@pytest.fixture(scope="module")
def space(tmp_path_factory):
    return made_up.workspace("overfitting", tmp_path_factory.mktemp("overfitting"))


@pytest.fixture(scope="module")
def evidence(space):
    write_all(space, as_said, lambda name: 0.8 if "augmented" in name else 0.99)
    return made_up.evaluate(space)


def test_smaller_gaps_and_better_stops_reproduce_both_claims(evidence):
    assert made_up.verdicts(evidence, 153) == ["reproduced"]
    assert made_up.verdicts(evidence, 154) == ["reproduced"] * 3
    (gap,) = [f for f in evidence.findings if f.claim == 153 and f.kind == "primary"]
    assert gap.effect.value == pytest.approx((0.8 - 0.75) - (0.99 - 0.55), abs=0.1)


def test_larger_gaps_and_worse_stops_contradict_both(tmp_path):
    space = made_up.workspace("overfitting", tmp_path)
    write_all(space, lambda name: 0.85 if as_said(name) < 0.6 else 0.3, lambda name: 0.99)
    found = made_up.evaluate(space)
    assert made_up.verdicts(found, 153) == ["contradicted"]
    assert made_up.verdicts(found, 154) == ["contradicted"] * 3


def test_a_network_that_does_not_overfit_leaves_nothing_to_prevent(tmp_path):
    space = made_up.workspace("overfitting", tmp_path)
    write_all(space, as_said, lambda name: as_said(name) + 0.02, last_loss=1.0)
    found = made_up.evaluate(space)
    assert made_up.verdicts(found, 153) == ["inconclusive"]
    assert made_up.verdicts(found, 154) == ["inconclusive"] * 3
    why = {f.claim: f.undecided for f in found.findings if f.kind == "primary"}
    assert "does not overfit" in why[153]
    assert "does not fall to the end" in why[154]


def test_an_augmented_network_that_is_still_learning_has_a_small_gap_for_that_alone(tmp_path):
    space = made_up.workspace("overfitting", tmp_path)
    write_all(space, as_said, lambda name: 0.8 if "augmented" in name else 0.99, course=(2.0, 1.8, 1.5, 1.2))
    found = made_up.evaluate(space)
    assert made_up.verdicts(found, 153) == ["inconclusive"]
    (why,) = [f.undecided for f in found.findings if (f.claim, f.kind) == (153, "primary")]
    assert "in the last quarter of its epochs the training loss of cifar_augmented falls by 60% of its fall" in why


def test_where_stopping_costs_with_right_labels_it_is_not_to_be_had_by_the_wrong_ones(tmp_path):
    space = made_up.workspace("overfitting", tmp_path)
    write_all(space, lambda name: {"digits": 0.95, "stopped_0": 0.4}.get(name, as_said(name)), lambda _: 0.99)
    found = made_up.evaluate(space)
    assert made_up.verdicts(found, 154) == ["contradicted", "reproduced", "reproduced"]


def test_a_pair_that_was_cut_off_is_not_judged_by_its_gap(tmp_path):
    space = made_up.workspace(
        "overfitting", tmp_path, 4, "overfitting.variants.cifar.epochs=4", "overfitting.variants.cifar.decay=none"
    )
    write_all(space, as_said, lambda name: 0.8 if "augmented" in name else 0.99)
    (first,) = [f for f in made_up.evaluate(space).findings if (f.claim, f.kind) == (153, "primary")]
    assert first.verdict == "inconclusive"
    assert "cut off after 4 epochs" in first.undecided


@pytest.mark.parametrize(
    ("losses", "ratio"), [([2, 1, 1, 1], 0), ([2, 1.5, 1.25, 1], 1 / 3), ([1, 1, 1, 1], np.inf), ([1], np.inf)]
)
def test_what_is_still_to_be_learned_is_the_last_quarter_s_fall(losses, ratio):
    assert late_fall(np.array(losses, float)) == pytest.approx(ratio)


def test_training_to_the_end_is_what_is_compared_with_and_no_cut(space, evidence):
    assert {f.undecided for f in evidence.findings if (f.claim, f.kind) == (154, "primary")} == {""}
    assert load_runs(space)["wrong_20"].settings["decay"] == "none"


def test_a_stopped_network_that_never_stopped_was_cut_off(tmp_path):
    space = made_up.workspace("overfitting", tmp_path, 4)
    write_all(space, as_said, lambda name: 0.9)
    found = made_up.evaluate(space)
    barred = [f.undecided for f in found.findings if (f.claim, f.kind) == (154, "primary")]
    assert len(barred) == 3
    assert all("cut off after 4 epochs" in why for why in barred)


def test_stops_at_an_error_that_had_not_risen_are_counted_and_bar_a_verdict(tmp_path):
    space = made_up.workspace("overfitting", tmp_path)
    write_all(space, as_said, lambda name: 0.9, rise=0.0)
    found = made_up.evaluate(space)
    (share,) = [f for f in found.findings if f.measures.startswith("Share of stopped networks")]
    assert share.effect.value == 1
    assert made_up.verdicts(found, 154) == ["inconclusive"] * 3
    why = [f.undecided for f in found.findings if (f.claim, f.kind) == (154, "primary")][1]
    assert "100% of stopped_20 stopped at a development error that had not risen" in why


def test_the_best_epoch_is_read_from_its_own_weights(space, evidence):
    run = load_runs(space)["wrong_20"]
    assert stopping.chosen(run).mean() == pytest.approx(0.8, abs=0.05)
    assert run.correct.mean() == pytest.approx(0.55, abs=0.05)


def test_a_stopped_network_that_took_another_course_is_counted(space, evidence):
    runs = load_runs(space)
    assert stopping._differing(runs["digits"], runs["digits"]) == 0
    assert stopping._differing(runs["stopped_20"], runs["wrong_20"]) == 4 * made_up.SEEDS


def test_the_gap_is_training_minus_test_accuracy(space, evidence):
    runs = load_runs(space)
    known = {"cifar": np.array([[1, 1, 0, 1]] * made_up.SEEDS, float)}
    assert gaps.gap(runs["cifar"], known) == pytest.approx(0.75 - runs["cifar"].correct.mean(axis=1))

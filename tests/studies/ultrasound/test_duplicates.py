"""Finders are scored against what was planted; the rules drop what they say; without pairs there is no verdict."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from reprise.data.ultrasound import load
from reprise.evaluation import declarations
from reprise.stages.clean import clean
from reprise.studies.ultrasound import duplicates, effects
from reprise.studies.ultrasound.cleaning import HashFound, read_cleaning
from reprise.studies.ultrasound.duplicates import (
    contradictions,
    distance_matrix,
    duplicate_findings,
    finder_curves,
    planted_conflicts,
    told_apart,
)


def findings(evidence, claim):
    return [finding for finding in evidence.findings if finding.claim == claim]


def planted_in(prepared):
    """Pairs of one group, by trying all."""
    group = prepared.duplicate_group
    return {(i, j) for i in range(len(group)) for j in range(i + 1, len(group)) if group[i] == group[j]}


def test_the_share_dropped_is_measured_against_what_was_planted(generated):
    workspace, evidence = generated
    prepared = load(workspace.prepared("ultrasound"))
    groups = [set(prepared.nonempty[prepared.duplicate_group == group].tolist()) for group in prepared.duplicate_group]
    conflicts = [len(labels) == 2 for labels in groups]
    assert 0 < sum(conflicts) < 56
    np.testing.assert_array_equal(planted_conflicts(prepared), conflicts)
    finding = next(f for f in findings(evidence, 85) if "planted" in f.measures)
    assert finding.kind == "context"
    assert f"planted {np.mean(conflicts):.3f}" in finding.note
    dropped = read_cleaning(workspace).dropped["both"]
    assert finding.effect.value == pytest.approx(dropped.mean() - np.mean(conflicts))
    assert finding.effect.low <= finding.effect.value <= finding.effect.high


def test_finders_are_scored_against_what_was_planted(generated):
    workspace, evidence = generated
    planted = planted_in(load(workspace.prepared("ultrasound")))
    with np.load(workspace.prepared("ultrasound_cleaning")) as archive:
        for name in ("strips", "blocks", "robust"):
            near = archive[f"{name}/wide_distances"] < archive[f"{name}/threshold"]
            found = {tuple(pair) for pair in archive[f"{name}/wide_pairs"][near].tolist()}
            precision, recall = (f.effect for f in findings(evidence, 84) if f"`{name}`" in f.measures)
            assert precision.value == pytest.approx(len(found & planted) / len(found))
            assert recall.value == pytest.approx(len(found & planted) / len(planted))
    subjects = {f.effect.n for f in findings(evidence, 84) if "planted" in f.measures}
    assert subjects == {7}  # pairs of a subject hang together


def test_a_finders_curve_passes_through_its_own_precision_and_recall(generated):
    workspace, evidence = generated
    prepared, cleaning = load(workspace.prepared("ultrasound")), read_cleaning(workspace)
    for name, (thresholds, precision, recall, own) in finder_curves(prepared, cleaning).items():
        at = np.searchsorted(thresholds, own) - 1
        expected = [f.effect.value for f in findings(evidence, 84) if f"`{name}`" in f.measures]
        assert [precision[at], recall[at]] == pytest.approx(expected)


def test_cleaning_holds_every_hash_and_both_rules(either):
    workspace, _ = either
    subject = load(workspace.prepared("ultrasound")).subject
    cleaning = read_cleaning(workspace)
    pairs = {name: found.pairs for name, found in cleaning.hashes.items()} | {"uint8 slip": cleaning.uint8_slip}
    assert set(pairs) == {"strips", "blocks", "robust", "uint8 slip"}
    for each in pairs.values():
        assert (subject[each[:, 0]] == subject[each[:, 1]]).all()
    both, origin = cleaning.dropped["both"], cleaning.dropped["origin"]
    assert both.shape == origin.shape == (56,)
    assert both.any()
    assert not (origin & ~both).any()  # origin drops only the empty one of each pair
    strips = cleaning.hashes["strips"]
    assert len(strips.wide_distances) > len(strips.distances) == len(strips.pairs)
    assert (strips.distances < strips.threshold).all()


def test_cleaning_again_gives_the_same_bytes(generated):
    workspace, _ = generated
    path = workspace.prepared("ultrasound_cleaning")
    before = path.read_bytes()
    clean(workspace)
    assert path.read_bytes() == before


def test_contradictions_are_the_near_duplicates_of_which_one_shows_a_nerve(either):
    workspace, _ = either
    prepared, cleaning = load(workspace.prepared("ultrasound")), read_cleaning(workspace)
    pairs, distances = contradictions(prepared, cleaning)
    labels = prepared.nonempty
    expected = [tuple(pair) for pair in cleaning.found.pairs.tolist() if labels[pair[0]] != labels[pair[1]]]
    assert expected
    assert list(map(tuple, pairs.tolist())) == expected
    assert (distances < cleaning.threshold).all()


def test_the_distance_matrix_is_of_one_subject_and_agrees_with_the_pairs_found(generated):
    workspace, _ = generated
    prepared, strips = load(workspace.prepared("ultrasound")), read_cleaning(workspace).hashes["strips"]
    subject, matrix = distance_matrix(prepared)
    own = np.flatnonzero(prepared.subject == subject)
    assert matrix.shape == (len(own), len(own))
    for (i, j), distance in zip(strips.wide_pairs, strips.wide_distances, strict=True):
        if i in own and j in own:
            assert matrix[list(own).index(i), list(own).index(j)] == pytest.approx(distance, abs=1e-6)


def test_without_near_duplicates_there_is_no_verdict_on_their_labels(real, judged):
    workspace, _ = real
    prepared, cleaning = load(workspace.prepared("ultrasound")), read_cleaning(workspace)
    none = {
        name: HashFound(found.wide_pairs[:0], found.wide_distances[:0], found.numbers, found.threshold)
        for name, found in cleaning.hashes.items()
    }
    drops = dict.fromkeys(cleaning.dropped, np.zeros(56, bool))
    alone = replace(cleaning, hashes=none, uint8_slip=cleaning.uint8_slip[:0], dropped=drops)
    found = duplicate_findings(declarations("ultrasound"), prepared, alone, generated=False)
    by_claim = {f.claim: f for f in found if f.kind == "primary"}
    assert by_claim[83].verdict == "contradicted"  # of a whole set
    assert by_claim[83].figures == ()  # nothing to draw
    assert by_claim[85].verdict == "contradicted"
    share = next(f for f in found if f.claim == 83 and f.kind == "context")
    assert np.isnan(share.effect.value)
    judged.setattr(effects, "WHOLE_SET", 5_000)
    found = duplicate_findings(declarations("ultrasound"), prepared, alone, generated=False)
    assert {f.claim for f in found if f.kind == "primary" and f.undecided} == {83, 85}


def test_opposite_labels_count_where_two_descriptions_agree(real):
    workspace, evidence = real
    prepared, cleaning = load(workspace.prepared("ultrasound")), read_cleaning(workspace)
    by_both = set.intersection(
        *(set(map(tuple, cleaning.hashes[name].pairs.tolist())) for name in ("strips", "robust"))
    )
    opposite = [pair for pair in by_both if prepared.nonempty[pair[0]] != prepared.nonempty[pair[1]]]
    finding = next(f for f in findings(evidence, 83) if f.kind == "primary")
    assert finding.effect.value == len(opposite) > 0
    assert f"of {len(by_both)} pairs" in finding.note


def test_the_code_s_hash_has_fewer_numbers_than_the_text_s(either):
    (slip,) = (f for f in findings(either[1], 84) if f.kind == "slip")
    assert slip.verdict == "contradicted"
    assert (slip.effect.value, slip.expect.low) == (3 * 9, 3 * 4 * 9)  # 64 x 96: strips and blocks


def frames_of(images, subject):
    return SimpleNamespace(frames=images, subject=subject)


def test_a_hash_that_finds_moved_frames_and_no_others_scores_one_and_one_that_pairs_all_scores_nothing(real):
    cleaning = read_cleaning(real[0])
    ramps = np.linspace(0, 255, 80)[:, None] * np.ones(60)
    images = np.stack([np.roll(ramps, 20 * k, axis=0) for k in range(4)]).astype(np.uint8)
    distinct = frames_of(images, np.arange(4))
    np.testing.assert_array_equal(told_apart(distinct, replace(cleaning, threshold=0.05)), 1)
    np.testing.assert_array_equal(told_apart(distinct, replace(cleaning, threshold=2.0)), 0)
    np.testing.assert_array_equal(told_apart(distinct, replace(cleaning, threshold=1e-12)), 0)
    alike = frames_of(images[[0, 0, 0, 0]], np.arange(4))
    np.testing.assert_array_equal(told_apart(alike, replace(cleaning, threshold=0.05)), 0)


@pytest.mark.parametrize(("threshold", "share"), [(0.05, 51 / 56), (1e-12, 0)])
def test_what_is_said_of_the_finder_turns_with_what_it_finds(real, threshold, share):
    workspace, _ = real
    prepared, cleaning = load(workspace.prepared("ultrasound")), read_cleaning(workspace)
    ramps = np.linspace(0, 255, 80)[:, None] * np.ones(60)
    images = np.stack([np.roll(ramps, 20 * k, axis=0) for k in (0, 1, 2, 3)] * 14).astype(np.uint8)
    made = SimpleNamespace(
        **{name: getattr(prepared, name) for name in ("masks", "nonempty", "subject")}, frames=images
    )
    made.subject = np.arange(56) % 4
    found = duplicate_findings(declarations("ultrasound"), made, replace(cleaning, threshold=threshold), False)
    told = next(f for f in found if f.claim == 84 and f.measures.startswith("How often"))
    assert told.kind == "context"
    assert told.effect.value == pytest.approx(share)


def test_few_frames_are_compared_where_there_are_many(real, monkeypatch):
    monkeypatch.setattr(duplicates, "MOVED_FRAMES", 5)
    workspace, _ = real
    assert told_apart(load(workspace.prepared("ultrasound")), read_cleaning(workspace)).shape == (5,)

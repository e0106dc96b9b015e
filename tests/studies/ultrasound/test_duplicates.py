"""Finders are scored against what was planted; the rules drop what they say; without pairs there is no verdict."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from reprise.data.ultrasound import load
from reprise.stages.clean import clean
from reprise.studies.ultrasound.cleaning import HashFound, read_cleaning
from reprise.studies.ultrasound.duplicates import (
    contradictions,
    distance_matrix,
    duplicate_findings,
    finder_curves,
    planted_conflicts,
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
    (finding,) = findings(evidence, 85)
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
    judged = [(f.variant, f.kind) for f in findings(evidence, 84) if f.kind == "claim"]
    assert judged == [("code", "claim")] * 2


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
    by_claim = {f.claim: f for f in duplicate_findings(prepared, alone, generated=False)}
    assert by_claim[83].verdict == "inconclusive"
    assert by_claim[83].figures == ()  # nothing to draw
    assert by_claim[84].effect.value == 0
    assert by_claim[85].verdict == "contradicted"

"""Claims 79-87 are all answered; what was planted earns no verdict; nothing is judged on too little."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest

from reprise.files import write_npz
from reprise.studies.ultrasound import comparisons, duplicates
from reprise.studies.ultrasound.cleaning import read_cleaning
from reprise.studies.ultrasound.evaluate import data_words, evaluate

CLAIMS = set(range(79, 88))


def findings(evidence, claim):
    return [finding for finding in evidence.findings if finding.claim == claim]


def test_every_claim_has_a_finding(either):
    assert {finding.claim for finding in either[1].findings} == CLAIMS


def test_generated_data_judge_every_claim_but_those_that_were_planted(generated):
    judged = {f.claim for f in generated[1].findings if f.kind == "claim" and f.verdict != "untested"}
    assert judged == CLAIMS - {81, 83}
    for claim in (81, 83):
        assert [f.verdict for f in findings(generated[1], claim)] == ["untested"]
        assert "planted" in findings(generated[1], claim)[0].note


def test_real_data_judge_every_claim(real):
    judged = {f.claim for f in real[1].findings if f.kind == "claim" and f.verdict != "untested"}
    assert judged == CLAIMS - {84}  # without truth nobody knows which of the pairs are near-duplicates
    (contradictions,) = findings(real[1], 83)
    assert contradictions.verdict == "reproduced"  # labels of near-duplicates were flipped before they were written


def test_few_frames_or_a_part_of_the_set_earn_no_verdict(real, judged):
    judged.setattr(comparisons, "TEST_FRAMES", 50)
    judged.setattr(duplicates, "WHOLE_SET", 5_000)
    evidence = evaluate(real[0])
    barred = {f.claim for f in evidence.findings if f.kind == "claim" and f.undecided}
    assert barred == {82, 85, 86, 87}
    assert {findings(evidence, claim)[0].verdict for claim in barred} == {"inconclusive"}
    assert "test frames" in findings(evidence, 86)[0].undecided


def test_a_baseline_that_has_not_learnt_earns_no_verdict(generated, judged):
    judged.setattr(comparisons, "LEARNT", 0.3)  # the pretended baseline predicts nothing
    evidence = evaluate(generated[0])
    assert {f.claim for f in evidence.findings if f.undecided} == {82, 86, 87}
    assert {findings(evidence, claim)[0].verdict for claim in (82, 86, 87)} == {"inconclusive"}
    assert "0.00" in findings(evidence, 82)[0].undecided


def test_the_data_say_what_they_are(generated, real):
    assert generated[1].data == "generated: 7 subjects, 56 frames of 64 x 96"
    assert real[1].data == ("real: 7 subjects, 56 frames of 64 x 96 (a part of Kaggle's 47 subjects and 5,635 frames)")
    assert "planted" in generated[1].about
    assert "planted" not in real[1].about


def test_the_whole_of_kaggles_set_is_not_called_a_part():
    for subjects in (46, 47):
        prepared = SimpleNamespace(subject=np.arange(56) % subjects, masks=np.zeros((56, 4, 6), bool))
        assert ("a part of Kaggle's" in data_words(prepared, "real")) == (subjects == 46)
        assert data_words(prepared, "generated") == f"generated: {subjects} subjects, 56 frames of 4 x 6"


def test_exact_claims_hold(either):
    assert [f.verdict for f in findings(either[1], 80)] == ["reproduced"] * 2
    round_trip = findings(either[1], 79)[0]
    assert (round_trip.effect.value, round_trip.effect.n, round_trip.verdict) == (1, 56, "reproduced")


def test_published_scores_are_written_as_the_source_writes_them(real):
    published = {f.claim: f.published for f in real[1].findings if f.published}
    assert published[81] == "~.6 (S2); .51 on the leaderboard (Tyantov's slides)"
    assert published[82] == "[.35, .45] against ~.6 (S2)"
    assert published[85] == "~40 %: 5635 → 3398 (S2)"
    assert published[86] == "~.55 against [.35, .45] (S2)"
    assert published[87].startswith(".68 on the leaderboard")


def test_evidence_is_written_with_every_figure_it_names(either):
    workspace, evidence = either
    text = (workspace.evidence / "evidence.json").read_text(encoding="utf-8")
    names = {figure["name"] for figure in json.loads(text)["figures"]}
    assert {name for f in evidence.findings for name in f.figures} <= names
    assert ("finders" in names) == (workspace.source == "generated")
    assert not any(character in text for character in ("NaN", "Infinity", "nan / "))


def test_tables_have_a_row_a_variant_and_numbers_from_the_files(either):
    workspace, evidence = either
    scores, calibration, hashes = evidence.tables
    assert [row[0] for row in scores.rows] == ["predict nothing", *workspace.config.variants]
    rows = [(name, "pixels") for name in workspace.config.variants]
    rows.insert(rows.index(("cleaned_has_mask", "pixels")) + 1, ("cleaned_has_mask", "head"))
    assert [row[:2] for row in calibration.rows] == rows
    for table in (scores, calibration, hashes):
        assert all(len(row) == len(table.columns) for row in table.rows)
    strips = read_cleaning(workspace).hashes["strips"].numbers
    assert [row[1] for row in hashes.rows if row[0] in ("strips", "uint8 slip")] == [strips, strips]


def test_variants_tested_on_other_frames_are_not_compared(generated, judged, tmp_path):
    workspace, _ = generated
    path = workspace.run("cleaned") / "predictions.npz"
    whole = path.read_bytes()
    with np.load(path) as archive:
        arrays = dict(archive)
    try:
        write_npz(path, **arrays | {"test/index": arrays["test/index"][:, ::-1]})
        with pytest.raises(ValueError, match=r"cleaned was tested on \d+ examples that are not the"):
            evaluate(workspace)
    finally:
        path.write_bytes(whole)

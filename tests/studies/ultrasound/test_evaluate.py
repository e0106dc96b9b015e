"""Claims 79-87 are all answered; what was planted earns no verdict; nothing is judged on too little."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest

from reprise.data.ultrasound import load
from reprise.evaluation import declarations
from reprise.files import write_npz
from reprise.studies.ultrasound import comparisons, effects, exact
from reprise.studies.ultrasound.cleaning import read_cleaning
from reprise.studies.ultrasound.evaluate import data_words, evaluate
from reprise.studies.ultrasound.exact import exact_findings

CLAIMS = set(range(79, 88))
DECLARED = declarations("ultrasound")


def findings(evidence, claim):
    return [finding for finding in evidence.findings if finding.claim == claim]


def test_every_claim_has_a_finding(either):
    assert {finding.claim for finding in either[1].findings} == CLAIMS


def test_what_was_planted_says_so_and_is_a_stand_in(generated):
    declared = generated[1].declared
    kinds = {claim: each.kind("generated") for claim, each in declared.items()}
    assert kinds == dict.fromkeys((79, 84, 87), "built") | {80: "arithmetic"} | dict.fromkeys(
        (81, 82, 83, 85, 86), "stand-in"
    )
    assert {each.kind("real") for claim, each in declared.items() if kinds[claim] == "stand-in"} == {"measured"}
    for claim in (81, 83):
        assert "planted" in next(f for f in findings(generated[1], claim) if f.kind == "primary").note


def test_real_data_judge_every_claim(real):
    judged = {f.claim for f in real[1].findings if f.kind == "primary"}
    assert judged == CLAIMS - {79, 84, 87}
    contradictions = next(f for f in findings(real[1], 83) if f.kind == "primary")
    assert contradictions.verdict == "reproduced"  # labels of near-duplicates were flipped before they were written


def barred(evidence):
    return {f.claim for f in evidence.findings if f.kind == "primary" and f.undecided}


def test_few_subjects_or_a_part_of_the_set_earn_no_verdict(real, judged):
    judged.setattr(comparisons, "TEST_SUBJECTS", 10)
    judged.setattr(effects, "WHOLE_SET", 5_000)
    evidence = evaluate(real[0], DECLARED)
    assert barred(evidence) == {81, 82, 85, 86}
    assert {f.verdict for f in evidence.findings if f.claim in (82, 86) and f.kind == "primary"} == {"inconclusive"}
    assert "4 test subjects" in next(f for f in findings(evidence, 86) if f.kind == "primary").undecided


def test_a_baseline_that_has_not_learnt_earns_no_verdict(generated, judged):
    judged.setattr(comparisons, "LEARNT", 0.5)  # the pretended baseline ends at 0.2
    evidence = evaluate(generated[0], DECLARED)
    assert barred(evidence) == {82, 86}
    assert "0.20" in findings(evidence, 82)[0].undecided


def test_the_share_of_empty_masks_turns_the_verdict_both_ways(real, judged):
    prepared = load(real[0].prepared("ultrasound"))
    made = SimpleNamespace(subject=prepared.subject, masks=prepared.masks.copy(), nonempty=prepared.nonempty)
    for empty, verdict in ((34, "reproduced"), (20, "contradicted"), (50, "contradicted")):
        made.masks[:empty] = False
        made.masks[empty:, 10:20, 10:20] = True
        made.nonempty = made.masks.any((1, 2))
        found = [f for f in exact_findings(DECLARED, made, False) if f.claim == 81]
        assert [f.verdict for f in found] == [verdict]
    judged.setattr(effects, "WHOLE_SET", 5_000)
    (part,) = (f for f in exact_findings(DECLARED, made, False) if f.claim == 81)
    assert part.effect.low < part.effect.high
    assert part.verdict == "inconclusive"  # which frames a part holds is not chance


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
    kills, scipy, lost = findings(either[1], 80)
    assert (kills.kind, kills.effect.value, kills.verdict) == ("primary", 1, "reproduced")
    assert (scipy.kind, scipy.verdict) == ("oracle", "reproduced")
    nonempty = load(either[0].prepared("ultrasound")).nonempty
    assert (lost.kind, lost.effect.value) == ("context", pytest.approx(1 - nonempty.mean()))
    (numbering,) = findings(either[1], 79)
    assert (numbering.kind, numbering.effect.value, numbering.effect.n) == ("oracle", 1, 56)


def test_another_dice_would_contradict_that_one_pixel_kills(real, judged):
    def smoothed(truth, predicted):
        overlap, total = (truth & predicted).sum((1, 2)), truth.sum((1, 2)) + predicted.sum((1, 2))
        return (2 * overlap + 1) / (total + 1)

    judged.setattr(exact, "dice", smoothed)
    found = exact_findings(DECLARED, load(real[0].prepared("ultrasound")), False)
    assert [f.verdict for f in found if f.claim == 80 and f.kind == "primary"] == ["contradicted"]
    assert [f.verdict for f in found if f.claim == 80 and f.kind == "oracle"] == ["contradicted"]  # SciPy notices


def test_run_lengths_counted_along_rows_are_noticed(real, judged):
    judged.setattr(exact.rle, "encode", lambda mask, encode=exact.rle.encode: encode(mask.T))
    found = exact_findings(DECLARED, load(real[0].prepared("ultrasound")), False)
    assert next(f for f in found if f.claim == 79).verdict == "contradicted"


def test_published_scores_are_written_as_the_source_writes_them(real):
    published = {f.claim: f.published for f in real[1].findings if f.published and f.kind == "primary"}
    assert published[81] == "~.6 (S2); .51 on the leaderboard (Tyantov's slides)"
    assert published[82] == "[.35, .45] against ~.6 (S2)"
    assert published[85] == "~40 %: 5635 → 3398 (S2)"
    assert published[86] == "~.55 against [.35, .45] (S2)"
    assert findings(real[1], 87)[0].published.startswith(".68 on the leaderboard")


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
        write_npz(path, **arrays | {"test/index": arrays["test/index"][::-1]})
        with pytest.raises(ValueError, match=r"cleaned was tested on frames that are not those"):
            evaluate(workspace, DECLARED)
    finally:
        path.write_bytes(whole)

"""Claims 79-87 are all answered; made-up predictions score what they must; planted facts earn no verdict."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.conftest import ROOT

from reprise.claims import ultrasound as claims
from reprise.claims.evidence import Evidence
from reprise.config import set_value
from reprise.data.ultrasound import TEST, VALIDATION, Frames, generate, load, prepare
from reprise.files import write_json, write_npz, write_text
from reprise.stages.clean import clean
from reprise.stages.prepare import prepare as prepare_stage
from reprise.studies.ultrasound import split
from reprise.workspace import Workspace

SIZE, SIDE = (64, 96), 32
CLAIMS = set(range(79, 88))


def half_frames() -> Frames:
    """Generated frames whose labels are halves of the frame: post-processing leaves a straight border as it is."""
    frames = generate(7, 8, 3, SIZE)
    half = np.zeros(SIZE, bool)
    half[:, SIZE[1] // 2 :] = True
    truth = frames.true_masks.any((1, 2))[:, None, None] & half
    return replace(frames, true_masks=truth, masks=truth & ~frames.flipped[:, None, None])


def perfect(filled: np.ndarray) -> np.ndarray:
    """The maps that become those halves."""
    maps = np.zeros((len(filled), SIDE, SIDE), np.float32)
    maps[filled, :, SIDE // 2 :] = 1
    return maps


def pretend_training(workspace: Workspace, variant: str, maps, head=None, seeds: int = 2) -> None:
    """Writes what training a variant writes: ``maps(filled)`` and ``head(filled)`` give its predictions."""
    part = split(workspace, workspace.config.variants[variant])
    nonempty, arrays = load(workspace.prepared("ultrasound")).nonempty, {}
    for name, value in (("validation", VALIDATION), ("test", TEST)):
        index = arrays[f"{name}/index"] = np.flatnonzero(part == value)
        arrays[f"{name}/probability"] = np.stack([maps(nonempty[index])] * seeds).astype(np.float16)
        if head is not None:
            arrays[f"{name}/has_mask_logit"] = np.stack([head(nonempty[index])] * seeds).astype(np.float32)
    write_npz(workspace.run(variant) / "predictions.npz", **arrays)
    lines = [f"{seed},{epoch},{1 - 0.1 * epoch}" for seed in range(seeds) for epoch in range(3)]
    write_text(workspace.run(variant) / "history.csv", "\n".join(["seed,epoch,val_loss", *lines]) + "\n")
    counts = {"test": int((part == TEST).sum()), "train": int((part == 0).sum()), "validation": int((part == 1).sum())}
    write_json(workspace.run(variant) / "run.json", {"parameters": 1234, "epochs": [3] * seeds, "examples": counts})


def pretend_all(workspace: Workspace) -> None:
    """raw predicts nothing; cleaned is perfect; the head then silences it; the starter says everything."""
    pretend_training(workspace, "raw", lambda filled: 0 * perfect(filled))
    pretend_training(workspace, "cleaned", perfect)
    pretend_training(workspace, "cleaned_has_mask", perfect, lambda filled: np.full(len(filled), -5.0))
    pretend_training(workspace, "starter", lambda filled: np.ones((len(filled), SIDE, SIDE)))
    pretend_training(workspace, "raw_by_image", perfect)


def new_workspace(folder: Path, source: str) -> Workspace:
    (folder / "params.yaml").write_text((ROOT / "params.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    set_value(folder / "params.yaml", "scale=smoke")
    set_value(folder / "params.yaml", f"data.source={source}")
    return Workspace("ultrasound", folder)


def write_kaggle(folder: Path, frames: Frames) -> None:
    folder.mkdir(parents=True)
    for name, image, mask in zip(frames.names, frames.images, frames.masks, strict=True):
        Image.fromarray(image).save(folder / f"{name}.tif")
        Image.fromarray(mask.astype(np.uint8) * 255).save(folder / f"{name}_mask.tif")


@pytest.fixture(scope="module", autouse=True)
def judged_however_few():
    """The sets here are tiny; what is tested is what the findings say, not that they are withheld."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(claims, "TEST_FRAMES", 1)
        patch.setattr(claims, "WHOLE_SET", 1)
        patch.setattr(claims, "LEARNT", 0.0)
        yield


@pytest.fixture(scope="module")
def generated(tmp_path_factory) -> tuple[Workspace, Evidence]:
    workspace = new_workspace(tmp_path_factory.mktemp("generated"), "generated")
    prepare(half_frames(), workspace.prepared("ultrasound"), SIDE)
    clean(workspace)
    pretend_all(workspace)
    return workspace, claims.evaluate(workspace)


@pytest.fixture(scope="module")
def real(tmp_path_factory) -> tuple[Workspace, Evidence]:
    workspace = new_workspace(tmp_path_factory.mktemp("real"), "real")
    write_kaggle(workspace.raw("ultrasound") / "train", half_frames())
    prepare_stage(Workspace("", workspace.root), "ultrasound")
    clean(workspace)
    pretend_all(workspace)
    return workspace, claims.evaluate(workspace)


@pytest.fixture(params=["generated", "real"])
def either(request) -> tuple[Workspace, Evidence]:
    return request.getfixturevalue(request.param)


def findings(evidence: Evidence, claim: int) -> list:
    return [finding for finding in evidence.findings if finding.claim == claim]


def labels_of_test_frames(workspace: Workspace, variant: str) -> tuple[np.ndarray, np.ndarray]:
    """(n,) whether the test frames' labels show a nerve, by label and by truth."""
    prepared = load(workspace.prepared("ultrasound"))
    index = np.flatnonzero(split(workspace, workspace.config.variants[variant]) == TEST)
    return prepared.nonempty[index], prepared.true_masks[index].any((1, 2))


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


def test_few_frames_or_a_part_of_the_set_earn_no_verdict(real, monkeypatch):
    monkeypatch.setattr(claims, "TEST_FRAMES", 50)
    monkeypatch.setattr(claims, "WHOLE_SET", 5_000)
    evidence = claims.evaluate(real[0])
    barred = {f.claim for f in evidence.findings if f.kind == "claim" and f.undecided}
    assert barred == {82, 85, 86, 87}
    assert {findings(evidence, claim)[0].verdict for claim in barred} == {"inconclusive"}
    assert "test frames" in findings(evidence, 86)[0].undecided


def test_a_baseline_that_has_not_learnt_earns_no_verdict(generated, monkeypatch):
    monkeypatch.setattr(claims, "LEARNT", 0.3)  # the pretended baseline predicts nothing
    evidence = claims.evaluate(generated[0])
    assert {f.claim for f in evidence.findings if f.undecided} == {82, 86, 87}
    assert {findings(evidence, claim)[0].verdict for claim in (82, 86, 87)} == {"inconclusive"}
    assert "0.00" in findings(evidence, 82)[0].undecided


def test_the_data_say_what_they_are(generated, real):
    assert generated[1].data == "generated: 7 subjects, 56 frames of 64 x 96"
    assert real[1].data.startswith("real: 7 subjects, 56 frames of 64 x 96 (a part of Kaggle's 47")
    assert "planted" in generated[1].about
    assert "planted" not in real[1].about


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
    scores = claims.score(workspace, load(workspace.prepared("ultrasound")), "cleaned")
    np.testing.assert_array_equal(scores.dice, np.ones((2, len(true))))
    np.testing.assert_array_equal(scores.true_dice, np.stack([labelled == true] * 2))
    against_truth = next(f for f in findings(evidence, 86) if "before any was flipped" in f.measures)
    assert against_truth.effect.value == pytest.approx(np.mean((labelled == true).astype(float) - ~true))


def test_exact_claims_hold(either):
    assert [f.verdict for f in findings(either[1], 80)] == ["reproduced"] * 2
    round_trip = findings(either[1], 79)[0]
    assert (round_trip.effect.value, round_trip.effect.n, round_trip.verdict) == (1, 56, "reproduced")


def test_the_share_dropped_is_measured_against_what_was_planted(generated):
    workspace, evidence = generated
    prepared = load(workspace.prepared("ultrasound"))
    planted = 0.0
    for group in prepared.duplicate_group:
        planted += len(set(prepared.nonempty[prepared.duplicate_group == group].tolist())) == 2
    (finding,) = findings(evidence, 85)
    assert f"planted {planted / 56:.3f}" in finding.note
    assert finding.effect.low <= finding.effect.value <= finding.effect.high


def test_finders_are_scored_against_what_was_planted(generated):
    workspace, evidence = generated
    prepared = load(workspace.prepared("ultrasound"))
    group = prepared.duplicate_group
    planted = {(i, j) for i in range(56) for j in range(i + 1, 56) if group[i] == group[j]}
    with np.load(workspace.prepared("ultrasound_cleaning")) as archive:
        for name in ("strips", "blocks", "robust"):
            found = {tuple(pair) for pair in archive[f"{name}/pairs"].tolist()}
            precision, recall = (f.effect for f in findings(evidence, 84) if f"`{name}`" in f.measures)
            assert precision.value == pytest.approx(len(found & planted) / len(found))
            assert recall.value == pytest.approx(len(found & planted) / len(planted))
    judged = [(f.variant, f.kind) for f in findings(evidence, 84) if f.kind == "claim"]
    assert judged == [("code", "claim")] * 2


def test_cleaning_holds_every_hash_and_both_rules(either):
    workspace, _ = either
    subject = load(workspace.prepared("ultrasound")).subject
    with np.load(workspace.prepared("ultrasound_cleaning")) as archive:
        for name in ("strips", "blocks", "robust", "uint8_slip"):
            pairs = archive[f"{name}/pairs"]
            assert (subject[pairs[:, 0]] == subject[pairs[:, 1]]).all()
        both, origin = archive["dropped/both"], archive["dropped/origin"]
        assert both.shape == origin.shape == (56,)
        assert both.any()
        assert not (origin & ~both).any()  # origin drops only the empty one of each pair
        wide, near = archive["strips/wide_distances"], archive["strips/distances"]
        assert len(wide) >= len(near) == (wide < float(archive["strips/threshold"])).sum()


def test_cleaning_again_gives_the_same_bytes(generated):
    workspace, _ = generated
    path = workspace.prepared("ultrasound_cleaning")
    before = path.read_bytes()
    clean(workspace)
    assert path.read_bytes() == before


def test_evidence_is_written_with_every_figure_it_names(either):
    workspace, evidence = either
    evidence.write(workspace.evidence, scale="smoke")
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
    assert all(len(row) == len(calibration.columns) for row in calibration.rows)
    assert all(len(row) == len(scores.columns) for row in scores.rows)
    assert all(len(row) == len(hashes.columns) for row in hashes.rows)
    with np.load(workspace.prepared("ultrasound_cleaning")) as archive:
        strips = int(archive["strips/features"])
    assert [row[1] for row in hashes.rows if row[0] in ("strips", "uint8 slip")] == [strips, strips]


def test_without_near_duplicates_there_is_no_verdict_on_their_labels(real, tmp_path):
    workspace, _ = real
    alone = new_workspace(tmp_path, "real")
    prepared = load(workspace.prepared("ultrasound"))
    with np.load(workspace.prepared("ultrasound_cleaning")) as archive:
        none = {name: array[:0] if "pairs" in name or "dist" in name else array for name, array in archive.items()}
    none["dropped/both"] = np.zeros(56, bool)
    by_claim = {f.claim: f for f in claims._duplicate_findings(alone, prepared, none, generated=False)}
    assert by_claim[83].verdict == "inconclusive"
    assert by_claim[84].effect.value == 0
    assert by_claim[85].verdict == "contradicted"

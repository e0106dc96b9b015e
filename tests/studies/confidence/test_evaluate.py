"""Claims 29-41 are all answered; made-up logits score what they must; what cannot be judged is not."""

from __future__ import annotations

import numpy as np
import pytest

from reprise.claims.ledger import judge
from reprise.config import ConfigError, load
from reprise.evaluation import evaluate_study
from reprise.files import write_npz
from reprise.studies.confidence.comparisons import floor_remark
from reprise.studies.confidence.evaluate import evaluate
from reprise.workspace import Workspace

CLAIMS = set(range(29, 42))


def finding(evidence, claim, start):
    return next(f for f in evidence["findings"] if f["claim"] == claim and f["measures"].startswith(start))


def verdict(evidence, claim):
    return judge([f for f in evidence["findings"] if f["claim"] == claim])[0]


def test_every_claim_is_answered(evidence):
    assert {f["claim"] for f in evidence["findings"]} == CLAIMS
    assert {f["claim"] for f in evidence["findings"] if f["kind"] == "claim"} == CLAIMS


def test_every_oracle_agrees(evidence):
    oracles = [f for f in evidence["findings"] if f["kind"] == "oracle"]
    assert {f["claim"] for f in oracles} >= {30, 37, 39, 41}
    assert all(f["verdict"] == "reproduced" for f in oracles)


def test_logits_that_are_too_large_are_found_and_mended(evidence):
    for claim, start in ((31, "Mean confidence minus"), (41, "ECE after temperature"), (36, "ECE after histogram")):
        assert finding(evidence, claim, start)["verdict"] == "reproduced"
    assert finding(evidence, 41, "Predictions that temperature")["effect"]["value"] == 0
    assert finding(evidence, 34, "Test NLL")["verdict"] == "reproduced"  # the best epoch's were half as large
    assert finding(evidence, 34, "Test error")["verdict"] != "reproduced"  # but the same predictions


def test_images_that_scale_the_logits_inflate_the_confidence_as_the_logits_do(evidence):
    found = finding(evidence, 29, "Mean confidence, images")
    assert found["verdict"] == "reproduced"
    assert finding(evidence, 29, "Accuracy, images")["effect"]["value"] == 0


def test_the_printed_formula_gives_every_class_the_same(evidence):
    found = finding(evidence, 30, "Largest confidence in any class")
    assert found["effect"]["value"] == pytest.approx(0.1)
    assert found["defect"] == 3


def test_a_hundred_classes_are_needed_to_judge_matrix_scaling(evidence):
    found = finding(evidence, 40, "ECE, matrix")
    assert (found["kind"], found["verdict"]) == ("claim", "inconclusive")
    assert "measured with 10 classes; the claim is about a hundred" in found["note"]
    assert verdict(evidence, 40) == "inconclusive"


def test_no_better_than_temperature_scaling_is_judged_for_bayesian_binning(evidence):
    found = finding(evidence, 38, "ECE, BBQ minus temperature")
    assert (found["kind"], found["expected"]) == ("claim", "≥ 0")


def test_captions_say_which_error_is_chance(evidence, pair):
    captions = {each.get("name", each["title"]): each["caption"] for each in evidence["tables"] + evidence["figures"]}
    said = {name for name, text in captions.items() if "A perfectly calibrated network would by chance show" in text}
    assert said == {"ECE by method", "Networks", "reliability", "methods", "capacity", "scatter"}
    floor = f"{100 * pair[0].measures['vector']['floor'].mean():.2f}"
    assert f"show an ECE of {floor} %" in floor_remark(pair[:1], ["vector"])


def test_the_table_has_the_papers_rows_beside_ours(evidence, space):
    table = next(t for t in evidence["tables"] if t["title"] == "ECE by method")
    assert len(table["rows"]) == len(space.config.variants) + 10
    row = next(row for row in table["rows"] if row[1] == "ResNet-110")
    assert [float(value) for value in row[2:]] == [4.6, 0.58, 0.81, 0.54, 0.83, 0.88, 1.0]


def test_the_same_predictions_give_the_same_bytes(space, evidence):
    before = {p.name: p.read_bytes() for p in space.evidence.rglob("*") if p.is_file()}
    evaluate_study(space)
    assert {p.name: p.read_bytes() for p in space.evidence.rglob("*") if p.is_file()} == before


def copied(space, folder, old, new):
    """The study's parameters in another folder, with one piece of text changed."""
    for name in ("params.yaml", "pipelines/confidence/params.yaml"):
        text = (space.root / name).read_text(encoding="utf-8")
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    return Workspace("confidence", folder)


def test_a_variant_that_claims_need_must_be_there(space, tmp_path):
    other = copied(space, tmp_path, "  resnet_wide:", "  resnet_broad:")
    with pytest.raises(ValueError, match=r"pipelines/confidence/params\.yaml.*resnet_wide"):
        evaluate(other)


def test_training_on_the_test_images_is_refused(space, tmp_path):
    copied(space, tmp_path, "  network: resnet\n", "  network: resnet\n  protocol: source\n")
    with pytest.raises(ConfigError, match=r"confidence.*protocol"):
        load(tmp_path).study("confidence")


def test_networks_tested_on_other_images_are_not_compared(space):
    path = space.run("lenet5") / "predictions.npz"
    whole = path.read_bytes()
    with np.load(path) as archive:
        arrays = dict(archive)
    try:
        write_npz(path, **arrays | {"test/index": arrays["test/index"][:, ::-1]})
        with pytest.raises(ValueError, match=r"lenet5 was tested on 300 examples that are not the 300"):
            evaluate(space)
    finally:
        path.write_bytes(whole)

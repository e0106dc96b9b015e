"""Claims 29-41 are all answered; made-up logits score what they must; what cannot be judged is not."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from tests.studies.confidence.conftest import SEEDS

from reprise.config import ConfigError, load
from reprise.evaluation import declarations, evaluate_study
from reprise.files import write_npz
from reprise.studies.confidence.comparisons import floor_remark
from reprise.studies.confidence.evaluate import evaluate
from reprise.workspace import Workspace

CLAIMS, BUILT = set(range(29, 42)), {32, 36, 37, 38, 39, 40}


def finding(evidence, claim, start):
    return next(f for f in evidence["findings"] if f["claim"] == claim and f["measures"].startswith(start))


def kinds(evidence, kind):
    return [f["claim"] for f in evidence["findings"] if f["kind"] == kind]


def test_every_claim_is_answered_by_one_primary_finding_or_is_built(evidence):
    assert {f["claim"] for f in evidence["findings"]} == CLAIMS
    assert sorted(kinds(evidence, "primary")) == [29, 30, 31, 33, 33, 33, 34, 35, 41, 41, 41, 41, 41]
    assert {int(claim) for claim, each in evidence["declared"].items() if each["built"]} == BUILT
    assert set(kinds(evidence, "oracle")) >= BUILT
    assert not BUILT & set(kinds(evidence, "secondary"))


def test_every_oracle_agrees(evidence):
    oracles = [f for f in evidence["findings"] if f["kind"] == "oracle"]
    assert {f["claim"] for f in oracles} == {30, 32, 36, 37, 38, 39, 40, 41}
    assert all(f["verdict"] == "reproduced" for f in oracles)


def test_generated_images_stand_in_for_real_ones(evidence):
    found = {int(claim): each["kind"] for claim, each in evidence["declared"].items()}
    assert {claim for claim, kind in found.items() if kind == "built"} == BUILT
    assert found[29] == "arithmetic"
    assert {kind for claim, kind in found.items() if claim not in {29, *BUILT}} == {"stand-in"}


def test_logits_that_are_too_large_are_found_and_mended(evidence):
    for claim, start in ((31, "Expected"), (31, "Mean confidence minus"), (41, "ECE after temp")):
        assert finding(evidence, claim, start)["verdict"] == "reproduced"
    assert finding(evidence, 41, "Predictions that temperature")["effect"]["value"] == 0


def test_the_same_predictions_are_no_better_ones_though_the_loss_is_overfitted(evidence):
    assert finding(evidence, 34, "Test NLL")["verdict"] == "reproduced"  # the best epoch's were half as large
    assert finding(evidence, 34, "Test error")["verdict"] == "contradicted"  # but the same predictions


def test_images_that_scale_the_logits_inflate_the_confidence_as_the_logits_do(evidence):
    found = finding(evidence, 29, "Mean confidence of the residual network")
    assert (found["kind"], found["verdict"]) == ("secondary", "reproduced")
    least = finding(evidence, 29, "Smallest rise")
    assert (least["kind"], least["verdict"]) == ("primary", "reproduced")
    assert 0 < least["effect"]["value"] < 1e-3
    assert finding(evidence, 29, "Share of test images")["effect"]["value"] > 0.9
    assert finding(evidence, 29, "Accuracy, images")["effect"]["value"] == 0


def test_the_printed_formula_gives_every_class_the_same(evidence):
    (found,) = (f for f in evidence["findings"] if f["kind"] == "slip")
    assert found["effect"]["value"] == pytest.approx(0.9, abs=0.01)  # 1 against a tenth
    assert (found["defect"], found["verdict"]) == (3, "contradicted")
    assert "each class gets 1 / 10 whatever the image; here 0.1 to 0.1" in found["note"]


def test_the_sources_examples_are_told_apart_by_both_measures(evidence):
    found = finding(evidence, 32, "Least of expected and maximum error")
    assert (found["effect"]["value"], found["kind"]) == (pytest.approx(0.4), "context")


def test_captions_say_which_error_is_chance(evidence, pair):
    captions = {each.get("name", each["title"]): each["caption"] for each in evidence["tables"] + evidence["figures"]}
    said = {name for name, text in captions.items() if "A perfectly calibrated network would by chance show" in text}
    assert said == {"ECE by method", "Networks", "reliability", "methods", "capacity", "scatter"}
    floor = f"{100 * pair[0].measures['vector']['floor'].mean():.2f}"
    assert f"show an ECE of {floor} %" in floor_remark(pair[:1], ["vector"])


def test_the_figure_counts_methods_without_the_networks_as_they_are(evidence):
    assert next(f["title"] for f in evidence["figures"] if f["name"] == "methods") == "6 methods, and none"


def test_the_table_has_the_papers_rows_beside_ours(evidence, space):
    table = next(t for t in evidence["tables"] if t["title"] == "ECE by method")
    assert len(table["rows"]) == len(space.config.variants) + 10
    row = next(row for row in table["rows"] if row[1] == "ResNet-110")
    assert [float(value) for value in row[2:]] == [4.6, 0.58, 0.81, 0.54, 0.83, 0.88, 1.0]


def test_the_same_predictions_give_the_same_bytes(space, evidence):
    before = {p.name: p.read_bytes() for p in space.evidence.rglob("*") if p.is_file()}
    evaluate_study(space)
    assert {p.name: p.read_bytes() for p in space.evidence.rglob("*") if p.is_file()} == before


def test_further_seeds_of_one_variant_count_where_it_stands_alone(space, tmp_path):
    more = Workspace("confidence", shutil.copytree(space.root, tmp_path / "more"))
    for place in (more.run, more.probe):
        shutil.copytree(place("resnet"), place("resnet", SEEDS))
    found = evaluate_study(more)
    seeds = {
        claim: {f.effect.seeds for f in found.findings if (f.claim, f.kind) == (claim, "primary")} for claim in CLAIMS
    }
    assert {claim for claim, each in seeds.items() if each == {2 * SEEDS}} == {30}
    assert {claim for claim, each in seeds.items() if each == {SEEDS}} == {31, 33, 34, 41}
    assert "9 networks, 3 to 6 seeds each" in found.data


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
        evaluate(other, declarations("confidence"))


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
            evaluate(space, declarations("confidence"))
    finally:
        path.write_bytes(whole)

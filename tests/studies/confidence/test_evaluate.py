"""Claims 29-41 are all answered; made-up logits score what they must; distortions and attacks are what they say."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from reprise.claims._confidence_findings import CONTRASTS, capacity_findings, modern, rank_correlation
from reprise.claims._confidence_methods import _isotonic_oracles, method_findings
from reprise.claims._confidence_published import METHODS, published
from tests.conftest import ROOT

from reprise.calibration import TemperatureScaling
from reprise.calibration.report import METHODS as METHODS_OF
from reprise.claims import _confidence_scores as scores
from reprise.claims import confidence as claims
from reprise.claims.ledger import judge
from reprise.config import TrainingConfig, load, set_value
from reprise.data import cifar
from reprise.files import write_json, write_npz, write_text
from reprise.metrics.calibration import error_rate, expected_calibration_error
from reprise.stages.evaluate import evaluate
from reprise.studies import confidence as study
from reprise.training import train_seed
from reprise.workspace import Workspace

CLAIMS = set(range(29, 42))
SEEDS, DISTORTED = 3, 40


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    root = tmp_path_factory.mktemp("confidence")
    (root / "params.yaml").write_text((ROOT / "params.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    set_value(root / "params.yaml", "scale=smoke")
    workspace = Workspace("confidence", root)
    config = cifar.Config(train=500, test=300, seed=0)
    path = workspace.prepared("cifar")
    path.parent.mkdir(parents=True)
    cifar.make(config, "generated", workspace.raw("cifar"), path)
    return workspace


def noisy(labels: np.ndarray, rng: np.random.Generator, sharpness: float, noise: float = 1.2) -> np.ndarray:
    """(SEEDS, n, 10) logits: right more often than not, ``sharpness`` times as large as they should be."""
    return sharpness * (2 * np.eye(10)[labels] + noise * rng.standard_normal((SEEDS, len(labels), 10)))


def pretend_all(workspace: Workspace) -> None:
    """What training would write, with logits that are about three times too large for every variant."""
    images = cifar.load(workspace.prepared("cifar"))
    every = np.concatenate([images.train_labels, images.test_labels])
    for i, (name, settings) in enumerate(workspace.config.variants.items()):
        rng = np.random.default_rng(i)
        _, validation, test = cifar.parts(images, 0, "held_out", settings.held_out)
        arrays = {"validation/index": validation.index, "test/index": test.index}
        sharpness = 4 + 0.3 * i
        for part, index in (("validation", validation.index), ("test", test.index)):
            arrays[f"last/{part}/logits"] = noisy(every[index], rng, sharpness)
            arrays[f"{part}/logits"] = arrays[f"last/{part}/logits"] / 2
        first = arrays["last/test/logits"][:, :DISTORTED]
        arrays["inflated/logits"] = 1.3 * first
        for kind, strengths in study.STRENGTHS.items():
            arrays[f"distorted/{kind}"] = np.stack([first * 0.7**k for k in range(1, len(strengths) + 1)], axis=1)
        write_npz(
            workspace.run(name) / "predictions.npz",
            **{key: a if a.dtype.kind == "i" else a.astype(np.float32) for key, a in arrays.items()},
        )
        lines = [f"{s},{e},{2 - 0.1 * e},{0.1 * e},{2 - 0.2 * e}" for s in range(SEEDS) for e in range(3)]
        text = "\n".join(["seed,epoch,val_loss,val_accuracy,train_loss", *lines])
        write_text(workspace.run(name) / "history.csv", text + "\n")
        counts = {"train": 100, "validation": len(validation.index), "test": len(test.index)}
        write_json(workspace.run(name) / "run.json", {"parameters": 9, "epochs": [3] * SEEDS, "examples": counts})


@pytest.fixture(scope="module")
def evidence(workspace):
    pretend_all(workspace)
    evaluate(workspace)
    return json.loads((workspace.evidence / "evidence.json").read_text(encoding="utf-8"))


def finding(evidence, claim, start):
    return next(f for f in evidence["findings"] if f["claim"] == claim and f["measures"].startswith(start))


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


def verdict(evidence, claim):
    return judge([f for f in evidence["findings"] if f["claim"] == claim])[0]


def test_a_hundred_classes_are_needed_to_judge_matrix_scaling(evidence):
    found = finding(evidence, 40, "ECE, matrix")
    assert (found["kind"], found["verdict"]) == ("claim", "inconclusive")
    assert "measured with 10 classes; the claim is about a hundred" in found["note"]
    assert verdict(evidence, 40) == "inconclusive"


def test_no_better_than_temperature_scaling_is_judged_for_bayesian_binning(evidence):
    found = finding(evidence, 38, "ECE, BBQ minus temperature")
    assert (found["kind"], found["expected"]) == ("claim", "≥ 0")


def test_nine_networks_are_said_to_be_too_few_for_a_weak_correlation(evidence):
    assert (
        "with 9 networks even a correlation of 0 cannot be shown to be weak: that takes 16"
        in (finding(evidence, 35, "Rank correlation of test error and ECE over networks")["note"])
    )
    for n, weak in ((15, False), (16, True)):
        x = np.arange(n)
        y = min((np.random.default_rng(seed).permutation(n) for seed in range(3000)), key=lambda y: abs(rho(x, y)))
        assert abs(rho(x, y)) < 0.01
        assert (rank_correlation(x, y).high < 0.5) == weak


def rho(x, y):
    return np.corrcoef(x, y)[0, 1]


@pytest.fixture(scope="module")
def pair(workspace, evidence):
    images = cifar.load(workspace.prepared("cifar"))
    return [scores.measure(workspace, images, name) for name in ("resnet", "resnet_wide")]


def test_test_images_are_drawn_again_jointly_for_the_interval_of_an_error(pair):
    one, other = pair
    found = scores.compared([(one, "vector"), (other, "vector")], [(one, "matrix"), (other, "matrix")])
    rng, n, replicates = np.random.default_rng(5), len(one.labels), []
    tables = {(s, m): [tables_of(s, m, seed) for seed in range(SEEDS)] for s in pair for m in ("vector", "matrix")}
    for _ in range(300):
        rows = rng.integers(0, n, n)
        ece = {
            key: np.mean([expected_calibration_error(p[rows], key[0].labels[rows]) for p in each])
            for key, each in tables.items()
        }
        replicates.append(np.mean([ece[s, "vector"] - ece[s, "matrix"] for s in pair]))
    assert found.examples_half == pytest.approx(1.96 * np.std(replicates), rel=0.15)
    ends = [np.mean([s.measures[m]["ece"] for s in pair]) for m in ("vector", "matrix")]
    assert found.value == pytest.approx(ends[0] - ends[1])
    over_seeds = 4.303 * found.seed_spread / np.sqrt(SEEDS)
    assert found.high - found.value == pytest.approx(np.hypot(over_seeds, found.examples_half), rel=1e-3)


def tables_of(s, method, seed):
    return METHODS_OF[method]().fit(s.validation[seed], s.validation_labels).transform(s.logits[seed])


def test_samples_of_the_images_centre_on_the_error_and_the_likelihood(pair):
    for method in METHODS:
        for measure in ("error", "nll"):
            drawn, measured = pair[0].resampled[method][measure], pair[0].measures[method][measure]
            assert drawn.mean(axis=1) == pytest.approx(measured, abs=4 * drawn.std() / np.sqrt(scores.REPLICATES))
    p = scores.softmax_of(pair[0].logits)[0]
    assert pair[0].measures["uncalibrated"]["error"][0] == error_rate(p, pair[0].labels)


def test_the_noise_floor_is_the_error_of_simulated_answers():
    rng = np.random.default_rng(3)
    confidence = rng.uniform(0.3, 1, 400)
    p = np.column_stack([confidence, *[(1 - confidence) / 9] * 9])
    simulated = [
        expected_calibration_error(p, np.where(rng.random(400) < confidence, 0, 1), check=False) for _ in range(1000)
    ]
    assert scores.noise_floor(confidence) == pytest.approx(np.mean(simulated), rel=0.08)
    assert scores.noise_floor(np.ones(400)) == 0
    assert scores.noise_floor(np.tile(confidence, 100)) < 0.2 * scores.noise_floor(confidence)


def test_captions_say_which_error_is_chance(evidence, pair):
    captions = {each.get("name", each["title"]): each["caption"] for each in evidence["tables"] + evidence["figures"]}
    said = {name for name, text in captions.items() if "A perfectly calibrated network would by chance show" in text}
    assert said == {"ECE by method", "Networks", "reliability", "methods", "capacity", "scatter"}
    floor = f"{100 * pair[0].measures['vector']['floor'].mean():.2f}"
    assert f"show an ECE of {floor} %" in scores.floor_remark(pair[:1], ["vector"])


def test_a_network_that_is_too_unsure_is_named(pair, evidence):
    unsure = replace(pair[1], logits=pair[1].logits / 50)
    names = {name for two in CONTRASTS.values() for name in two}
    every = dict.fromkeys(names, pair[0]) | {"resnet_more_decay": unsure}
    notes = [f.note for f in capacity_findings(every) if f.claim == 33 and f.kind == "claim"]
    assert ["resnet_more_decay is underconfident (-0." in note for note in notes] == [False, False, False, True]
    assert not any("underconfident" in f["note"] for f in evidence["findings"])


def test_what_all_networks_share_cancels(pair):
    same = scores.compared([(pair[0], "vector")], [(pair[0], "vector")])
    assert (same.low, same.high) == (0, 0)


def test_comparisons_that_judge_one_claim_have_wider_intervals(pair):
    sides = [(pair[0], "temperature")], [(pair[0], "histogram")]
    alone, five = scores.compared(*sides), scores.compared(*sides, together=5)
    assert five.high - five.low > 1.3 * (alone.high - alone.low)
    found = method_findings({"resnet": pair[0]}, pair[0])
    judged = next(f for f in found if f.measures.startswith("ECE, temperature minus histogram"))
    assert (judged.effect.low, judged.effect.high) == (five.low, five.high)


def test_variants_of_equal_settings_are_two(pair):
    one = pair[0]
    twin = replace(one, labels=one.labels.copy(), logits=one.logits.copy())
    assert twin not in [one]
    assert modern({"one": one, "twin": twin}) == [one, twin]


@pytest.fixture(scope="module")
def saturated():
    """Logits of a network that is always right, and so sure that its probabilities differ by less than 1e-15."""
    labels = np.arange(200) % 10
    rng = np.random.default_rng(0)
    logits = 40 * np.eye(10)[labels] + 3 * rng.standard_normal((SEEDS, 200, 10))
    return logits, labels


def test_isotonic_regression_of_saturated_scores_equals_the_reference(pair, saturated):
    logits, labels = saturated
    wrong = np.where(np.random.default_rng(1).random(200) < 0.3, (labels + 1) % 10, labels)
    main = SimpleNamespace(validation=logits, validation_labels=wrong, logits=logits)
    oracle = next(f for f in _isotonic_oracles(main) if f.kind == "oracle")
    assert oracle.verdict == "reproduced"


def test_temperatures_that_stand_for_a_limit_may_cost_their_slack(pair, saturated):
    logits, labels = saturated
    one = np.ones(SEEDS)
    with pytest.warns(RuntimeWarning, match="every held-out prediction is right"):
        after = [TemperatureScaling().fit(z, labels).temperature for z in logits]
    nll = [[scores.example_nll(z / t, labels).mean() for z, t in zip(logits, ts, strict=True)] for ts in (one, after)]
    sure = replace(pair[0], validation=logits, validation_labels=labels, validation_nll=np.array(nll))
    with pytest.warns(RuntimeWarning):
        found = method_findings({"sure": sure}, sure)
    rise = next(f for f in found if f.measures.startswith("Largest rise of validation NLL"))
    assert rise.effect.value > 0
    assert rise.verdict == "reproduced"
    assert all(f.verdict == "reproduced" for f in found if f.claim == 41 and f.kind == "oracle")


def test_the_table_has_the_papers_rows_beside_ours(evidence, workspace):
    table = next(t for t in evidence["tables"] if t["title"] == "ECE by method")
    assert len(table["rows"]) == len(workspace.config.variants) + 10
    row = next(row for row in table["rows"] if row[1] == "ResNet-110")
    assert [float(value) for value in row[2:]] == [4.6, 0.58, 0.81, 0.54, 0.83, 0.88, 1.0]


def test_the_same_predictions_give_the_same_bytes(workspace, evidence):
    before = {p.name: p.read_bytes() for p in workspace.evidence.rglob("*") if p.is_file()}
    evaluate(workspace)
    assert {p.name: p.read_bytes() for p in workspace.evidence.rglob("*") if p.is_file()} == before


def test_a_variant_that_claims_need_must_be_there(workspace, tmp_path):
    text = (workspace.root / "params.yaml").read_text(encoding="utf-8")
    (tmp_path / "params.yaml").write_text(text.replace("    resnet_wide:", "    resnet_broad:"), encoding="utf-8")
    with pytest.raises(ValueError, match="resnet_wide"):
        claims.evaluate(Workspace("confidence", tmp_path))


def test_auroc_by_counting_pairs():
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 6, 40).astype(float), rng.integers(0, 5, 30).astype(float)
    pairs = [(x > y) + 0.5 * (x == y) for x in a for y in b]
    assert scores.auroc(a, b) == pytest.approx(np.mean(pairs))
    assert np.isnan(scores.auroc(a, a[:0]))


def test_rank_correlation_of_a_monotone_relation_and_of_too_few_pairs():
    assert rank_correlation([1, 2, 3, 4, 5], [1, 4, 9, 16, 25]).value == pytest.approx(1)
    few = rank_correlation([1, 2, 3], [3, 2, 1])
    assert (few.low, few.high) == (-1, 1)


def test_example_nll_is_the_log_of_the_softmax():
    rng = np.random.default_rng(1)
    logits, labels = 30 * rng.standard_normal((2, 50, 4)), rng.integers(0, 4, 50)
    p = scores.softmax_of(logits)[:, np.arange(50), labels]
    np.testing.assert_allclose(scores.example_nll(logits, labels), -np.log(p), rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("kind", ["blur", "jpeg", "noise"])
def test_distortions_grow_with_their_strength(kind):
    images = np.random.default_rng(0).integers(0, 256, (6, 32, 32, 3), dtype=np.uint8)
    images[3:] = images[3:] // 8 * 2 + 96
    views = study.distort(images, kind)
    assert views.shape == (len(study.STRENGTHS[kind]), *images.shape)
    assert views.dtype == np.uint8
    away = np.square(views.astype(float) - images).mean(axis=(1, 2, 3, 4))
    assert (np.diff(away) > 0).all()
    np.testing.assert_array_equal(views, study.distort(images, kind))


def test_a_constant_image_survives_blur():
    images = np.full((1, 32, 32, 3), 77, np.uint8)
    np.testing.assert_array_equal(study.distort(images, "blur"), np.broadcast_to(images, (5, 1, 32, 32, 3)))


@pytest.fixture(scope="module")
def trained(workspace):
    settings = workspace.config.variants["resnet"].model_copy(update={"distorted": 12})
    data = study.data(workspace, settings, 0)
    training = TrainingConfig(accelerator="cpu", precision="32-true", threads=1)
    return settings, data, train_seed(study, settings, data, 0, training)


def test_what_is_predicted_beyond_the_parts(trained):
    _, data, result = trained
    shapes = {name: array.shape for name, array in result.predictions.items()}
    assert shapes["last/validation/logits"] == (len(data.validation["index"]), 10)
    assert shapes["inflated/logits"] == (12, 10)
    assert all(shapes[f"distorted/{kind}"] == (len(s), 12, 10) for kind, s in study.STRENGTHS.items())


def test_the_rate_falls_where_it_is_told_to(trained):
    settings, _, result = trained
    rates = [row["learning_rate"] for row in result.history]
    shares = [epoch / settings.epochs for epoch in range(settings.epochs)]
    expected = [settings.learning_rate * 0.1 ** sum(s >= d for d in settings.drops) for s in shares]
    assert rates == pytest.approx(expected)


def test_the_attack_moves_every_pixel_by_at_most_its_step_and_raises_the_loss(workspace):
    settings = workspace.config.variants["lenet5"].model_copy(update={"distorted": 64})
    data = study.data(workspace, settings, 0)
    torch.manual_seed(0)
    task = study.task(study.build(settings, data.shape, data.structure), settings, 0)
    test = {name: array[:64] for name, array in data.test.items()}
    views = study._attack(task, test)
    steps = np.abs(views.astype(int) - test["image"]).max(axis=(1, 2, 3, 4))
    assert steps.tolist() == list(study.STRENGTHS["fgsm"])

    def loss(images):
        batch = {"image": torch.from_numpy(images), "label": torch.from_numpy(test["label"])}
        with torch.no_grad():
            return float(task.loss(batch))

    assert loss(views[0]) > loss(test["image"])
    assert not any(p.requires_grad and p.grad is not None for p in task.model.parameters())


def test_training_on_the_test_images_is_refused(tmp_path, workspace):
    text = (workspace.root / "params.yaml").read_text(encoding="utf-8")
    text = text.replace("    network: resnet\n", "    network: resnet\n    protocol: source\n", 1)
    (tmp_path / "params.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"confidence.*protocol"):
        load(tmp_path / "params.yaml").study("confidence")


def test_published_errors_stand_beside_the_uncalibrated_ones():
    alone = "CIFAR-10, five networks, ECE in %: 4.6, 4.12, 4.52, 3.28, 3.02 (Guo et al., Table 1)"
    assert published("uncalibrated") == alone
    assert "4.6 → 0.83" in published("temperature")

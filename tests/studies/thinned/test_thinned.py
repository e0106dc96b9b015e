"""The study ``thinned``: exact claims, the updates of weights, and verdicts that made-up networks turn both ways."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from PIL import Image
from tests.conftest import ROOT
from tests.studies import made_up

from reprise.data.handwritten import handwritten
from reprise.evaluation import evaluate_study
from reprise.stages.sweep import sweep as run_sweep
from reprise.studies.thinned import forms, learning, lesson, updates
from reprise.studies.thinned.settings import Learning
from reprise.sweeps import read_sweep, write_sweep
from reprise.workspace import Workspace

STUDY = "thinned"
LEARNING = {
    "seeds": 12, "tested": 500, "few": 30, "many": 100, "small": 4, "large": 16, "noise": 0.2, "dropout": 0.5,
    "steps": 30, "fitted": 40, "batch": 16, "rate": 0.01, "removals": 3, "thinned": 0.2, "ensemble": 2,
}  # fmt: skip
IMAGES = handwritten(Workspace(STUDY, ROOT))


@pytest.fixture(scope="module")
def space(tmp_path_factory):
    learned = ", ".join(f"{key}: {value}" for key, value in LEARNING.items())
    params = f"{{repetitions: 40, adam: 10, learning: {{{learned}}}}}\n"
    return made_up.swept(tmp_path_factory.mktemp(STUDY), STUDY, params)


@pytest.fixture(scope="module")
def evidence(space):
    return evaluate_study(space)


def test_it_answers_its_claims(evidence):
    assert {finding.claim for finding in evidence.findings} == {18, 19, 20, 21, 22, 152, 191, 192, 193, 194}


def test_our_code_agrees_with_every_oracle(evidence):
    oracles = [finding for finding in evidence.findings if finding.kind == "oracle"]
    assert len(oracles) == 3
    assert {finding.verdict for finding in oracles} == {"reproduced"}


def test_what_is_exact_is_decided(evidence):
    verdicts = {claim: made_up.measured(evidence, claim) for claim in (18, 19, 20, 21, 22, 152, 191)}
    assert verdicts == {
        18: ["reproduced"],
        19: ["reproduced"],
        20: ["reproduced"] * 2,
        21: ["reproduced"],
        22: ["reproduced"],
        152: ["reproduced"],
        191: ["reproduced"],
    }


def test_every_slip_of_the_sources_is_shown(evidence):
    shown = {finding.defect for finding in evidence.findings if finding.defect and finding.verdict == "contradicted"}
    assert shown == {1, 18, 20}


def test_the_expectation_over_masks_is_what_drawing_many_gives():
    rng = np.random.default_rng(0)
    drawn = (rng.random((40_000, 8)) < 0.3) * forms.NEURONS
    assert forms.expected(forms.NEURONS, 0.3) == pytest.approx(drawn.mean(axis=0), rel=0.05)
    masks = lesson.every_mask(5)
    assert len(np.unique(masks, axis=0)) == 32
    assert lesson.weights_of(masks, 0.3).sum() == pytest.approx(1)


def test_gradient_descent_leaves_dropped_weights_alone_and_adam_does_not():
    for optimizer, changes in (("sgd", False), ("adam", True)):
        net = updates.Net(3, optimizer)
        net.step()
        change, kept = net.step()
        assert (change[:, kept] != 0).all()
        assert (change[:, ~kept] != 0).any() == changes


def test_adam_coasts_in_a_network_as_in_its_formula():
    """Of the weights that a first step gave a gradient, those whose unit the second drops move by the same length."""
    net = updates.Net(3, "adam")
    first, _ = net.step()
    change, kept = net.step()
    moved = np.abs(change[:, ~kept][first[:, ~kept] != 0]) / updates.RATES["adam"]
    assert len(moved)
    assert moved == pytest.approx(updates.coasting(), rel=1e-3)
    assert updates.coasting() == pytest.approx(0.9 * 0.1 / 0.19 / (0.999 * 0.001 / (1 - 0.999**2)) ** 0.5)


def test_the_first_step_of_adam_has_no_memory_to_move_by():
    change, kept = updates.Net(3, "adam").step()
    assert not change[:, ~kept].any()


def test_thinned_networks_are_those_of_a_plain_loop():
    rng = np.random.default_rng(1)
    layers = [(rng.normal(size=(3, 4)), rng.normal(size=3)), (rng.normal(size=(2, 3)), rng.normal(size=2)),
              (rng.normal(size=(5, 2)), rng.normal(size=5))]  # fmt: skip
    x, masks = rng.normal(size=(6, 4)), lesson.every_mask(5)
    logits = lesson.thinned(x, layers, masks, 0.4)
    for mask, found in zip(masks, logits, strict=True):
        h = np.maximum(layers[0][0] @ x.T + layers[0][1][:, None], 0) * mask[:3, None] / 0.4
        h = np.maximum(layers[1][0] @ h + layers[1][1][:, None], 0) * mask[3:, None] / 0.4
        assert pytest.approx(layers[2][0] @ h + layers[2][1][:, None]) == found.T


def test_cells_that_differ_in_dropout_alone_share_first_weights_and_order():
    config = Learning(**LEARNING | {"steps": 10, "seeds": 2})
    kinds = learning.cells(config)
    trained = [learning.train(config, kinds[name], IMAGES) for name in ("many", "many_dropped")]
    assert np.array_equal(trained[0].parts.train, trained[1].parts.train)
    assert not np.array_equal(trained[0].layers[0][0], trained[1].layers[0][0])


def test_the_accuracy_of_a_cell_is_that_of_its_layers():
    config = Learning(**LEARNING | {"seeds": 2})
    trained = learning.train(config, learning.cells(config)["noisy_large"], IMAGES)
    parts = trained.parts
    assert (parts.taught != parts.labels).mean() > 0.1
    for part, truth in (("train", parts.taught), ("test", parts.labels)):
        index = getattr(parts, part)[1]
        answers = trained.answers(1, trained.hidden(1, index)[-1])
        assert trained.accuracy[part][1] == pytest.approx((answers == truth[index]).mean(), abs=0.005)
    assert trained.rise.shape == (2,)


def made(space, tmp_path, **columns):
    """Evidence of made-up networks: columns of cells, laid over what the sweep has."""
    folder = tmp_path / "made"
    shutil.copytree(space.root, folder)
    other = Workspace(STUDY, folder)
    found = read_sweep(other)
    rng = np.random.default_rng(0)
    table = {name: column.copy() for name, column in found.columns.items()}
    for name, value in columns.items():
        cell, _, column = name.rpartition("__")
        rows = table["cell"] == cell
        table[column][rows] = value + rng.normal(scale=0.002, size=rows.sum())
    write_sweep(other.sweep, table, found.settings)
    return evaluate_study(other)


GAPS = {"few": 0.2, "many": 0.1, "noisy_large": 0.3, "noisy_small": 0.1, "few_dropped": 0.1, "noisy_dropped": 0.1}
FITTED = {f"{cell}__train": 0.995 for cell in GAPS} | {f"{cell}__rise": 0.0 for cell in GAPS}


@pytest.mark.parametrize(("sign", "verdict"), [(1, "reproduced"), (-1, "contradicted")])
def test_made_up_networks_turn_every_trained_claim(space, tmp_path, sign, verdict):
    columns = FITTED | {f"{cell}__test": 0.9 - (gap if sign > 0 else 0.4 - gap) for cell, gap in GAPS.items()}
    if sign < 0:  # what is held against them knows no fewer test images: narrower gaps come from training accuracy
        columns |= {f"{cell}__test": 0.8 for cell in GAPS}
        columns |= {f"{cell}__train": 1.1 for cell in GAPS if cell not in ("few", "noisy_large")} | {"many__train": 1.1}
    for column in ("lost_quarter", "lost_most"):
        columns |= {f"many__{column}": 0.2, f"many_dropped__{column}": 0.2 - sign * 0.1}
    columns |= {"many__test": 0.85, "many_dropped__test": 0.85}
    columns |= {"ensemble__scaled": 0.8 + sign * 0.1, "ensemble__average": 0.85}
    evidence = made(space, tmp_path, **columns)
    assert made_up.verdicts(evidence, 192) == [verdict] * 4
    assert made_up.verdicts(evidence, 193) == [verdict]
    assert made_up.verdicts(evidence, 194) == [verdict] * 2


def test_networks_at_chance_decide_nothing(space, tmp_path):
    chance = {f"{cell}__test": 0.1 for cell in ("few", "many", "many_dropped", "few_dropped", "noisy_large")}
    evidence = made(space, tmp_path, **chance, ensemble__average=0.1, ensemble__scaled=0.1)
    for claim in (192, 193, 194):
        assert set(made_up.verdicts(evidence, claim)) == {"inconclusive"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"noisy_large__train": 0.83}, "noisy_large has not fitted the taught labels"),
        ({"noisy_small__test": 0.3}, "noisy_small has not learned"),
        ({"noisy_dropped__rise": 0.05}, "noisy_dropped: cut off"),
    ],
)
def test_gaps_of_networks_that_were_cut_off_or_learned_nothing_are_not_judged(space, tmp_path, change, said):
    columns = FITTED | {f"{cell}__test": 0.9 - gap for cell, gap in GAPS.items()}
    evidence = made(space, tmp_path, **columns | change)
    barred = [f.undecided for f in evidence.findings if f.claim == 192 and f.kind == "primary" and f.undecided]
    assert barred
    assert all(said in words for words in barred)


def test_few_images_may_be_known_badly(space, tmp_path):
    """Dropout with few images need not reach what is called to have learned, where its rival does not either."""
    columns = FITTED | {f"{cell}__test": 0.9 - gap for cell, gap in GAPS.items()}
    evidence = made(space, tmp_path, **columns | {"few__test": 0.6, "few_dropped__test": 0.65})
    assert made_up.verdicts(evidence, 192)[2] == "reproduced"


def test_the_animation_moves_and_shows_its_last_step_first(space, evidence):
    with Image.open(space.evidence / "figures" / "thinned-updates.png") as picture:
        assert picture.n_frames > 10
        first = np.asarray(picture.convert("RGB"))
        picture.seek(1)
        second = np.asarray(picture.convert("RGB"))
    assert first.shape == second.shape
    assert (first != second).any()


def test_a_second_run_writes_the_same_bytes(space, evidence, tmp_path):
    shutil.copytree(space.root, tmp_path / "again")
    again = Workspace(STUDY, tmp_path / "again")
    run_sweep(again)
    evaluate_study(again)
    for kind in ("sweeps", "evidence"):
        first, second = (sorted((root / "data" / kind).rglob("*.*")) for root in (space.root, again.root))
        assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_half_the_weights_are_expected_to_change_by_a_rule_that_leaves_dropped_ones_alone_and_more_by_adams():
    net = updates.Net(5, "adam")
    assert updates.expected_share(*net.step()) == 0.5  # nothing behind dropped units has had a gradient
    assert updates.expected_share(*net.step()) > 0.6
    assert updates.expected_share(np.ones((2, 4)), np.array([True, False, False, False])) == 1
    assert updates.expected_share(np.zeros((2, 4)), np.array([True, False, False, False])) == 0

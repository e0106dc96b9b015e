"""The study ``normed``: what batch norm computes, and verdicts that made-up networks turn both ways."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
import torch
from tests.conftest import ROOT
from tests.studies import made_up

from reprise.data.handwritten import handwritten
from reprise.evaluation import evaluate_study
from reprise.stages.sweep import sweep as run_sweep
from reprise.studies.normed import learning, lesson, trained
from reprise.studies.normed.settings import Learning
from reprise.sweep import Network
from reprise.sweep.stacked import train_stacked
from reprise.sweeps import read_sweep, write_sweep
from reprise.workspace import Workspace

STUDY = "normed"
SETTINGS = {
    "seeds": 12, "examples": 1297, "tested": 500, "hidden": 8,
    "rate": 0.3, "rates": [0.1, 1.0, 10.0], "steps": 20, "readings": 4,
    "batch": 16, "noise": 0.2, "overfit": 20,
}  # fmt: skip
CONFIG, IMAGES = Learning(**SETTINGS), handwritten(Workspace(STUDY, ROOT))


@pytest.fixture(scope="module")
def space(tmp_path_factory):
    learned = ", ".join(f"{key}: {value}" for key, value in SETTINGS.items())
    return made_up.swept(tmp_path_factory.mktemp(STUDY), STUDY, f"{{learning: {{{learned}}}}}\n")


@pytest.fixture(scope="module")
def evidence(space):
    return evaluate_study(space)


def test_it_answers_its_claims(evidence):
    assert {finding.claim for finding in evidence.findings} == {162, *range(184, 191)}


def test_what_is_exact_is_decided_and_every_oracle_holds(evidence):
    verdicts = {claim: set(made_up.verdicts(evidence, claim)) for claim in (184, 185, 186, 187, 190)}
    assert verdicts == {claim: {"reproduced"} for claim in verdicts}
    assert {finding.verdict for finding in evidence.findings if finding.kind == "oracle"} == {"reproduced"}
    assert {finding.defect for finding in evidence.findings if finding.kind == "slip"} == {18, 20}


def test_a_batch_of_one_value_a_channel_becomes_its_shift():
    x = np.full((4, 3), 7.0)
    assert lesson.train(x, np.ones(3), np.arange(3.0)) == pytest.approx(np.tile(np.arange(3.0), (4, 1)))


def test_training_depends_on_the_batch_and_inference_does_not():
    x = np.random.default_rng(0).normal(size=(6, 3))
    ones, zeros = np.ones(3), np.zeros(3)
    assert not np.allclose(lesson.train(x, ones, zeros)[:2], lesson.train(x[:2], ones, zeros))
    mean, variance = lesson.statistics(x)
    assert np.array_equal(
        lesson.infer(x, ones, zeros, mean, variance)[:2], lesson.infer(x[:2], ones, zeros, mean, variance)
    )
    factor, summand = lesson.affine(ones * 2, ones, mean, variance)
    assert lesson.infer(x, ones * 2, ones, mean, variance) == pytest.approx(factor * x + summand)


@pytest.mark.parametrize("place", learning.PLACES)
@pytest.mark.parametrize("activation", learning.ACTIVATIONS)
def test_batch_norm_stands_where_it_is_said(activation, place):
    kinds = [type(layer).__name__ for layer in learning.build(activation, place, 5, 64)()]
    bend = learning.ACTIVATIONS[activation].__name__
    block = {"none": [bend], "before": ["BatchNorm1d", bend], "after": [bend, "BatchNorm1d"]}[place]
    assert kinds == ["Linear", *block, "Linear", *block, "Linear"]


@pytest.mark.parametrize("moving", [False, True])
@pytest.mark.parametrize("place", learning.PLACES)
def test_the_watched_inputs_are_those_of_the_network_itself(place, moving):
    parts = learning.parts_of(CONFIG, IMAGES)
    _, stack = train_stacked(
        parts.work(learning.build("rectifier", place, 6, 64), 16, 5), [Network("sgd", 0.3, seed) for seed in range(2)]
    )
    x = torch.from_numpy(parts.inputs[parts.train[:2]])
    model = learning.build("rectifier", place, 6, 64)()
    model.load_state_dict({name: each[1].clone() for name, each in (stack.parameters | stack.buffers).items()})
    with torch.no_grad():
        expected = model.train(not moving)[: 2 if place == "none" else 3](x[1])
    torch.testing.assert_close(learning.inputs_of_second(stack, x, place, moving)[1], expected, rtol=1e-3, atol=1e-4)


def test_usable_rates_are_read_from_accuracies():
    accuracies = np.array([[0.9, 0.1, 0.9], [0.85, 0.1, 0.5], [0.2, 0.1, 0.81]])
    kind = trained.Kind(np.array([0.1, 1.0, 10.0]), np.array([[1.0] * 3, [0.1] * 3, [np.inf] * 3]), accuracies)
    assert kind.usable.tolist() == [0.0, -1.0, 1.0]  # the largest that learned, whatever lies between
    assert kind.chosen == 1
    assert kind.never.tolist() == [False, True, False]


def test_the_drift_of_networks_that_do_not_move_is_nothing():
    config = Learning(**SETTINGS | {"rate": 1e-9, "seeds": 2})
    assert learning.watched(config, IMAGES, "none")["drift"].max() < 1e-4
    assert learning.watched(Learning(**SETTINGS | {"seeds": 2}), IMAGES, "none")["drift"].min() > 1e-3


def made(space, tmp_path, change):
    """Evidence of made-up networks."""
    shutil.copytree(space.root, tmp_path / "made")
    other = Workspace(STUDY, tmp_path / "made")
    found = read_sweep(other)
    table = {name: column.copy() for name, column in found.columns.items()}
    change(table, np.random.default_rng(0).normal(scale=0.001, size=len(table["seed"])))
    write_sweep(other.sweep, table, found.settings)
    return evaluate_study(other)


def turned(sign):
    def change(table, noise):
        bare, learned = table["place"] == "none", table["kind"] == "learned"
        table["drift"] = np.where(bare, 0.5 + sign * 0.2, 0.5) + noise
        table["test_accuracy"] = np.where(bare, 0.9 - sign * 0.05, 0.9) + noise  # of wider gaps too
        table["train_accuracy"] = 0.995 + noise
        largest = np.where(bare, 1.0, 10.0 if sign > 0 else 0.1)
        table["loss"] = np.where(learned & (table["learning_rate"] == 0.1), 0.1, 1.0) + np.abs(noise)
        table["test_accuracy"][learned & (table["learning_rate"] > largest)] = 0.1

    return change


@pytest.mark.parametrize(("sign", "verdict"), [(1, "reproduced"), (-1, "contradicted")])
def test_made_up_networks_turn_every_trained_claim(space, tmp_path, sign, verdict):
    def change(table, noise):
        turned(sign)(table, noise)
        if sign < 0:  # claim 188 grants two images in a hundred
            learned = (table["kind"] == "learned") & (table["place"] != "none") & (table["learning_rate"] == 0.1)
            table["test_accuracy"][learned] -= 0.05

    evidence = made(space, tmp_path, change)
    assert made_up.verdicts(evidence, 162) == [verdict]
    drift = next(
        each.effect.value for each in evidence.findings if each.measures.startswith("Change of the mean of the")
    )
    assert np.sign(drift) == sign
    assert made_up.verdicts(evidence, 188) == [verdict] * 6
    assert made_up.verdicts(evidence, 189) == [verdict]


def test_networks_that_do_not_learn_decide_nothing(space, tmp_path):
    def change(table, noise):
        table["train_accuracy"] = np.where(table["place"] == "none", 0.97, 0.995) + noise
        table["test_accuracy"] = 0.1 + noise

    evidence = made(space, tmp_path, change)
    assert {verdict for claim in (162, 188, 189) for verdict in made_up.verdicts(evidence, claim)} == {"inconclusive"}


def test_a_kind_that_learns_at_no_rate_has_no_usable_one(space, tmp_path):
    def change(table, noise):
        turned(1)(table, noise)
        table["test_accuracy"][(table["activation"] == "sigmoid") & (table["place"] == "none")] = 0.7

    evidence = made(space, tmp_path, change)
    rows = {tuple(row[:2]): row[-1] for row in evidence.tables[0].rows}
    assert rows["sigmoid", "none"] == "none"
    assert float(rows["sigmoid", "before"]) > 0


def test_a_largest_rate_at_the_grid_s_end_decides_nothing(space, tmp_path):
    def change(table, noise):
        turned(1)(table, noise)
        table["test_accuracy"] = 0.9 + noise

    assert made_up.verdicts(made(space, tmp_path, change), 189) == ["inconclusive"]


def test_a_second_run_writes_the_same_bytes(space, evidence, tmp_path):
    shutil.copytree(space.root, tmp_path / "again")
    again = Workspace(STUDY, tmp_path / "again")
    run_sweep(again)
    evaluate_study(again)
    for kind in ("sweeps", "evidence"):
        first, second = (sorted((root / "data" / kind).rglob("*.*")) for root in (space.root, again.root))
        assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]

"""The study ``activations``: identities, gradients by depth, and verdicts that made-up networks turn both ways."""

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
from reprise.studies.activations import curves, depth, learning, lesson, rectifiers, trained
from reprise.studies.activations.settings import Learning
from reprise.sweeps import read_sweep, write_sweep
from reprise.workspace import Workspace

STUDY = "activations"
SETTINGS = {
    "seeds": 8, "examples": 400, "tested": 300, "hidden": 8, "rates": [0.1, 1.0, 3.0], "steps": 20, "batch": 16,
    "revived": 20,
}  # fmt: skip
IMAGES = handwritten(Workspace("activations", ROOT))


@pytest.fixture(scope="module")
def space(tmp_path_factory):
    learned = ", ".join(f"{key}: {value}" for key, value in SETTINGS.items())
    return made_up.swept(tmp_path_factory.mktemp(STUDY), STUDY, f"{{networks: 20, learning: {{{learned}}}}}\n")


@pytest.fixture(scope="module")
def evidence(space):
    return evaluate_study(space)


def test_it_answers_its_claims(evidence):
    assert {finding.claim for finding in evidence.findings} == set(range(175, 184))


def test_what_is_exact_is_decided_and_every_oracle_holds(evidence):
    verdicts = {claim: made_up.measured(evidence, claim) for claim in (175, 176, 177, 178, 180, 183)}
    assert set(map(tuple, verdicts.values())) == {("reproduced",)}
    assert {finding.verdict for finding in evidence.findings if finding.kind == "oracle"} == {"reproduced"}
    assert [finding.verdict for finding in evidence.findings if finding.kind == "slip"] == ["contradicted"]
    assert made_up.verdicts(evidence, 182) == []  # built


def test_formulas_hold_far_out():
    far = np.array([-1e4, -800.0, 800.0, 1e4])
    assert lesson.sigmoid(far).tolist() == [0, 0, 1, 1]
    assert lesson.softplus(far).tolist() == [0, 0, 800, 1e4]
    assert np.isfinite(lesson.sigmoid_slope(far)).all()


def test_layers_with_a_bend_are_not_one_layer(monkeypatch):
    """The measurement of claim 175 would see it."""
    monkeypatch.setattr(curves, "LAYERS", 1)
    assert curves.linear_layers() < 1e-14
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(50, 6)), rng.normal(size=(6, 6))
    bent = lesson.relu(x @ w.T) @ w.T
    one = np.linalg.lstsq(np.c_[x, np.ones(50)], bent, rcond=None)[0]
    assert np.abs(np.c_[x, np.ones(50)] @ one - bent).max() > 0.1


@pytest.mark.parametrize(("name", "slope"), [("0", 0.0), ("0.5", 0.5), ("1", 1.0)])
def test_the_three_rectifiers_differ_at_zero_alone(name, slope):
    x = torch.tensor([-2.0, 0.0, 3.0], requires_grad=True)
    out = rectifiers.AT_ZERO[name](x)
    out.sum().backward()
    assert out.tolist() == [0.0, 0.0, 3.0]
    assert x.grad.tolist() == [0.0, slope, 1.0]
    assert rectifiers.slope_at_zero(name) == slope


def test_every_activation_builds_a_network_of_the_same_form():
    x = torch.rand(5, 64)
    for name in (*learning.FUNCTIONS, *rectifiers.AT_ZERO):
        assert learning.build(name, 6, 64)()(x).shape == (5, 10)
    assert sum(p.numel() for p in learning.build("maxout", 6, 64)().parameters()) > sum(
        p.numel() for p in learning.build("rectifier", 6, 64)().parameters()
    )


def test_buried_rectifiers_stay_buried_and_get_no_gradient():
    config = Learning(**SETTINGS | {"seeds": 2, "hidden": 5, "revived": 30})
    found = learning.buried(config, IMAGES, "rectifier", learning.BURIED)
    assert found["dead"].min() > 0.95
    assert found["test_accuracy"].max() < 0.25
    model = learning.build("rectifier", 5, 64, -10.0)()
    parts = learning.parts_of(config, IMAGES)
    x, y = (torch.from_numpy(each[parts.train[0]]) for each in (parts.inputs, parts.taught))
    torch.nn.functional.cross_entropy(model(x), y).backward()
    assert not model[0].weight.grad.any()


def test_the_gradient_of_every_sigmoid_network_is_smaller_at_the_first_layer():
    norms = depth.norms(3)
    assert norms["sigmoid"].shape == (3, depth.LAYERS)
    assert (norms["sigmoid"][:, 0] < norms["sigmoid"][:, -1]).all()


def test_half_of_a_new_network_is_silent_with_the_rectifier_and_nothing_with_the_sigmoid():
    config = Learning(**SETTINGS | {"hidden": 64})
    assert 0.3 < learning.silent(config, IMAGES, "rectifier", 0) < 0.7
    assert learning.silent(config, IMAGES, "sigmoid", 0) == 0


def made(space, tmp_path, change):
    """Evidence of made-up networks."""
    shutil.copytree(space.root, tmp_path / "made")
    other = Workspace(STUDY, tmp_path / "made")
    found = read_sweep(other)
    table = {name: column.copy() for name, column in found.columns.items()}
    change(table, np.random.default_rng(0))
    write_sweep(other.sweep, table, found.settings)
    return evaluate_study(other)


def living(table, leaky, rectifier=0.1, begun=0.95, noise=0.0, plain=None):
    """Test accuracy of networks that began dead, and of the same begun as usual."""
    for kind, name, level in (
        ("buried", "leaky", leaky),
        ("descended", "leaky", leaky if plain is None else plain),
        ("buried", "rectifier", rectifier),
        ("begun", "leaky", begun),
    ):
        rows = (table["kind"] == kind) & (table["activation"] == name)
        table["test_accuracy"][rows] = level
    table["test_accuracy"] += noise


@pytest.mark.parametrize(("sign", "verdict"), [(1, "reproduced"), (-1, "contradicted")])
def test_made_up_networks_turn_every_trained_claim(space, tmp_path, sign, verdict):
    def change(table, rng):
        noise = rng.normal(scale=0.001, size=len(table["seed"]))
        learned = table["kind"] == "learned"
        table["test_accuracy"][learned] = 0.9
        living(table, 0.7 + sign * 0.2, noise=noise)
        for name, loss in (("sigmoid", 0.1 * 10**sign), ("rectifier", 0.1)):
            table["loss"][learned & (table["activation"] == name)] = loss
        table["loss"][table["learning_rate"] != 1.0] *= 3
        table["loss"] *= np.exp(noise)

    evidence = made(space, tmp_path, change)
    assert made_up.verdicts(evidence, 179) == [verdict]
    assert made_up.verdicts(evidence, 181) == [verdict]


@pytest.mark.parametrize(
    ("levels", "said"), [({"begun": 0.5}, "begin as usual have not learned"), ({"rectifier": 0.6}, "learned too")]
)
def test_dead_networks_are_not_judged_where_nothing_was_to_be_solved_or_too_little_time(space, tmp_path, levels, said):
    evidence = made(space, tmp_path, lambda table, rng: living(table, 0.9, **levels))
    (finding,) = [each for each in evidence.findings if each.claim == 181 and each.kind == "primary"]
    assert finding.verdict == "inconclusive"
    assert said in finding.undecided


def test_what_adam_does_and_plain_descent_does_not_is_not_judged(space, tmp_path):
    evidence = made(space, tmp_path, lambda table, rng: living(table, 0.9, plain=0.1))
    found = [each for each in evidence.findings if each.claim == 181]
    assert found[0].verdict == "inconclusive"
    assert "by Adam reproduced, by plain gradient descent contradicted" in found[0].undecided
    assert "plain gradient descent" in found[1].measures
    assert found[1].effect.value == pytest.approx(0.1)


def test_plain_descent_is_taken_at_the_rate_that_suits_it_best(space, tmp_path):
    def change(table, rng):
        living(table, 0.9, plain=0.1)
        table["test_accuracy"][(table["kind"] == "descended") & (table["learning_rate"] == 1.0)] = 0.85

    found = [each for each in made(space, tmp_path, change).findings if each.claim == 181]
    assert found[1].effect.value == pytest.approx(0.85)
    assert "Rate 1," in found[1].note


def test_networks_that_learn_at_no_rate_decide_nothing(space, tmp_path):
    def change(table, rng):
        table["test_accuracy"][:] = 0.1
        table["loss"][table["activation"] == "rectifier"] = 0.01

    assert made_up.verdicts(made(space, tmp_path, change), 179) == ["inconclusive"]


def test_a_best_rate_at_the_end_of_those_tried_decides_nothing(space, tmp_path):
    def change(table, rng):
        table["test_accuracy"][:] = 0.9
        table["loss"] = np.where(table["activation"] == "sigmoid", 1.0, 0.01) / table["learning_rate"]

    evidence = made(space, tmp_path, change)
    (finding,) = [each for each in evidence.findings if each.claim == 179 and each.kind == "primary"]
    assert finding.verdict == "inconclusive"
    assert "an end of those tried" in finding.undecided


def test_a_rate_that_diverged_is_not_chosen(space, tmp_path):
    def change(table, rng):
        rows = (table["activation"] == "tanh") & (table["learning_rate"] == 0.1)
        table["loss"][rows] = np.nan

    evidence = made(space, tmp_path, change)
    other = Workspace(STUDY, tmp_path / "made")
    kind = trained.best(read_sweep(other), "tanh")
    assert kind.rate == 1.0
    assert np.isinf(kind.losses[0]).all()
    assert evidence.tables[0].rows[1][-1] == "1 of 3"


def test_a_second_run_writes_the_same_bytes(space, evidence, tmp_path):
    shutil.copytree(space.root, tmp_path / "again")
    again = Workspace(STUDY, tmp_path / "again")
    run_sweep(again)
    evaluate_study(again)
    for kind in ("sweeps", "evidence"):
        first, second = (sorted((root / "data" / kind).rglob("*.*")) for root in (space.root, again.root))
        assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]

"""The recurrent study: exact claims decide at any size, training goes by the right gradients, the same bytes again."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from reprise.lessons import recurrence as lesson

from reprise.claims import _recurrence_memory as memory
from reprise.claims.evidence import read_evidence
from reprise.claims.ledger import judge
from reprise.config import ConfigError
from reprise.stages.evaluate import evaluate
from reprise.workspace import Workspace

SECTION = """recurrence:
  cases: 3
  gains: {networks: 10, hidden: 12, steps: 30, radii: [0.5, 1, 2, 4]}
  memory: {seeds: 2, lags: [2, 4], rates: [0.03], hidden: 8, batch: 8, updates: 60}
"""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    root = tmp_path_factory.mktemp("study")
    (root / "params.yaml").write_text(f"scale: small\n{SECTION}", encoding="utf-8")
    workspace = Workspace("recurrence", root)
    evaluate(workspace)
    return workspace


def test_exact_claims_are_reproduced(workspace):
    findings = read_evidence(workspace.evidence)["findings"]
    verdicts = {claim: judge([f for f in findings if f["claim"] == claim])[0] for claim in range(133, 139)}
    assert verdicts == dict.fromkeys(range(133, 139), "reproduced")
    parity = [f for f in findings if "PyTorch" in f["measures"]]
    assert len(parity) == 5
    assert all(f["verdict"] == "reproduced" for f in parity)
    ratio = next(f["effect"]["value"] for f in findings if f["measures"].startswith("Parameters of a GRU"))
    assert ratio == 0.75


def test_same_bytes_again(workspace):
    files = sorted(path for path in workspace.evidence.rglob("*") if path.is_file())
    before = [path.read_bytes() for path in files]
    evaluate(workspace)
    assert [path.read_bytes() for path in files] == before
    assert len(files) == 5


def test_losses_and_their_derivatives_agree_with_torch():
    rng = np.random.default_rng(0)
    logits, labels = rng.normal(size=(2, 3, 5, 4)), rng.integers(0, 4, (2, 3, 5))
    outputs, goals = rng.normal(size=(2, 3, 5, 1)), rng.normal(size=(2, 3, 5))
    for ours, values, targets in (
        (memory.softmax_cross_entropy, logits, labels),
        (memory.squared_error, outputs, goals),
    ):
        tensor = torch.from_numpy(values).requires_grad_()
        if ours is memory.squared_error:
            every = (tensor[..., 0] - torch.from_numpy(targets)) ** 2
        else:
            every = torch.nn.functional.cross_entropy(
                tensor.flatten(0, 2), torch.from_numpy(targets).flatten(), reduction="none"
            ).view(2, 3, 5)
        summed = every.mean(dim=2).sum(dim=0)
        summed.sum().backward()
        loss, derivative = ours(values, targets)
        np.testing.assert_allclose(loss, summed.detach().numpy(), rtol=1e-12)
        np.testing.assert_allclose(derivative, tensor.grad.numpy(), atol=1e-14)


def test_adam_agrees_with_torch_where_nothing_is_clipped():
    rng = np.random.default_rng(1)
    start = rng.normal(size=(2, 3, 4))
    gradients = 0.01 * rng.normal(size=(20, 2, 3, 4))
    ours = start.copy()
    adam = memory.Adam([ours], np.array([0.01, 0.01]))
    theirs = torch.from_numpy(start.copy()).requires_grad_()
    optimizer = torch.optim.Adam([theirs], lr=0.01, eps=1e-12)
    for gradient in gradients:
        adam.step([gradient])
        theirs.grad = torch.from_numpy(gradient.copy())
        optimizer.step()
    np.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=1e-3)
    assert np.abs(ours - start).max() > 0.01


@pytest.mark.parametrize("task", [memory.number(1), memory.symbol(1), memory.echo(3)])
def test_easy_tasks_are_learned(task):
    losses, scores = memory.train(lesson.GRU, task, np.full(2, 0.03), 12, 16, 200, rng_seed=3)
    assert (losses[-1] < losses[0] / 3).all()
    assert (scores > 0.85).all()


def test_a_network_trained_among_others_is_clipped_by_its_own_norm():
    parameters = [np.zeros((2, 3))]
    adam = memory.Adam(parameters, np.array([0.1, 0.1]))
    adam.step([np.array([[1e9, 0, 0], [0.1, 0, 0]])])
    assert adam.first[0][:, 0] == pytest.approx([0.1, 0.01])  # a tenth of 1 and of 0.1


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("lags: [2, 4]", "lags: [4, 2]", "memory.lags"),
        ("radii: [0.5, 1, 2, 4]", "radii: [0.5, 1, 4]", "gains.radii"),
        ("updates: 60", "updates: 6", "memory.updates"),
    ],
)
def test_bad_settings_are_refused_by_name(tmp_path, old, new, key):
    (tmp_path / "params.yaml").write_text(f"scale: small\n{SECTION.replace(old, new)}", encoding="utf-8")
    with pytest.raises(ConfigError, match=rf"recurrence\.{key}"):
        _ = Workspace("recurrence", tmp_path).config

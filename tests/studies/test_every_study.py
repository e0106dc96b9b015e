"""What every trained study must do, whatever it trains: one test a property, one case a variant.

A new study needs no test of its own for these: its section in params.yaml brings it here.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tests.conftest import ROOT

from reprise import config
from reprise.config import import_study, study_module
from reprise.data.batches import Batches, resident
from reprise.training import train_seed
from reprise.workspace import Workspace

PARAMS = config.load(ROOT / "params.yaml")
TRAINED = [name for name in PARAMS.studies if study_module("studies", name)]
VARIANTS = [(study, variant) for study in TRAINED for variant in PARAMS.study(study).variants]
FAST = config.TrainingConfig(accelerator="cpu", precision="32-true", threads=2)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A workspace at scale smoke with every data set prepared, and with what cleaning writes."""
    folder = tmp_path_factory.mktemp("smoke")
    (folder / "params.yaml").write_text((ROOT / "params.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    config.set_value(folder / "params.yaml", "scale=smoke")
    from reprise.stages.clean import clean
    from reprise.stages.prepare import prepare
    from reprise.stages.train import train

    params = config.load(folder / "params.yaml")
    for name in params.datasets:
        prepare(Workspace("", folder), name)
    clean(Workspace("ultrasound", folder))
    connectivity = Workspace("connectivity", folder)  # the pruned variant reads the gates that another's training wrote
    train(connectivity, connectivity.config.prune_from)
    return folder


@pytest.fixture
def case(prepared, study, variant):
    workspace = Workspace(study, prepared)
    module = import_study("studies", study)
    settings = workspace.config.variants[variant]
    return module, settings, module.data(workspace, settings, 0)


def build(module, settings, data, seed=0):
    torch.manual_seed(seed)
    return module.task(module.build(settings, data.shape, data.structure), settings, seed)


def first_batch(data, size=8):
    part = {name: array[:size] for name, array in data.train.items()}
    return next(iter(Batches(resident(part, "cpu"), size)))


PINNED = [(study, variant) for study in TRAINED for variant in import_study("studies", study).PARAMETERS]


def test_every_trained_study_pins_a_size():
    assert {study for study, _ in PINNED} == set(TRAINED)


@pytest.mark.parametrize(("study", "variant"), PINNED)
def test_the_full_scale_network_has_its_pinned_number_of_parameters(tmp_path, study, variant):
    text = (ROOT / "params.yaml").read_text(encoding="utf-8")
    (tmp_path / "params.yaml").write_text(text, encoding="utf-8")
    config.set_value(tmp_path / "params.yaml", "scale=full")
    module = import_study("studies", study)
    settings = config.load(tmp_path / "params.yaml").study(study).variants[variant]
    with torch.device("meta"):
        model = module.build(settings, module.SHAPE)
    assert sum(p.numel() for p in model.parameters()) == module.PARAMETERS[variant]


@pytest.mark.parametrize(("study", "variant"), VARIANTS)
def test_no_example_is_in_two_parts(case):
    _, _, data = case
    parts = [set(part["index"].tolist()) for part in (data.train, data.validation, data.test)]
    assert all(parts)
    assert not parts[0] & parts[2]
    assert not parts[0] & parts[1]


@pytest.mark.parametrize(("study", "variant"), VARIANTS)
def test_the_loss_of_one_batch_falls(case):
    module, settings, data = case
    task = build(module, settings, data).train()
    batch = first_batch(data)
    optimizer = torch.optim.Adam(task.model.parameters(), lr=1e-2)
    losses = []
    for _ in range(12):
        torch.manual_seed(0)  # the same dropout every time: only the weights change
        loss = task.loss(batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert np.isfinite(losses).all()
    assert min(losses[-3:]) < losses[0]


@pytest.mark.parametrize(("study", "variant"), VARIANTS)
def test_a_seeded_step_repeats_and_another_seed_differs(case):
    module, settings, data = case

    def step(seed):
        task = build(module, settings, data, seed).train()
        torch.manual_seed(seed)
        loss = task.loss(task.augment(first_batch(data)))
        loss.backward()
        return loss.item(), [p.grad.clone() for p in task.model.parameters() if p.grad is not None]

    one, again, other = step(0), step(0), step(1)
    assert one[0] == again[0]
    assert all(torch.equal(a, b) for a, b in zip(one[1], again[1], strict=True))
    assert one[0] != other[0]


@pytest.mark.parametrize(("study", "variant"), VARIANTS)
def test_predictions_have_one_row_an_example_and_are_finite(case):
    module, settings, data = case
    task = build(module, settings, data).eval()
    with torch.inference_mode():
        outputs = task.predict(first_batch(data, 5))
    assert outputs
    for tensor in outputs.values():
        assert len(tensor) == 5
        assert torch.isfinite(tensor.float()).all()


@pytest.mark.parametrize(("study", "variant"), [next(v for v in VARIANTS if v[0] == study) for study in TRAINED])
def test_training_gives_what_its_stage_writes(case):
    module, settings, data = case
    result = train_seed(module, settings, data, 0, FAST)
    assert len(result.history) <= settings.epochs
    assert 0 <= result.best_epoch < len(result.history)
    assert all(np.isfinite(array.astype(float)).all() for array in result.predictions.values())
    for part, arrays in data.predicted.items():
        rows = [len(array) for name, array in result.predictions.items() if name.startswith(f"{part}/")]
        assert rows
        assert set(rows) == {len(arrays["index"])}

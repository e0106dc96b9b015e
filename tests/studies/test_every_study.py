"""What every trained study must do, whatever it trains: one test a property, one case a variant.

A new study needs no test of its own for these: its section in params.yaml brings it here.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tests.conftest import ROOT, copy_params

from reprise import config
from reprise.data.batches import Batches, resident
from reprise.evaluation import read_page
from reprise.published import read_published
from reprise.registry import has_part, import_part, known_studies, study_file
from reprise.settings import TrainingConfig
from reprise.tasks.rivals import Rivals
from reprise.training import train_seed
from reprise.workspace import Workspace

PARAMS = config.load(ROOT)
TRAINED = [name for name in known_studies() if has_part(name, "train")]
VARIANTS = [(study, variant) for study in TRAINED for variant in PARAMS.study(study).variants]
FAST = TrainingConfig(accelerator="cpu", precision="32-true", threads=2)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A workspace at scale smoke with every data set prepared, and with what stands before training."""
    from reprise.stages.clean import clean
    from reprise.stages.prepare import prepare
    from reprise.stages.train import train

    folder = tmp_path_factory.mktemp("smoke")
    copy_params(folder)
    config.set_value(folder, "scale=smoke")
    params = config.load(folder)
    for name in params.datasets:
        prepare(Workspace("", folder), name)
    for study in TRAINED:
        workspace = Workspace(study, folder)
        if has_part(study, "clean"):
            clean(workspace)
        starts = {settings.start for settings in workspace.config.variants.values()} - {None}
        for variant in [name for name in workspace.config.variants if name in starts]:
            train(workspace, variant)
    return folder


@pytest.fixture
def case(prepared, study, variant):
    workspace = Workspace(study, prepared)
    module = import_part(study, "train")
    settings = workspace.settings(variant)
    return module, settings, module.data(workspace, settings, 0)


def build(module, settings, data, seed=0):
    torch.manual_seed(seed)
    return module.task(module.build(settings, data.shapes, data.structure), settings, seed)


def first_batch(data, size=8):
    part = {name: array[:size] for name, array in data.train.items()}
    return next(iter(Batches(resident(part, "cpu"), size)))


PINNED = [(study, variant) for study in TRAINED for variant in import_part(study, "settings").PARAMETERS]


@pytest.mark.parametrize("study", known_studies())
def test_its_page_has_a_title_and_says_what_it_costs(study):
    for source in ("generated", "real"):
        title, about = read_page(study_file(study, "README.md"), source)
        assert title
        assert len(about.split()) > 60
        assert "{" not in title


@pytest.mark.parametrize("study", [name for name in known_studies() if study_file(name, "published.csv").is_file()])
def test_its_published_numbers_can_be_read_and_looked_up(study):
    assert read_published(study_file(study, "published.csv")).entries


def test_every_trained_study_pins_a_size():
    assert {study for study, _ in PINNED} == set(TRAINED)


@pytest.mark.parametrize(("study", "variant"), PINNED)
def test_the_full_scale_network_has_its_pinned_number_of_parameters(tmp_path, study, variant):
    copy_params(tmp_path, study)
    config.set_value(tmp_path, "scale=full")
    module, constants = import_part(study, "train"), import_part(study, "settings")
    settings = Workspace(study, tmp_path).settings(variant)
    with torch.device("meta"):
        model = module.build(settings, constants.SHAPES)
    assert sum(p.numel() for p in model.parameters()) == constants.PARAMETERS[variant]


@pytest.mark.parametrize(("study", "variant"), VARIANTS)
def test_no_example_is_in_two_parts(case):
    _, _, data = case
    parts = {name: set(part["index"].tolist()) for name, part in data.parts.items()}
    assert all(parts.values())
    assert not any(parts["train"] & part for name, part in parts.items() if name != "train")


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
    if not isinstance(task, Rivals):  # two losses against each other: their sum need not fall
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
    assert (0 <= result.best_epoch < len(result.history)) == (settings.keeps != "last")
    assert all(np.isfinite(array.astype(float)).all() for array in result.predictions.values())
    for part, arrays in data.predicted.items():
        rows = [len(array) for name, array in result.predictions.items() if name.startswith(f"{part}/")]
        assert rows
        assert set(rows) == {len(arrays["index"])}

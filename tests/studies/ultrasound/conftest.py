"""Small ultrasound data sets with networks whose predictions are made up, generated and as Kaggle's files lie."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.conftest import copy_params

from reprise.claims.evidence import Evidence
from reprise.config import set_value
from reprise.data.ultrasound import Frames, generate, load, prepare
from reprise.evaluation import evaluate_study
from reprise.files import write_json, write_npz, write_text
from reprise.stages.clean import clean
from reprise.stages.prepare import prepare as prepare_stage
from reprise.studies.ultrasound import comparisons, effects
from reprise.studies.ultrasound.train import data
from reprise.workspace import Workspace

SIZE, SIDE, SEEDS = (64, 96), 32, 2
Answer = Callable[[np.ndarray], np.ndarray]  # (n,) whether the label shows a nerve -> what the network says of it
Study = tuple[Workspace, Evidence]


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


def pretend_training(workspace: Workspace, variant: str, maps: Answer, head: Answer | None = None) -> None:
    """Writes what training a variant writes."""
    settings = workspace.settings(variant)
    every = [data(workspace, settings, seed) for seed in range(SEEDS)]
    nonempty, arrays = load(workspace.prepared("ultrasound")).nonempty, {}
    for name in every[0].predicted:
        index = [each.parts[name]["index"] for each in every]
        arrays[f"{name}/index"] = np.stack(index)
        arrays[f"{name}/probability"] = np.stack([maps(nonempty[each]) for each in index]).astype(np.float16)
        if head is not None:
            arrays[f"{name}/has_mask_logit"] = np.stack([head(nonempty[each]) for each in index]).astype(np.float32)
    write_npz(workspace.run(variant) / "predictions.npz", **arrays)
    lines = [f"{seed},{epoch},{1 - 0.1 * epoch},{-0.1 * epoch}" for seed in range(SEEDS) for epoch in range(3)]
    write_text(workspace.run(variant) / "history.csv", "\n".join(["seed,epoch,val_loss,train_loss", *lines]) + "\n")
    of_seeds = {"epochs": [3] * SEEDS, "best_epoch": [-1] * SEEDS, "structure": [None] * SEEDS}
    record = {"parameters": 1234, "settings": settings.model_dump(mode="json")} | of_seeds
    counts = {name: len(part["index"]) for name, part in every[0].parts.items()}
    write_json(workspace.run(variant) / "run.json", record | {"examples": counts})


def pretend_all(workspace: Workspace) -> None:
    """raw predicts nothing; cleaned is perfect; the head then silences it."""
    pretend_training(workspace, "raw", lambda filled: 0 * perfect(filled))
    pretend_training(workspace, "cleaned", perfect)
    pretend_training(workspace, "cleaned_has_mask", perfect, lambda filled: np.full(len(filled), -5.0))


def new_workspace(folder: Path, source: str) -> Workspace:
    """This checkout's parameters at scale smoke, with two seeds."""
    copy_params(folder, "ultrasound")
    set_value(folder, "scale=smoke", f"data.source={source}", f"ultrasound.seeds={SEEDS}")
    return Workspace("ultrasound", folder)


def write_kaggle(folder: Path, frames: Frames) -> None:
    """The frames as the competition's files."""
    folder.mkdir(parents=True)
    for name, image, mask in zip(frames.names, frames.images, frames.masks, strict=True):
        Image.fromarray(image).save(folder / f"{name}.tif")
        Image.fromarray(mask.astype(np.uint8) * 255).save(folder / f"{name}_mask.tif")


def judge_however_few(patch: pytest.MonkeyPatch) -> None:
    """The sets here are tiny; what is tested is what the findings say, not that they are withheld."""
    patch.setattr(comparisons, "TEST_SUBJECTS", 1)
    patch.setattr(comparisons, "LEARNT", 0.0)
    patch.setattr(effects, "WHOLE_SET", 1)


def made(workspace: Workspace) -> Study:
    """Cleaned, pretended and evaluated."""
    clean(workspace)
    pretend_all(workspace)
    with pytest.MonkeyPatch.context() as patch:
        judge_however_few(patch)
        return workspace, evaluate_study(workspace)


@pytest.fixture(scope="session")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """56 generated frames of seven subjects."""
    workspace = new_workspace(tmp_path_factory.mktemp("generated"), "generated")
    prepare(half_frames(), workspace.prepared("ultrasound"), SIDE)
    return made(workspace)


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """The same frames, read from files as Kaggle's lie; nobody knows what was planted."""
    workspace = new_workspace(tmp_path_factory.mktemp("real"), "real")
    write_kaggle(workspace.raw("ultrasound") / "train", half_frames())
    prepare_stage(Workspace("", workspace.root), "ultrasound")
    return made(workspace)


@pytest.fixture(params=["generated", "real"])
def either(request: pytest.FixtureRequest) -> Study:
    """Both, one after the other."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """As the two were evaluated, to evaluate them again."""
    judge_however_few(monkeypatch)
    return monkeypatch

"""The confidence study with logits that are made up, about three times too large for every variant."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.conftest import copy_params
from tests.studies import made_up

from reprise.config import set_value
from reprise.data import cifar
from reprise.evaluation import evaluate_study
from reprise.files import write_json, write_npz, write_text
from reprise.runs import Probed, Run
from reprise.studies.confidence.scores import Scores, measure
from reprise.studies.confidence.settings import INFLATION, STRENGTHS
from reprise.studies.confidence.sweep import READS
from reprise.studies.confidence.train import data
from reprise.sweeps import write_sweep
from reprise.workspace import Workspace

SEEDS, DISTORTED = 3, 40


def noisy(labels: np.ndarray, rng: np.random.Generator, sharpness: float, noise: float = 1.2) -> np.ndarray:
    """(SEEDS, n, 10) logits: right more often than not, ``sharpness`` times as large as they should be."""
    return sharpness * (2 * np.eye(10)[labels] + noise * rng.standard_normal((SEEDS, len(labels), 10)))


def pretend(space: Workspace, variant: str, number: int) -> None:
    """Writes what training and asking a variant would write; the best epoch's logits are half as large."""
    rng, settings = np.random.default_rng(number), space.settings(variant)
    parts, arrays = data(space, settings, 0), {}
    for name, part in parts.predicted.items():
        for key in ("index", "label"):
            arrays[f"{name}/{key}"] = np.stack([part[key]] * SEEDS)
        logits = noisy(part["label"], rng, 4 + 0.3 * number).astype(np.float32)
        arrays[f"{name}/logits"], arrays[f"best/{name}/logits"] = logits, logits / 2
    write_npz(space.run(variant) / "predictions.npz", **arrays)
    lines = [f"{s},{e},{2 - 0.1 * e},{0.1 * e},{2 - 0.2 * e}" for s in range(SEEDS) for e in range(3)]
    text = "\n".join(["seed,epoch,val_loss,val_accuracy,train_loss", *lines])
    write_text(space.run(variant) / "history.csv", text + "\n")
    counts = {name: len(part["index"]) for name, part in parts.parts.items()}
    record = {"parameters": 9, "epochs": [3] * SEEDS, "settings": settings.model_dump(mode="json")}
    write_json(
        space.run(variant) / "run.json",
        record | {"examples": counts, "structure": [10] * SEEDS, "best_epoch": [1] * SEEDS},
    )
    first = arrays["test/logits"][:, :DISTORTED]
    asked = {"inflated/logits": np.float32(INFLATION) * first}
    for kind, strengths in STRENGTHS.items():
        fading = [first * np.float32(0.7**k) for k in range(1, len(strengths) + 1)]
        asked[f"distorted/{kind}"] = np.stack(fading, axis=1)
    made_up.write_probe(space, variant, **asked)


def pretend_family(space: Workspace, error: np.ndarray, ece: np.ndarray) -> None:
    """Writes what the sweep would write of networks with these errors."""
    settings = {key: space.config.model_dump(mode="json")[key] for key in READS}
    write_sweep(space.sweep, {"error": error, "ece": ece}, settings)


def moved(scores: Scores, **ece: float) -> Scores:
    """The same network with the ECE after some methods raised by so much, on every draw of the images."""
    after = {method: ece.get(method, 0.0) for method in scores.measures}
    return replace(
        scores,
        measures={m: each | {"ece": each["ece"] + after[m]} for m, each in scores.measures.items()},
        resampled={m: each | {"ece": each["ece"] + after[m]} for m, each in scores.resampled.items()},
    )


@pytest.fixture(scope="session")
def space(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """300 test images, and predictions of every variant."""
    root = tmp_path_factory.mktemp("confidence")
    copy_params(root)
    ended = "confidence.base.epochs=4"  # one more than is written: training stopped by itself
    set_value(root, "scale=smoke", f"confidence.seeds={SEEDS}", f"confidence.probe.images={DISTORTED}", ended)
    space = Workspace("confidence", root)
    sizes = cifar.Config(train=500, test=300, seed=0)
    cifar.make(sizes, "generated", space.raw("cifar"), space.prepared("cifar"))
    for number, variant in enumerate(space.config.variants):
        pretend(space, variant, number)
    pretend_family(space, *np.random.default_rng(35).uniform((0.2, 0.02), (0.7, 0.2), (60, 2)).T)
    return space


@pytest.fixture(scope="session")
def evidence(space: Workspace) -> dict[str, Any]:
    """evidence.json of these."""
    evaluate_study(space)
    return json.loads((space.evidence / "evidence.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def pair(space: Workspace) -> list[Scores]:
    """Two networks, measured."""
    names = ("resnet", "resnet_wide")
    return [measure(Run.of(space, name), Probed.of(space, name)) for name in names]


@pytest.fixture
def saturated() -> tuple[np.ndarray, np.ndarray]:
    """Logits of a network that is always right, and so sure that its probabilities differ by less than 1e-15."""
    labels = np.arange(200) % 10
    rng = np.random.default_rng(0)
    return 40 * np.eye(10)[labels] + 3 * rng.standard_normal((SEEDS, 200, 10)), labels

"""Made-up training results of the studies that classify images, for the tests of what is measured on them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from tests.conftest import copy_params

from reprise import config
from reprise.claims.evidence import Evidence
from reprise.data import cifar
from reprise.evaluation import evaluate_study
from reprise.files import write_json, write_npz, write_text
from reprise.registry import import_dataset, import_part
from reprise.settings import TrainingConfig
from reprise.stages.prepare import prepare
from reprise.stages.probe import probe
from reprise.stages.sweep import sweep
from reprise.workspace import Workspace

SEEDS = 3
Columns = Callable[[str, int, int], dict[str, float]]  # (variant, seed, epoch) -> further columns of history.csv


def workspace(study: str, folder: Path, epochs: int = 9, *assignments: str) -> Workspace:
    """A folder with this checkout's parameters at scale smoke, three seeds, and prepared images.

    Runs are written with four epochs each: with an ``epochs`` limit of four they did not stop by themselves.
    """
    copy_params(folder)
    config.set_value(folder, "scale=smoke", f"{study}.seeds={SEEDS}", f"{study}.base.epochs={epochs}", *assignments)
    space = Workspace(study, folder)
    name = space.reads[0]
    import_dataset(name).make(space.params.dataset(name), "generated", space.raw(name), space.prepared(name))
    return space


def answers(labels: np.ndarray, accuracy: float, rng: np.random.Generator) -> np.ndarray:
    """(seeds, n, 10) logits; that share of the labels is right, give or take two, the others name the class after."""
    n = len(labels)
    counts = np.clip(round(accuracy * n) + rng.integers(-2, 3, SEEDS), 0, n)
    right = np.stack([rng.permutation(n) < count for count in counts])
    return np.eye(10, dtype=np.float32)[np.where(right, labels, (labels + 1) % 10)] * 4


def write_run(
    space: Workspace,
    variant: str,
    accuracy: float,
    columns: Columns | None = None,
    arrays: dict | None = None,
    **record: object,
) -> None:
    """Writes predictions.npz, history.csv and run.json as training would; ``record`` is laid over run.json."""
    images = cifar.load(space.prepared(space.reads[0]))
    rng = np.random.default_rng(abs(hash_of(variant)))
    labels = images.test_labels.astype(int)
    index = len(images.train_labels) + np.arange(len(labels))
    found = {
        "test/index": np.tile(index, (SEEDS, 1)),
        "test/label": np.tile(labels.astype(np.uint8), (SEEDS, 1)),
        "test/logits": answers(labels, accuracy, rng),
    }
    write_npz(space.run(variant) / "predictions.npz", **(found | (arrays or {})))
    rows = []
    for seed in range(SEEDS):
        for epoch in range(4):
            row = {
                "seed": seed,
                "epoch": epoch,
                "train_loss": 2 - 0.1 * epoch,
                "val_loss": 2.0,
                "val_accuracy": accuracy,
            }
            rows.append(row | (columns(variant, seed, epoch) if columns else {}))
    lines = [",".join(rows[0]), *(",".join(str(value) for value in row.values()) for row in rows)]
    write_text(space.run(variant) / "history.csv", "\n".join(lines) + "\n")
    whole = {
        "parameters": 1000,
        "epochs": [4] * SEEDS,
        "examples": {"train": 180, "validation": 20, "test": len(labels)},
        "settings": space.settings(variant).model_dump(mode="json"),
        "structure": [None] * SEEDS,
    }
    write_json(space.run(variant) / "run.json", whole | record)


def write_probe(space: Workspace, variant: str, **arrays: np.ndarray) -> None:
    """Writes answers.npz and probe.json as the probe stage would."""
    write_npz(space.probe(variant) / "answers.npz", **arrays)
    settings = getattr(space.config, "probe", None)
    write_json(space.probe(variant) / "probe.json", {"settings": settings.model_dump(mode="json") if settings else {}})


def train(space: Workspace, variant: str) -> None:
    """Trains a variant for real, as its stage does, on the CPU in float32; MLflow hears nothing of it."""
    from reprise.training import train_variant

    part, settings = import_part(space.study, "train"), space.settings(variant)
    training = TrainingConfig(accelerator="cpu", precision="32-true")
    folders = space.run(variant), space.checkpoints(variant)
    train_variant(
        part, settings, range(space.config.seeds), lambda seed: part.data(space, settings, seed), training, *folders
    )


def asked(folder: Path, study: str) -> Workspace:
    """A workspace at scale smoke in which everything but the evaluation is done."""
    space = prepared(folder, study)
    for variant in space.config.variants:
        train(space, variant)
        probe(space, variant)
    return space


def swept(folder: Path, study: str, params: str = "") -> Workspace:
    """A workspace at scale smoke that was swept, every part of it: with these parameters, or on data with its own."""
    if params:
        write_text(folder / "params.yaml", "scale: smoke\ndata: {source: generated}\n")
        write_text(folder / f"pipelines/{study}/params.yaml", params)
        space = Workspace(study, folder)
    else:
        space = prepared(folder, study)
    for part in getattr(space.config, "parts", ("",)):
        sweep(space, part)
    return space


def prepared(folder: Path, study: str) -> Workspace:
    """A workspace at scale smoke with the data that the study reads."""
    copy_params(folder, study)
    config.set_value(folder, "scale=smoke", "training.accelerator=cpu")
    space = Workspace(study, folder)
    for name in space.reads:
        prepare(Workspace("", folder), name)
    return space


def hash_of(text: str) -> int:
    """The same number for the same text in every process."""
    return int.from_bytes(text.encode()[-4:], "big")


def evaluate(space: Workspace) -> Evidence:
    """Measures, writes, and returns the evidence."""
    return evaluate_study(space)


def verdicts(evidence: Evidence, claim: int, kind: str = "primary") -> list[str]:
    """Of all findings of one kind on a claim, in order."""
    return [finding.verdict for finding in evidence.findings if finding.claim == claim and finding.kind == kind]


def measured(evidence: Evidence, claim: int) -> list[str]:
    """What deciding findings say where fewer repetitions than planned, which tests have, are the one thing against."""
    found = [finding for finding in evidence.findings if (finding.claim, finding.kind) == (claim, "primary")]
    few = [finding.undecided == evidence.declared[claim].off_plan(0, finding.effect.n) for finding in found]
    return [f.expect.judge(f.effect) if bar else f.verdict for f, bar in zip(found, few, strict=True)]

"""Made-up training results of the CIFAR-10 studies, for the tests of what is measured on them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
from tests.conftest import ROOT

from reprise import config
from reprise.claims.evidence import Evidence
from reprise.config import import_study
from reprise.data import cifar
from reprise.files import write_json, write_npz, write_text
from reprise.workspace import Workspace

SEEDS = 3
Columns = Callable[[str, int, int], dict[str, float]]  # (variant, seed, epoch) -> further columns of history.csv


def workspace(study: str, folder: Path, epochs: int = 9, *assignments: str) -> Workspace:
    """A folder with this checkout's params.yaml at scale smoke, three seeds, and prepared images.

    Runs are written with four epochs each: with an ``epochs`` limit of four they did not stop by themselves.
    """
    shutil.copy(ROOT / "params.yaml", folder / "params.yaml")
    for assignment in ("scale=smoke", f"{study}.seeds={SEEDS}", f"{study}.base.epochs={epochs}", *assignments):
        config.set_value(folder / "params.yaml", assignment)
    space = Workspace(study, folder)
    cifar.make(space.params.dataset("cifar"), "generated", space.raw("cifar10"), space.prepared("cifar"))
    space.evidence.joinpath("figures").mkdir(parents=True)
    return space


def answers(labels: np.ndarray, accuracy: float, rng: np.random.Generator) -> np.ndarray:
    """(seeds, n, 10) logits; that share of the labels is right, give or take two, the others name the class after."""
    n = len(labels)
    counts = np.clip(round(accuracy * n) + rng.integers(-2, 3, SEEDS), 0, n)
    right = np.stack([rng.permutation(n) < count for count in counts])
    return np.eye(10, dtype=np.float32)[np.where(right, labels, (labels + 1) % 10)] * 4


def write_run(
    space: Workspace, variant: str, accuracy: float, columns: Columns | None = None, arrays: dict | None = None
) -> None:
    """Writes predictions.npz, history.csv and run.json as training would."""
    images = cifar.load(space.prepared("cifar"))
    rng = np.random.default_rng(abs(hash_of(variant)))
    labels = images.test_labels.astype(int)
    index = len(images.train_labels) + np.arange(len(labels))
    found = {"test/index": index, "test/logits": answers(labels, accuracy, rng)} | (arrays or {})
    write_npz(space.run(variant) / "predictions.npz", **found)
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
    examples = {"train": 180, "validation": 20, "test": len(labels)}
    write_json(space.run(variant) / "run.json", {"parameters": 1000, "epochs": [4] * SEEDS, "examples": examples})


def hash_of(text: str) -> int:
    """The same number for the same text in every process."""
    return int.from_bytes(text.encode()[-4:], "big")


def evaluate(space: Workspace) -> Evidence:
    """Measures, writes, and returns the evidence."""
    evidence = import_study("claims", space.study).evaluate(space)
    evidence.write(space.evidence, source=space.source, scale=space.scale, study=space.study)
    return evidence


def verdicts(evidence: Evidence, claim: int, kind: str = "claim") -> list[str]:
    """Of all findings of one kind on a claim, in order."""
    return [finding.verdict for finding in evidence.findings if finding.claim == claim and finding.kind == kind]

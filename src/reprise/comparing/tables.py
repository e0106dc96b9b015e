"""Tables, costs and metrics of trained classifiers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from reprise.claims.evidence import Metric, Table
from reprise.metrics.calibration import expected_calibration_error
from reprise.runs import Run
from reprise.statistics import SHARE, paired_effect


def score_table(runs: Mapping[str, Run]) -> Table:
    """Accuracy, loss, calibration and cost of every variant."""
    rows = []
    for name, run in runs.items():
        effect, record = paired_effect(run.correct, unit="accuracy", possible=SHARE), run.record
        shifted = run.logits - run.logits.max(axis=2, keepdims=True)
        log = shifted - np.log(np.exp(shifted).sum(axis=2, keepdims=True))
        loss = -log[:, np.arange(len(run.labels)), run.labels].mean()
        error = np.mean([expected_calibration_error(np.exp(x), run.labels, bins=15) for x in log])
        epochs = np.array(record["epochs"])
        rows.append(
            (
                name,
                f"{effect.value:.4f} [{effect.low:.4f}, {effect.high:.4f}]",
                run.seeds,
                f"{effect.seed_spread:.4f}",
                f"{loss:.3f}",
                f"{error:.3f}",
                f"{record['parameters']:,}",
                f"{epochs.min()}–{epochs.max()}" if epochs.min() < epochs.max() else f"{epochs[0]}",
            )
        )
    run = next(iter(runs.values()))
    caption = f"{len(run.labels):,} test images, means over seeds; intervals over images and seeds."
    columns = ("variant", "test accuracy [95 %]", "seeds", "SD over seeds", "loss", "ECE", "parameters", "epochs")
    return Table("Test scores", columns, tuple(rows), caption)


def accuracies(runs: Mapping[str, Run], names: Sequence[str]) -> dict[str, Metric]:
    """Test accuracy of some variants, for the gate."""
    return {f"accuracy.{name}": Metric.over_seeds(runs[name].correct.mean(axis=1), "higher") for name in names}


def costs(runs: Mapping[str, Run]) -> dict[str, Any]:
    """Parameters, epochs and examples."""
    return {name: {key: run.record[key] for key in ("parameters", "epochs", "examples")} for name, run in runs.items()}


def image_words(source: str, official: str, run: Run, whole: int = 50_000) -> str:
    """What a classifier was measured on: where the images come from and how many each part has."""
    parts = run.record["examples"]
    words = f"{parts['train']:,} training, {parts['validation']:,} validation, {parts['test']:,} test images of 32 x 32"
    if source == "generated":
        return f"generated: {words}"
    part = " (not the whole set)" if parts["train"] + parts["validation"] < whole else ""
    return f"real ({official}): {words}{part}"

"""What the three CIFAR-10 studies' claims share: what training wrote, paired comparisons, two kinds of figure."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from reprise.claims.evidence import Expect, Figure, Finding, Metric, Table, at_once, joined
from reprise.data import cifar
from reprise.files import read_json, read_npz
from reprise.metrics.calibration import expected_calibration_error
from reprise.report.figures import COLOURS, figure
from reprise.statistics import paired_effect
from reprise.workspace import Workspace

GROUP = "CIFAR-10: filters and connections"
NONE = 0.01  # accuracies that differ by a point at most count as the same: what one seed of the source cannot resolve
LEARNED = 0.2  # twice chance
ANYTHING = Expect()


@dataclass(frozen=True)
class Run:
    """All seeds of one variant.

    Attributes:
        folder: what training wrote.
        labels: (n,) of the test images.
        logits: (seeds, n, 10) of the test images.
    """

    name: str
    folder: Path
    labels: np.ndarray
    logits: np.ndarray

    @cached_property
    def correct(self) -> np.ndarray:
        """(seeds, n) 1 where the largest logit is the label's."""
        return (self.logits.argmax(axis=2) == self.labels).astype(float)

    @cached_property
    def history(self) -> list[dict[str, np.ndarray]]:
        """For each seed, every column of history.csv as one value an epoch."""
        with (self.folder / "history.csv").open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        seeds = sorted({int(row["seed"]) for row in rows})
        return [
            {key: np.array([float(row[key]) for row in rows if int(row["seed"]) == seed]) for key in rows[0]}
            for seed in seeds
        ]

    @property
    def record(self) -> dict[str, Any]:
        """run.json: number of parameters, epochs, examples."""
        return read_json(self.folder / "run.json")

    @property
    def learned(self) -> bool:
        """Twice chance or better: below that a comparison of networks says nothing about what is compared."""
        return float(self.correct.mean()) >= LEARNED

    def last(self, column: str) -> np.ndarray:
        """(seeds,) a column's value in the last epoch."""
        return np.array([rows[column][-1] for rows in self.history])


def load_runs(workspace: Workspace) -> dict[str, Run]:
    """Every variant of a study, in params.yaml's order.

    Raises:
        ValueError: variants were tested on different images, or with different numbers of seeds.
    """
    images = cifar.load(workspace.prepared("cifar"))
    labels = np.concatenate([images.train_labels, images.test_labels])
    runs, index, seeds = {}, None, workspace.config.seeds
    for name in workspace.config.variants:
        with read_npz(workspace.run(name) / "predictions.npz") as archive:
            found, logits = archive["test/index"], archive["test/logits"].astype(np.float64)
        index = found if index is None else index
        if not np.array_equal(found, index) or len(logits) != seeds:
            raise ValueError(
                f"{workspace.run(name)}/predictions.npz: {len(logits)} seeds on {len(found)} test images, expected "
                f"{seeds} seeds on the {len(index)} images of the other variants; train it again"
            )
        runs[name] = Run(name, workspace.run(name), labels[found], logits)
    return runs


def data_words(workspace: Workspace, run: Run) -> str:
    """What it was measured on."""
    parts = run.record["examples"]
    words = f"{parts['train']:,} training, {parts['validation']:,} validation, {parts['test']:,} test images of 32 x 32"
    if workspace.source == "generated":
        return f"generated: {words}"
    official = workspace.params.dataset("cifar").official
    whole = " (not the whole set)" if parts["train"] + parts["validation"] < 50_000 else ""
    return f"real ({official}): {words}{whole}"


def compare(
    claim: int,
    one: Run,
    other: Run,
    expect: Expect = ANYTHING,
    *,
    note: str = "",
    undecided: str = "",
    together: int = 1,
    **more: Any,
) -> Finding:
    """A finding on a difference in test accuracy, paired over seeds and images; context where nothing is expected.

    Not judged where one of the two has not learned the task. With ``together`` (see `reprise.statistics.seeds_effect`)
    the interval holds for so many comparisons at once.
    """
    levels = f"{one.name} {one.correct.mean():.3f}, {other.name} {other.correct.mean():.3f}"
    return Finding(
        claim,
        f"Test accuracy, `{one.name}` minus `{other.name}`",
        paired_effect(one.correct - other.correct, unit="accuracy", together=together),
        expect,
        kind="context" if expect == ANYTHING else "claim",
        note=joined(levels, note, at_once(together)),
        undecided="" if expect == ANYTHING else joined(undecided, unlearned(one, other)),
        **more,
    )


def unlearned(*runs: Run) -> str:
    """Why a comparison of these networks may not be judged; empty where all have learned their task."""
    idle = [run.name for run in runs if not run.learned]
    return f"{', '.join(dict.fromkeys(idle))} below {LEARNED:g} test accuracy" if idle else ""


def cut_off(workspace: Workspace, *runs: Run) -> str:
    """Why what training ends with may not be judged; empty where every network stopped by itself."""
    limits = {run.name: workspace.config.variants[run.name].epochs for run in runs}
    cut = [run for run in runs if max(run.record["epochs"]) >= limits[run.name]]
    return f"training was cut off after {limits[cut[0].name]} epochs" if cut else ""


def epochs_to(run: Run, accuracy: float) -> np.ndarray:
    """(seeds,) epochs until validation accuracy is first reached; NaN where it never is."""
    reached = [np.flatnonzero(rows["val_accuracy"] >= accuracy) for rows in run.history]
    return np.array([hit[0] + 1.0 if len(hit) else np.nan for hit in reached])


def speed(run: Run, epochs: int) -> np.ndarray:
    """(seeds,) mean validation accuracy over the first epochs: the area under the curve of convergence.

    A run that stopped earlier counts with its last value.
    """
    curves = [rows["val_accuracy"][:epochs] for rows in run.history]
    return np.array([np.pad(curve, (0, epochs - len(curve)), mode="edge").mean() for curve in curves])


def longest(runs: Sequence[Run]) -> int:
    """Epochs of the longest training."""
    return max(len(rows["epoch"]) for run in runs for rows in run.history)


def metrics(runs: Mapping[str, Run], names: Sequence[str]) -> dict[str, Metric]:
    """Test accuracy for the gate."""
    found = {}
    for name in names:
        values = runs[name].correct.mean(axis=1)
        spread = float(values.std(ddof=1)) if len(values) > 1 else 0.0
        found[f"accuracy.{name}"] = Metric(float(values.mean()), "higher", spread, len(values))
    return found


def score_table(runs: Mapping[str, Run]) -> Table:
    """Accuracy, loss, calibration and cost of every variant."""
    rows = []
    for name, run in runs.items():
        effect, record = paired_effect(run.correct), run.record
        shifted = run.logits - run.logits.max(axis=2, keepdims=True)
        log = shifted - np.log(np.exp(shifted).sum(axis=2, keepdims=True))
        loss = -log[:, np.arange(len(run.labels)), run.labels.astype(int)].mean()
        error = np.mean([expected_calibration_error(np.exp(x), run.labels.astype(int), bins=15) for x in log])
        epochs = np.array(record["epochs"])
        rows.append(
            (
                name,
                f"{effect.value:.4f} [{effect.low:.4f}, {effect.high:.4f}]",
                f"{effect.seed_spread:.4f}",
                f"{loss:.3f}",
                f"{error:.3f}",
                f"{record['parameters']:,}",
                f"{epochs.min()}–{epochs.max()}" if epochs.min() < epochs.max() else f"{epochs[0]}",
            )
        )
    run = next(iter(runs.values()))
    caption = f"{len(run.labels):,} test images, mean over {len(run.correct)} seeds; intervals over images and seeds."
    columns = ("variant", "test accuracy [95 %]", "SD over seeds", "loss", "ECE", "parameters", "epochs")
    return Table("Test scores", columns, tuple(rows), caption)


def costs(runs: Mapping[str, Run]) -> dict[str, Any]:
    """Parameters, epochs and examples."""
    return {name: {key: run.record[key] for key in ("parameters", "epochs", "examples")} for name, run in runs.items()}


def curves(folder: Path, runs: Sequence[Run], name: str = "curves", title: str = "Convergence") -> Figure:
    """Validation accuracy by epoch: one panel a variant, its seeds in colour, the mean of every other in grey."""
    columns = 3 if len(runs) <= 9 else 4
    rows = -(-len(runs) // columns)
    means = {}
    for run in runs:
        length = min(len(history["epoch"]) for history in run.history)
        means[run.name] = np.mean([history["val_accuracy"][:length] for history in run.history], axis=0)
    options = {"nrows": rows, "ncols": columns, "sharex": True, "sharey": True, "squeeze": False}
    with figure(folder / f"{name}.svg", 7.6, 1.75 * rows + 0.4, **options) as (drawn, axes):
        for axis, run in zip(axes.flat, runs, strict=False):
            for mean in means.values():
                axis.plot(np.arange(1, len(mean) + 1), mean, color="#8888885c", lw=0.7)
            for history in run.history:
                axis.plot(history["epoch"] + 1, history["val_accuracy"], color=COLOURS[0], lw=0.8, alpha=0.6)
            mean = means[run.name]
            axis.plot(np.arange(1, len(mean) + 1), mean, color=COLOURS[0], lw=2)
            axis.set_title(run.name, fontsize=9)
        for axis in axes.flat[len(runs) :]:
            axis.set_visible(False)
        drawn.supxlabel("epoch", fontsize=10)
        drawn.supylabel("validation accuracy", fontsize=10)
    caption = "Thin: seeds; thick: their mean, as far as all seeds went; grey: the means of the other variants."
    alt = f"Validation accuracy by epoch for {', '.join(run.name for run in runs)}"
    return Figure(name, title, alt, caption)


def accuracy_dots(folder: Path, runs: Sequence[Run], reference: str, name: str = "accuracies") -> Figure:
    """Test accuracy of every seed, and the mean with its interval."""
    with figure(folder / f"{name}.svg", 7, 0.3 * len(runs) + 1.0) as (_, axes):
        for row, run in enumerate(runs):
            effect = paired_effect(run.correct)
            colour = COLOURS[1] if run.name == reference else COLOURS[0]
            axes.plot([effect.low, effect.high], [row, row], color=colour, lw=5, alpha=0.25, solid_capstyle="butt")
            axes.plot(effect.value, row, "|", color=colour, ms=14, mew=2.5)
            axes.plot(
                run.correct.mean(axis=1), [row] * len(run.correct), "o", color=colour, ms=5, mec="none", alpha=0.8
            )
            if run.name == reference:
                axes.axvline(effect.value, color="#888888", lw=1, ls="--")
        axes.set_yticks(range(len(runs)), [run.name for run in runs])
        axes.set(ylim=(len(runs) - 0.4, -0.6), xlabel="test accuracy", xlim=np.clip(axes.get_xlim(), 0, 1))
        axes.grid(axis="y", visible=False)
    caption = f"Dots: seeds; stroke and band: mean and 95 % interval over images and seeds; dashed: {reference}."
    return Figure(name, "Test accuracy", f"Test accuracy of {', '.join(run.name for run in runs)}", caption)

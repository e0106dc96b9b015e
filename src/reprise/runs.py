"""What training wrote, read again: predictions, labels, the history of every seed, the settings. No torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from reprise.files import read_json, read_npz, read_table
from reprise.workspace import Workspace

SEEDS_OF = ("best_epoch", "epochs", "structure")  # what run.json has one of for every seed


@dataclass(frozen=True)
class Run:
    """All seeds of one variant; everything is read when it is asked for.

    Attributes:
        name: of the variant.
        folders: what training wrote, a folder a block of seeds.
        upto: only so many seeds are seen.
    """

    name: str
    folders: tuple[Path, ...]
    upto: int | None = None

    @classmethod
    def of(cls, workspace: Workspace, variant: str) -> Run:
        """The variant's run, all its blocks of seeds."""
        return cls(variant, tuple(workspace.run(variant, first) for first in workspace.blocks(variant)), workspace.upto)

    @property
    def folder(self) -> Path:
        """Of the first block, by which messages name the run."""
        return self.folders[0]

    @cached_property
    def record(self) -> dict[str, Any]:
        """run.json: parameters, epochs, examples, settings, structure."""
        first, *others = (read_json(folder / "run.json") for folder in self.folders)
        of_seeds = [key for key in SEEDS_OF if key in first]
        return first | {key: sum((each[key] for each in others), first[key])[: self.upto] for key in of_seeds}

    @property
    def settings(self) -> dict[str, Any]:
        """What the variant was trained with."""
        return self.record["settings"]

    @property
    def seeds(self) -> int:
        """How many networks were trained."""
        return len(self.record["epochs"])

    def arrays(self, *names: str) -> list[np.ndarray]:
        """Arrays of predictions.npz by name, seeds along the first axis.

        Raises:
            FileNotFoundError: the variant has not been trained.
            ValueError: it did not write one of these.
        """
        return _arrays([folder / "predictions.npz" for folder in self.folders], names, self.upto, "train it again")

    def has(self, name: str) -> bool:
        """Whether predictions.npz holds an array of this name."""
        with read_npz(self.folder / "predictions.npz") as archive:
            return name in archive.files

    def common(self, name: str) -> np.ndarray:
        """(n, ...) of an array that is the same for every seed: places in the prepared file, labels.

        Raises:
            ValueError: it is not.
        """
        (array,) = self.arrays(name)
        if (array != array[:1]).any():
            raise ValueError(f"{self.folder}/predictions.npz: {name} differs between seeds")
        return array[0]

    @cached_property
    def labels(self) -> np.ndarray:
        """(n,) of the test examples."""
        return self.common("test/label").astype(int)

    @cached_property
    def logits(self) -> np.ndarray:
        """(seeds, n, k) float64 of the test examples."""
        return self.arrays("test/logits")[0].astype(np.float64)

    @cached_property
    def correct(self) -> np.ndarray:
        """(seeds, n) 1 where the largest logit is the label's."""
        return (self.logits.argmax(axis=2) == self.labels).astype(float)

    @cached_property
    def history(self) -> list[dict[str, np.ndarray]]:
        """For each seed, every column of history.csv as one value an epoch; NaN where an epoch has none.

        Raises:
            ValueError: the file is damaged.
        """
        return [rows for folder in self.folders for rows in _history(folder / "history.csv")][: self.upto]

    def last(self, column: str) -> np.ndarray:
        """(seeds,) a column's value in the last epoch."""
        return np.array([rows[column][-1] for rows in self.history])

    def epochs_to(self, accuracy: float) -> np.ndarray:
        """(seeds,) epochs until validation accuracy is first reached; NaN where it never is."""
        reached = [np.flatnonzero(rows["val_accuracy"] >= accuracy) for rows in self.history]
        return np.array([hit[0] + 1.0 if len(hit) else np.nan for hit in reached])

    def speed(self, epochs: int) -> np.ndarray:
        """(seeds,) mean validation accuracy over the first epochs: the area under the curve of convergence.

        A run that stopped earlier counts with its last value.
        """
        curves = [rows["val_accuracy"][:epochs] for rows in self.history]
        return np.array([np.pad(curve, (0, epochs - len(curve)), mode="edge").mean() for curve in curves])

    def mean_curve(self, column: str) -> np.ndarray:
        """A column by epoch, mean over seeds, as far as all seeds went."""
        length = min(len(rows["epoch"]) for rows in self.history)
        return np.mean([rows[column][:length] for rows in self.history], axis=0)


def _arrays(paths: Sequence[Path], names: Sequence[str], upto: int | None, again: str) -> list[np.ndarray]:
    """Arrays of several archives, one after the other along the first axis."""
    found: list[list[np.ndarray]] = []
    for path in paths:
        with read_npz(path) as archive:
            missing = [name for name in names if name not in archive.files]
            if missing:
                raise ValueError(f"{path}: no {', '.join(missing)}; {again}")
            found.append([archive[name] for name in names])
    return [np.concatenate(parts)[:upto] for parts in zip(*found, strict=True)]


def _history(path: Path) -> list[dict[str, np.ndarray]]:
    rows = read_table(path, "seed", "epoch")
    try:
        seeds = sorted({int(row["seed"]) for row in rows})
        return [
            {key: np.array([float(row[key] or "nan") for row in rows if int(row["seed"]) == seed]) for key in rows[0]}
            for seed in seeds
        ]
    except (ValueError, IndexError) as error:
        raise ValueError(f"{path}: no history of a training ({error}); make it again with `dvc repro`") from None


def same_seeds(*arrays: np.ndarray) -> list[np.ndarray]:
    """Arrays (seeds, ...) cut to the seeds that all of them have: further ones are trained where a claim needs them."""
    least = min(len(array) for array in arrays)
    return [array[:least] for array in arrays]


def apart(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """One minus other, seed by seed, as far as both go."""
    one, other = same_seeds(one, other)
    return one - other


def longest(runs: Sequence[Run]) -> int:
    """Epochs of the longest training."""
    return max(len(rows["epoch"]) for run in runs for rows in run.history)


def load_runs(workspace: Workspace) -> dict[str, Run]:
    """Every variant of a study, in its params.yaml's order.

    Raises:
        FileNotFoundError: a variant has not been trained.
        ValueError: one was trained with other settings or another number of seeds than params.yaml has.
    """
    config, runs = workspace.config, {}
    for name, settings in config.variants.items():
        run = Run.of(workspace, name)
        if not (run.folder / "run.json").is_file():
            raise FileNotFoundError(f"{run.folder}/run.json is missing; `dvc repro` makes it")
        used = [read_json(folder / "run.json") for folder in run.folders]
        wanted = settings.model_dump(mode="json")
        if any(each["settings"] != wanted for each in used) or len(used[0]["epochs"]) != config.seeds:
            raise ValueError(f"{run.folder}: trained with other settings or seeds than params.yaml has; train it again")
        runs[name] = run
    return runs


def check_same_test(runs: dict[str, Run]) -> None:
    """Comparisons are paired example by example, so all variants must have been tested on the same ones.

    Raises:
        ValueError: they were not.
    """
    first = None
    for name, run in runs.items():
        index = run.common("test/index")
        first = index if first is None else first
        if not np.array_equal(index, first):
            raise ValueError(
                f"{run.folder}/predictions.npz: {name} was tested on {len(index)} examples that are not the "
                f"{len(first)} of the other variants; train it again"
            )


def used_settings(runs: dict[str, Run]) -> dict[str, Any]:
    """What the networks were trained with, as they wrote it: what all share under ``base``, the rest by variant."""
    every = {name: run.settings for name, run in runs.items()}
    first = next(iter(every.values()))
    base = {key: value for key, value in first.items() if all(each.get(key) == value for each in every.values())}
    seeds = max(run.seeds for run in runs.values())
    own = {name: {k: v for k, v in each.items() if k not in base} for name, each in every.items()}
    return {"seeds": seeds, "base": base, "variants": own}


@dataclass(frozen=True)
class Probed:
    """What the networks of one variant were asked.

    Attributes:
        folders: what the probe stage wrote, a folder a block of seeds.
        upto: only so many seeds are seen.
    """

    folders: tuple[Path, ...]
    upto: int | None = None

    @classmethod
    def of(cls, workspace: Workspace, variant: str) -> Probed:
        """What the variant's networks were asked, all its blocks of seeds."""
        return cls(tuple(workspace.probe(variant, first) for first in workspace.blocks(variant)), workspace.upto)

    @cached_property
    def record(self) -> dict[str, Any]:
        """probe.json: what they were asked with."""
        return read_json(self.folders[0] / "probe.json")

    def arrays(self, *names: str) -> list[np.ndarray]:
        """Arrays of answers.npz by name, seeds along the first axis.

        Raises:
            FileNotFoundError: the variant has not been probed.
            ValueError: its answers do not hold one of these.
        """
        return _arrays(
            [folder / "answers.npz" for folder in self.folders], names, self.upto, "`dvc repro` makes it again"
        )

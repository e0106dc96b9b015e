"""Which MLflow runs a study's DVC outputs stand for, and what each holds: reads files, never asks MLflow."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from statistics import fmean
from typing import Any

from reprise.files import read_json, read_table, shown
from reprise.sweeps import TABLE, read_folder, swept_to
from reprise.workspace import Workspace

CELL = ("learning_rate", "dropout", "seed", "step", "classes", "diverged")  # columns that are no curve


@dataclass(frozen=True)
class Run:
    """What one MLflow run is to hold.

    Attributes:
        key: known by it: a digest of study, variant, seed, data source, scale and settings.
        name: in the runs table.
        tags, params: text and settings by name.
        outputs: digest of the DVC output that it stands for; empty while it is trained.
        rows: metrics by name; ``epoch`` is the step.
        scores: what evaluation, which comes later, says of the variant.
        nested: a seed's, below its variant's.
        figures: a folder.
    """

    key: str
    name: str
    tags: dict[str, str]
    params: dict[str, Any] = field(default_factory=dict)
    outputs: str = ""
    rows: tuple[dict[str, Any], ...] = ()
    scores: dict[str, float | None] = field(default_factory=dict)
    nested: bool = False
    figures: Path | None = None


@dataclass(frozen=True)
class Projection:
    """The runs of one study."""

    workspace: Workspace

    def run(self, variant: str, params: dict[str, Any], seed: int | None = None) -> Run:
        """A run without results: what is known when training starts. ``seed`` None: the variant's own."""
        space = self.workspace
        key = digest([space.study, variant, seed, space.source, space.scale, params])
        tags = self._tags(variant, space.run(variant)) | {"config.digest": digest(params)}
        if seed is None:
            return Run(key, variant, tags, params)
        return Run(key, f"{variant}/seed-{seed}", tags | {"seed": str(seed)}, params | {"seed": seed}, nested=True)

    def training(self, variant: str) -> list[Run]:
        """The runs that a variant's outputs stand for: its own, then one a seed; none where it was not trained."""
        space = self.workspace
        first, *further = (space.run(variant, block) for block in space.blocks(variant))
        if not ((first / "run.json").is_file() and (first / "history.csv").is_file()):
            return []
        record = _with(first / "run.json", "parameters", "precision", "settings")
        histories = [folder / "history.csv" for folder in (first, *further)]
        rows = [row for path in histories for row in read_table(path, "seed", "epoch")]
        outputs = digest([record, *(path.read_text(encoding="utf-8") for path in histories)])
        facts = {"parameters": str(record["parameters"]), "precision": record["precision"]}
        runs = [replace(self.run(variant, record["settings"]), rows=_means(rows), scores=self._scores(variant))]
        for seed in sorted({int(row["seed"]) for row in rows}):
            own = tuple(row for row in rows if int(row["seed"]) == seed)
            runs.append(replace(self.run(variant, record["settings"], seed), rows=own))
        return [replace(run, outputs=outputs, tags=run.tags | facts) for run in runs]

    def swept(self, part: str) -> list[Run]:
        """The runs that one part of a sweep stands for: its own, then one a learning rate with its curve.

        A curve is the mean over seeds; networks that diverged are left out of it, and counted by ``diverged``.
        """
        space = self.workspace
        folder = swept_to(space, part)
        if not (folder / TABLE).is_file():
            return []
        sweep = read_folder(folder, "learning_rate", "seed", "step", "diverged")
        params = {name: value for each in _flat(sweep.settings, part) for name, value in each.items()}
        outputs = digest([sweep.settings, (folder / TABLE).read_text(encoding="utf-8")])
        tags = self._tags(part, folder) | {"config.digest": digest(params)}
        key = [space.study, part, space.source, space.scale, sweep.settings]
        runs = [Run(digest(key), part, tags, params, outputs, scores=self._scores(part))]
        for rate in sorted(set(sweep.columns["learning_rate"].tolist())):
            cell = sweep.where(learning_rate=rate).columns
            curves = [name for name, column in cell.items() if column.dtype.kind == "f" and name not in CELL]
            rows = []
            for step in sorted(set(cell["step"].tolist())):
                seeds = {name: cell[name][cell["step"] == step].tolist() for name in curves}
                known = {name: [value for value in values if value == value] for name, values in seeds.items()}
                diverged = sum(value > 0 for value in cell["diverged"][cell["step"] == step])
                means = {name: fmean(values) for name, values in known.items() if values}
                rows.append({"epoch": int(step)} | means | {"diverged": float(diverged)})
            own = params | {"learning_rate": rate}
            name = f"{part}/rate-{rate:.3g}"
            runs.append(Run(digest([*key, rate]), name, tags, own, outputs, tuple(rows), nested=True))
        return runs

    def evidence(self) -> list[Run]:
        """The run that holds the study's scores and figures; none where it was not evaluated."""
        if self._evidence is None:
            return []
        space = self.workspace
        scores = {name: metric["value"] for name, metric in self._evidence["metrics"].items()}
        tags = self._tags("evidence", space.evidence) | {"mlflow.note.content": self._evidence["about"][:4000]}
        key = digest([space.study, "evidence", space.source, space.scale])
        figures = space.evidence / "figures"
        rows = ({"epoch": 0} | scores,)
        return [Run(key, "evidence", tags, outputs=digest(self._evidence), rows=rows, figures=figures)]

    @cached_property
    def _evidence(self) -> dict[str, Any] | None:
        path = self.workspace.evidence / "evidence.json"
        return _with(path, "metrics", "about") if path.is_file() else None

    def _scores(self, variant: str) -> dict[str, float | None]:
        """What the evidence calls ``MEASURE.VARIANT``, by measure: columns in which variants can be compared."""
        metrics = self._evidence["metrics"] if self._evidence else {}
        end = f".{variant}"
        return {name.removesuffix(end): metric["value"] for name, metric in metrics.items() if name.endswith(end)}

    def _tags(self, variant: str, output: Path) -> dict[str, str]:
        space = self.workspace
        made_by = self._stages.get(output.relative_to(space.root).as_posix())
        stage = made_by or os.environ.get("DVC_STAGE", "")  # a first run is not in any dvc.lock yet
        return {
            "study": space.study,
            "variant": variant,
            "dvc.stage": stage,
            "data.source": space.source,
            "scale": space.scale,
            "git.commit": self._commit,
            "mlflow.source.type": "LOCAL",  # these three fill the columns Source and Version
            "mlflow.source.name": f"dvc repro {stage}".rstrip(),
            "mlflow.source.git.commit": self._commit,
        }

    @cached_property
    def _stages(self) -> dict[str, str]:
        """Every output in the dvc.lock files -> the stage that made it, as ``dvc repro`` takes its name."""
        root, found = self.workspace.root, {}
        for path in (root / "dvc.lock", *sorted((root / "pipelines").glob("*/dvc.lock"))):
            if path.is_file():
                prefix = "" if path.parent == root else f"{path.parent.relative_to(root).as_posix()}/dvc.yaml:"
                made = _lock_outputs(path.absolute(), path.stat().st_mtime_ns)
                found |= {output: prefix + stage for output, stage in made.items()}
        return found

    @cached_property
    def _commit(self) -> str:
        command = ["git", "rev-parse", "HEAD"]
        done = subprocess.run(command, cwd=self.workspace.root, capture_output=True, text=True, check=False)
        return done.stdout.strip() or "unknown"


def _flat(settings: dict[str, Any], part: str) -> Iterator[dict[str, Any]]:
    """What one part of a sweep was made with, group by group."""
    for name, value in settings.items():
        value = value[part] if name == "parts" else value
        yield value if isinstance(value, dict) else {name: value}


def _with(path: Path, *keys: str) -> dict[str, Any]:
    record = read_json(path)
    lacking = [key for key in keys if not isinstance(record, dict) or key not in record]
    if lacking:
        raise ValueError(f"{shown(path)}: {', '.join(lacking)} missing; make it again with `dvc repro`")
    return record


def digest(value: Any) -> str:
    """A short digest of anything that JSON can hold."""
    return hashlib.blake2b(json.dumps(value, sort_keys=True).encode(), digest_size=10).hexdigest()


@functools.cache
def _lock_outputs(path: Path, modified: int) -> dict[str, str]:
    from ruamel.yaml import YAML

    stages = (YAML(typ="safe").load(path.read_text(encoding="utf-8")) or {}).get("stages", {})
    return {out["path"]: name for name, stage in stages.items() for out in stage.get("outs", [])}


def _means(rows: list[dict[str, str]]) -> tuple[dict[str, float], ...]:
    """Every metric's mean over seeds, epoch by epoch (over those seeds that came so far)."""
    values: dict[int, dict[str, list[float]]] = {}
    for row in rows:
        for name, value in row.items():
            if name not in ("seed", "epoch") and value:
                values.setdefault(int(row["epoch"]), {}).setdefault(name, []).append(float(value))
    return tuple({"epoch": epoch} | {n: fmean(v) for n, v in named.items()} for epoch, named in sorted(values.items()))

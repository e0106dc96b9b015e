"""Which MLflow runs a study's DVC outputs stand for, and what each holds: reads files, never asks MLflow."""

from __future__ import annotations

import functools
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from reprise.entries import Data, Later, Run, digest
from reprise.files import read_json, read_table, shown
from reprise.judged import MEASURED, claim_rows, claim_table, metric_table, verdicts
from reprise.runs import Run as Outputs
from reprise.sweeps import TABLE, read_folder, swept_to
from reprise.tested import seed_scores, table_scores
from reprise.workspace import Workspace

CELL = ("learning_rate", "dropout", "seed", "step", "classes", "diverged")  # columns that are no curve


@dataclass(frozen=True)
class Made:
    """What a dvc.lock says of an output.

    Attributes:
        stage: that made it, as ``dvc repro`` takes it.
        digest: its MD5.
        source, scale: with which it was made; None where the stage reads neither.
    """

    stage: str
    digest: str
    source: str | None = None
    scale: str | None = None


@dataclass(frozen=True)
class Projection:
    """The runs of one study.

    Attributes:
        locked: outputs are shown as what their dvc.lock says that they are, and not as what params.yaml says now. False
            while a stage runs, whose lock is of the time before.
    """

    workspace: Workspace
    locked: bool = False

    def run(self, variant: str, params: dict[str, Any], seed: int | None = None) -> Run:
        """A run without results: what is known when training starts. ``seed`` None: the variant's own."""
        space = self.workspace
        source, scale = self._made_with(space.run(variant))
        key = digest([space.study, variant, seed, source, scale, params])
        tags = self._tags(variant, space.run(variant)) | {"config.digest": digest(params)}
        if seed is None:
            return Run(key, variant, tags, params)
        own = tags | {"kind": "seed", "seed": str(seed)}
        return Run(key, f"{variant}/seed-{seed}", own, params | {"seed": seed}, nested=True)

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
        seeds = seed_scores(Outputs.of(space, variant))
        own = self.run(variant, record["settings"])
        weights = (first / "weights.safetensors").is_file()
        later = self._later(variant, {name: values.tolist() for name, values in seeds.items()})
        runs = [replace(own, rows=_means(rows), later=later, network=first if weights else None)]
        for seed in sorted({int(row["seed"]) for row in rows}):
            mine = {f"test/{name}": float(values[seed]) for name, values in seeds.items() if seed < len(values)}
            history = tuple(row for row in rows if int(row["seed"]) == seed)
            runs.append(replace(self.run(variant, record["settings"], seed), rows=history, later=Later(mine)))
        return [replace(run, outputs=outputs, tags=run.tags | facts, data=self._data) for run in runs]

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
        key = [space.study, part, *self._made_with(folder), sweep.settings]
        runs = [Run(digest(key), part, tags, params, outputs, later=self._later(part), data=self._data)]
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
            own, tags = params | {"learning_rate": rate}, tags | {"kind": "rate"}
            name = f"{part}/rate-{rate:.3g}"
            runs.append(Run(digest([*key, rate]), name, tags, own, outputs, tuple(rows), nested=True, data=self._data))
        return runs

    def evidence(self) -> list[Run]:
        """The run that holds the study's page, tables and figures, then one a claim with its verdict and interval.

        None where it was not evaluated.
        """
        if self._evidence is None:
            return []
        space, found = self.workspace, self._evidence
        key = [space.study, "evidence", *self._made_with(space.evidence)]
        page = space.root / "reports" / "studies" / f"{space.study}.html"
        tables = {"claims": claim_table(found), "metrics": metric_table(found)}
        note = {"mlflow.note.content": found["about"][:4000]}
        later = Later({}, note | verdicts(found), space.evidence / "figures", tables, page if page.is_file() else None)
        tags = self._tags("evidence", space.evidence) | {"kind": "evidence"}
        runs = [Run(digest(key), "evidence", tags, outputs=digest(found["inputs"]), later=later, data=self._data)]
        for claim, row in claim_rows(found).items():
            scores = {name: row[name] for name in MEASURED if row[name] is not None}
            mine = {name: str(value) for name, value in row.items() if name not in MEASURED and value != ""}
            tags = self._tags("evidence", space.evidence) | {"kind": "claim"}
            name, outputs = f"claim {claim}: {row['verdict']}", digest(found["inputs"])
            # not nested in the evidence: the runs table would hide them behind it
            runs.append(Run(digest([*key, claim]), name, tags, outputs=outputs, later=Later(scores, mine)))
        return runs

    @cached_property
    def _evidence(self) -> dict[str, Any] | None:
        path = self.workspace.evidence / "evidence.json"
        return _with(path, "metrics", "about", "declared", "findings", "tables", "inputs") if path.is_file() else None

    def _later(self, variant: str, seeds: dict[str, list[float]] | None = None) -> Later:
        """What there is to say of a variant after training: test scores, the gate's metrics, verdicts, figures.

        ``MEASURE.VARIANT`` of the evidence is ``MEASURE`` here: columns in which variants can be compared.
        """
        scores: dict[str, float | None] = {}
        for name, values in (seeds or {}).items():
            scores |= {f"test/{name}": fmean(values)}
            scores |= {f"test/{name} sd": stdev(values)} if len(values) > 1 else {}
        tags = {"differs": self._differs(variant)} if seeds is not None else {}
        if self._evidence is None:
            return Later(scores, tags)
        tags |= verdicts(self._evidence, variant)
        tags["mlflow.note.content"] = "\n".join(f"- **{name}**: {value}" for name, value in tags.items())
        if seeds is not None and not seeds:
            variants = getattr(self.workspace.config, "variants", {})
            table = table_scores(self._evidence, variants).get(variant, {})
            scores |= {f"test/{name}": value for name, value in table.items()}
        end = f".{variant}"
        metrics = {name: each for name, each in self._evidence["metrics"].items() if name.endswith(end)}
        for name, metric in metrics.items():
            scores[name.removesuffix(end)] = metric["value"]
        figures = self.workspace.evidence / "figures"
        return Later(scores, tags, figures)

    def _differs(self, variant: str) -> str:
        """The settings of a variant that are not the same in all, with their values."""
        every = {name: each.model_dump(mode="json") for name, each in self.workspace.config.variants.items()}
        own = every.get(variant, {})
        varied = [name for name in own if any(each.get(name) != own[name] for each in every.values())]
        return ", ".join(f"{name}={own[name]}" for name in varied)[:4000] or "nothing"

    @cached_property
    def _data(self) -> tuple[Data, ...]:
        found = []
        for name in self.workspace.reads:
            path = self.workspace.prepared(name)
            place = path.relative_to(self.workspace.root).as_posix()
            if place in self._made:
                source, scale = self._made_with(path)
                found.append(Data(f"{name} ({source}, {scale})", self._made[place].digest, place))
        return tuple(found)

    def _made_with(self, output: Path) -> tuple[str, str]:
        """The data source and the scale of an output."""
        space = self.workspace
        made = self._made.get(output.relative_to(space.root).as_posix()) if self.locked else None
        return (made and made.source) or space.source, (made and made.scale) or space.scale

    def _tags(self, variant: str, output: Path) -> dict[str, str]:
        space = self.workspace
        made = self._made.get(output.relative_to(space.root).as_posix())
        stage = made.stage if made else os.environ.get("DVC_STAGE", "")  # a first run is not in any dvc.lock yet
        source, scale = self._made_with(output)
        return {
            "study": space.study,
            "variant": variant,
            "kind": "variant",
            "dvc.stage": stage,
            "data.source": source,
            "scale": scale,
            "git.commit": self._commit,
            "mlflow.source.type": "LOCAL",  # these three fill the columns Source and Version
            "mlflow.source.name": f"dvc repro {stage}".rstrip(),
            "mlflow.source.git.commit": self._commit,
        }

    @cached_property
    def _made(self) -> dict[str, Made]:
        """Every output in the dvc.lock files."""
        root, found = self.workspace.root, {}
        for path in (root / "dvc.lock", *sorted((root / "pipelines").glob("*/dvc.lock"))):
            if path.is_file():
                prefix = "" if path.parent == root else f"{path.parent.relative_to(root).as_posix()}/dvc.yaml:"
                made = _lock_outputs(path.absolute(), path.stat().st_mtime_ns)
                found |= {output: replace(each, stage=prefix + each.stage) for output, each in made.items()}
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


@functools.cache
def _lock_outputs(path: Path, modified: int) -> dict[str, Made]:
    from ruamel.yaml import YAML

    found = {}
    for name, stage in ((YAML(typ="safe").load(path.read_text(encoding="utf-8")) or {}).get("stages", {})).items():
        params = stage.get("params", {}).get("params.yaml", {})
        for out in stage.get("outs", []):
            found[out["path"]] = Made(name, out.get("md5", ""), params.get("data.source"), params.get("scale"))
    return found


def _means(rows: list[dict[str, str]]) -> tuple[dict[str, float], ...]:
    """Every metric's mean over seeds, epoch by epoch (over those seeds that came so far)."""
    values: dict[int, dict[str, list[float]]] = {}
    for row in rows:
        for name, value in row.items():
            if name not in ("seed", "epoch") and value:
                values.setdefault(int(row["epoch"]), {}).setdefault(name, []).append(float(value))
    return tuple({"epoch": epoch} | {n: fmean(v) for n, v in named.items()} for epoch, named in sorted(values.items()))

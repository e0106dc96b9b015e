"""What DVC's plots are drawn from: one table a study, a row a network and epoch, in ``reports/plots/STUDY.csv``.

A plot of DVC names one file, wherever the further seeds of a study lie and however many variants it has. The template
``.dvc/plots/seeds.json`` draws the mean over seeds and a band from the lowest to the highest.
"""

from __future__ import annotations

import csv
import shutil
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np

from reprise.files import write_text
from reprise.registry import named_studies
from reprise.runs import Run
from reprise.sweeps import read_sweep
from reprise.workspace import Workspace

PLOTS = Path("reports/plots")
MEASURED = ("train_", "val_")  # beginnings of history's columns that are curves of how well it learns
DIGITS = 4  # significant ones: more than a plot shows
Row = dict[str, Any]


def write_curves(root: Path = Path()) -> list[Path]:
    """Writes the table of every study that trains or sweeps and has evidence, the folder made anew; returns the files.

    The stage depends on the evidence, which changes with what it was made from and is there in part of a checkout too.

    Raises:
        FileNotFoundError: a variant was not trained.
        ValueError: a history or a table is damaged.
    """
    spaces = [Workspace(name, root) for name in named_studies(root)]
    done = [space for space in spaces if (space.evidence / "evidence.json").is_file()]
    tables = {space.study: table for space in done if (table := study_rows(space))}
    shutil.rmtree(root / PLOTS, ignore_errors=True)
    (root / PLOTS).mkdir(parents=True)  # DVC expects it where nothing trains, too
    paths = []
    for name, rows in tables.items():
        stream = StringIO()
        columns = dict.fromkeys(column for row in rows for column in row)
        writer = csv.DictWriter(stream, list(columns), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        paths.append(root / PLOTS / f"{name}.csv")
        write_text(paths[-1], stream.getvalue())
    return paths


def study_rows(workspace: Workspace) -> list[Row]:
    """Of a study that trains: variant, seed, epoch and measures; of one that sweeps: a row a network; else none."""
    variants = getattr(workspace.config, "variants", {})
    if variants:
        return [row for variant in variants for row in _trained(Run.of(workspace, variant))]
    return _swept(workspace) if workspace.sweep.is_dir() else []


def _trained(run: Run) -> list[Row]:
    rows = []
    for seed, history in enumerate(run.history):
        measures = {name: column for name, column in history.items() if name.startswith(MEASURED)}
        for place, epoch in enumerate(history["epoch"]):
            values = {name: _number(column[place]) for name, column in measures.items()}
            rows.append({"variant": run.name, "seed": seed, "epoch": int(epoch)} | values)
    return rows


def _swept(workspace: Workspace) -> list[Row]:
    """Each network as it was at its last step, named by what is text in the table, and the part it stands in."""
    columns = read_sweep(workspace).columns
    if "step" in columns:
        last = columns["step"] == columns["step"].max()
        columns = {name: column[last] for name, column in columns.items()}
    text = [name for name, column in columns.items() if column.dtype.kind == "U"]
    labels = [columns[name].tolist() for name in text]
    if len(set(columns.get("dropout", np.zeros(1)).tolist())) > 1:
        labels.append([f"dropout {rate:g}" for rate in columns["dropout"]])
    numeric = [name for name in columns if name not in text]
    return [
        {"variant": " ".join(words)} | {name: _number(columns[name][place]) for name in numeric}
        for place, words in enumerate(zip(*labels, strict=True))
    ]


def _number(value: float) -> str:
    """As the table has it; empty where there is none."""
    return f"{value:.{DIGITS}g}" if np.isfinite(value) else ""

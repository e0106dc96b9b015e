"""Families of many small networks: one table, a row a network, that the stage ``sweep`` writes and evaluation reads.

``data/sweeps/STUDY/table.csv`` holds the rows; ``sweep.json`` beside it what they were made with, which columns are
text, and how many rows there are. A study whose parameters have ``parts`` has a folder a part, read as one. No torch.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np

from reprise.config import study_params
from reprise.files import read_json, write_json, write_text
from reprise.workspace import Workspace

TABLE, RECORD = "table.csv", "sweep.json"
DIGITS = 9  # significant ones of a number; all of them for float32
AGAIN = "make it again with `dvc repro`"


@dataclass(frozen=True)
class Sweep:
    """What a family of networks gave.

    Attributes:
        columns: name -> (networks,) float64, or text.
        settings: the parameters of the study that the networks were made with.
    """

    columns: dict[str, np.ndarray]
    settings: dict[str, Any]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def where(self, **values: Any) -> Sweep:
        """The networks for which columns have these values, in the table's order.

        Raises:
            ValueError: there are none.
            KeyError: there is no such column.
        """
        chosen = np.ones(len(self), dtype=bool)
        for name, value in values.items():
            chosen &= self.columns[name] == value
        if not chosen.any():
            raise ValueError(f"no network with {', '.join(f'{name} = {value}' for name, value in values.items())}")
        return Sweep({name: column[chosen] for name, column in self.columns.items()}, self.settings)


def write_sweep(folder: Path, columns: dict[str, np.ndarray], settings: dict[str, Any]) -> None:
    """Writes the table, numbers with nine significant digits and whole numbers in full, and what it was made with.

    Raises:
        ValueError: columns of several lengths, none at all, or one that holds neither numbers nor printable text; then
            nothing is written.
    """
    arrays = {name: np.asarray(column) for name, column in columns.items()}
    lengths = {name: array.shape for name, array in arrays.items()}
    if len(set(lengths.values())) != 1 or any(len(shape) != 1 or not shape[0] for shape in lengths.values()):
        raise ValueError(f"{folder / TABLE}: expected columns of one length, at least 1, found {lengths}")
    cells = [_cells(folder, name, array) for name, array in arrays.items()]
    stream = StringIO()
    csv.writer(stream, lineterminator="\n").writerows([list(arrays), *zip(*cells, strict=True)])
    text = [name for name, array in arrays.items() if array.dtype.kind == "U"]
    write_text(folder / TABLE, stream.getvalue())
    record = {"settings": settings, "columns": list(arrays), "text": text, "rows": len(cells[0])}
    write_json(folder / RECORD, record)


def _cells(folder: Path, name: str, array: np.ndarray) -> list[str]:
    kind = array.dtype.kind
    if kind in "biu":
        return [str(int(value)) for value in array]
    if kind == "f":
        return [f"{value:.{DIGITS}g}" for value in array]
    if kind == "U" and all(value.isprintable() for value in array.tolist()):
        return array.tolist()
    raise ValueError(f"{folder / TABLE}: column {name}: expected numbers or printable text, found {array.dtype}")


def read_sweep(workspace: Workspace, *needed: str) -> Sweep:
    """Reads what the study's stage ``sweep`` wrote.

    Args:
        workspace: of the study.
        *needed: columns that there must be.

    Raises:
        FileNotFoundError: it has not run.
        ValueError: a file is damaged, a column is missing, or the networks were made with other settings than
            params.yaml has; the message names file, column and line.
    """
    parts = getattr(workspace.config, "parts", {})
    if not parts:
        return _checked(workspace, workspace.sweep, needed)
    found = [_checked(workspace, swept_to(workspace, part), needed) for part in parts]
    for part, each in zip(parts, found, strict=True):
        if each.columns.keys() != found[0].columns.keys():
            raise ValueError(f"{swept_to(workspace, part) / TABLE}: other columns than the first part has; {AGAIN}")
    columns = {name: np.concatenate([each.columns[name] for each in found]) for name in found[0].columns}
    every = {name: settings for each in found for name, settings in each.settings["parts"].items()}
    return Sweep(columns, found[0].settings | {"parts": every})


def swept_to(workspace: Workspace, part: str = "") -> Path:
    """Folder of a sweep's table, or of one part's, where the study's parameters have ``parts``."""
    return workspace.sweep / part if part else workspace.sweep


def read_folder(folder: Path, *needed: str) -> Sweep:
    """Reads one table and what it was made with, whatever the parameters are now; raises as ``read_sweep`` does."""
    table, record = folder / TABLE, folder / RECORD
    for path in (table, record):
        if not path.is_file():
            raise FileNotFoundError(f"{path} is missing; `dvc repro` makes it")
    settings, names, text, rows = _read_record(record)
    missing = [name for name in needed if name not in names]
    if missing:
        raise ValueError(f"{table}: no {', '.join(missing)}; {AGAIN}")
    return Sweep(_read_table(table, names, text, rows), settings)


def _checked(workspace: Workspace, folder: Path, needed: tuple[str, ...]) -> Sweep:
    sweep = read_folder(folder, *needed)
    _check_settings(workspace, folder, sweep.settings)
    return sweep


def _read_record(path: Path) -> tuple[dict[str, Any], list[str], list[str], int]:
    found = read_json(path)
    wanted = {"settings": dict, "columns": list, "text": list, "rows": int}
    if not isinstance(found, dict):
        raise ValueError(f"{path}: expected a mapping, found {type(found).__name__}; {AGAIN}")
    for key, kind in wanted.items():
        if not isinstance(found.get(key), kind):
            raise ValueError(f"{path}: {key}: expected {kind.__name__}, found {found.get(key)!r}; {AGAIN}")
    return tuple(found[key] for key in wanted)


def _check_settings(workspace: Workspace, folder: Path, settings: dict[str, Any]) -> None:
    now = workspace.config.model_dump(mode="json")
    if "parts" in now:  # each folder was made with its own
        now["parts"] = {folder.name: now["parts"][folder.name]}
        settings = {"parts": None} | settings
    other = [key for key, value in settings.items() if now.get(key) != value]
    if other:
        path = study_params(workspace.root, workspace.study)
        raise ValueError(f"{folder}: swept with another {', '.join(other)} than {path} has; {AGAIN}")


def _read_table(path: Path, names: list[str], text: list[str], rows: int) -> dict[str, np.ndarray]:
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            reader = csv.reader(stream, strict=True)
            header = next(reader, [])
            if header != names:
                raise ValueError(f"{path}: columns {header}, {RECORD} has {names}; {AGAIN}")
            lines = [(reader.line_num, line) for line in reader]
    except (csv.Error, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: not a table ({error}); {AGAIN}") from None
    for number, line in lines:
        if len(line) != len(names):
            raise ValueError(f"{path}, line {number}: {len(line)} fields, expected {len(names)}; {AGAIN}")
    if len(lines) != rows:
        raise ValueError(f"{path}: {len(lines)} rows, {RECORD} has {rows}; {AGAIN}")
    return {
        name: np.array([line[place] for _, line in lines])
        if name in text
        else np.array([_number(path, name, number, line[place]) for number, line in lines])
        for place, name in enumerate(names)
    }


def _number(path: Path, name: str, line: int, cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        raise ValueError(f"{path}, line {line}: {name}: found {cell[:40]!r}, expected a number; {AGAIN}") from None

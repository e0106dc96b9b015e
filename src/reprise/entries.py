"""What an MLflow run is to hold, said in data: written by `reprise.projection`, read by `reprise.tracker`."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


def digest(value: Any) -> str:
    """A short digest of anything that JSON can hold."""
    return hashlib.blake2b(json.dumps(value, sort_keys=True).encode(), digest_size=10).hexdigest()


@dataclass(frozen=True)
class Data:
    """A data set: its name, the MD5 of its prepared file as DVC knows it, and where that lies."""

    name: str
    digest: str
    path: str


@dataclass(frozen=True)
class Later:
    """What evaluation says of a run: numbers, text, a folder of figures, tables by name."""

    scores: dict[str, float | None] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    figures: Path | None = None
    tables: dict[str, dict[str, list[Any]]] = field(default_factory=dict)
    page: Path | None = None

    @property
    def digest(self) -> str:
        """Of all of it; empty where there is nothing."""
        files = sorted(self.figures.glob("*")) if self.figures and self.figures.is_dir() else []
        files += [self.page] if self.page else []
        marks = [hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest() for path in files]
        parts = [self.scores, self.tags, self.tables, marks]
        return digest(parts) if any(parts) else ""


@dataclass(frozen=True)
class Run:
    """What one MLflow run is to hold.

    Attributes:
        key: known by it: a digest of study, variant, seed, data source, scale and settings.
        name: in the runs table.
        tags, params: text and settings by name.
        outputs: digest of the DVC output that it stands for; empty while it is trained.
        rows: metrics by name; ``epoch`` is the step.
        nested: a seed's, below its variant's.
        later: what evaluation, which comes later, says of it.
        data: the data sets that it was made from.
        network: what training wrote, to be logged as a model.
    """

    key: str
    name: str
    tags: dict[str, str]
    params: dict[str, Any] = field(default_factory=dict)
    outputs: str = ""
    rows: tuple[dict[str, Any], ...] = ()
    nested: bool = False
    later: Later = field(default_factory=lambda: Later())
    data: tuple[Data, ...] = ()
    network: Path | None = None

"""Where everything lies: one place that knows the folders, so that each step reads what the step before wrote."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from reprise import config


@dataclass(frozen=True)
class Workspace:
    """One study in one checkout: its parameters and its files.

    ``data/prepared/SET.npz`` -> ``data/runs/STUDY/VARIANT/`` -> ``data/evidence/STUDY/`` -> ``reports/``
    """

    study: str
    root: Path = Path()

    @cached_property
    def params(self) -> config.Params:
        """All of params.yaml."""
        return config.load(self.root / "params.yaml")

    @cached_property
    def config(self) -> Any:
        """This study's section, as its ``Config``."""
        return self.params.study(self.study)

    @property
    def source(self) -> str:
        """Where the study's data comes from, ``generated`` or ``real``; the exact claims make their own."""
        return self.params.data.source if config.study_module("studies", self.study) else "generated"

    @property
    def scale(self) -> str:
        """``smoke``, ``small`` or ``full``."""
        return self.params.scale

    def raw(self, name: str) -> Path:
        """The user's own files of a data set."""
        return self.root / "data" / "raw" / name

    def prepared(self, name: str) -> Path:
        """The prepared file of a data set."""
        return self.root / "data" / "prepared" / f"{name}.npz"

    def run(self, variant: str) -> Path:
        """What training a variant wrote: predictions.npz, history.csv, weights and run.json."""
        return self.root / "data" / "runs" / self.study / variant

    def checkpoints(self, variant: str) -> Path:
        """Where a killed run resumes from; no DVC output."""
        return self.root / "data" / "checkpoints" / self.study / variant

    @property
    def evidence(self) -> Path:
        """What evaluation wrote: evidence.json and figures."""
        return self.root / "data" / "evidence" / self.study

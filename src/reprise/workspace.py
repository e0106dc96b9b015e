"""Where everything lies: one place that knows the folders, so that each step reads what the step before wrote."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from reprise import config
from reprise.registry import import_part, nearest


@dataclass(frozen=True)
class Workspace:
    """One study in one checkout: its parameters and its files.

    ``data/prepared/SET.npz`` -> ``data/runs/STUDY/VARIANT/`` -> ``data/probes/STUDY/VARIANT/`` ->
    ``data/further/STUDY/`` (more seeds of both, while a claim is undecided) -> ``data/evidence/STUDY/`` ->
    ``reports/``; families of small networks go by ``data/sweeps/STUDY/`` instead.
    """

    study: str
    root: Path = Path()
    upto: int | None = None  # evaluation sees so many seeds of each variant, and writes where nobody else reads

    @cached_property
    def params(self) -> config.Params:
        """What all studies share, and the way to each study's own parameters."""
        return config.load(self.root)

    @cached_property
    def config(self) -> Any:
        """This study's parameters, as its ``Config``."""
        return self.params.study(self.study)

    def settings(self, variant: str) -> Any:
        """The settings of one variant.

        Raises:
            ConfigError: the study has no such variant.
        """
        variants = getattr(self.config, "variants", {})
        if variant not in variants:
            path = config.study_params(self.root, self.study)
            raise config.ConfigError(f"{path}: variants has no {variant!r}{nearest(variant, variants)}")
        return variants[variant]

    @cached_property
    def reads(self) -> tuple[str, ...]:
        """The data sets that the study reads, as its settings say: ``DATA``; none where it makes its own."""
        return getattr(import_part(self.study, "settings"), "DATA", ())

    @property
    def source(self) -> str:
        """Where the study's data comes from, ``generated`` or ``real``."""
        return self.params.data.source if self.reads else "generated"

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

    def run(self, variant: str, first: int = 0) -> Path:
        """What training a variant wrote, for the block of seeds from ``first`` on.

        It holds predictions.npz, history.csv, weights.safetensors and run.json.
        """
        return (self.further / f"from-{first}" / "runs" if first else self._own("runs")) / variant

    def probe(self, variant: str, first: int = 0) -> Path:
        """What the networks of that block were asked: answers.npz and probe.json."""
        return (self.further / f"from-{first}" / "probes" if first else self._own("probes")) / variant

    @property
    def further(self) -> Path:
        """Blocks of seeds beyond the first, and looks.json: which claims asked for them."""
        return self._own("further")

    def blocks(self, variant: str) -> list[int]:
        """The first seed of each block that a variant was trained in, rising."""
        found = [
            int(path.parent.parent.name.removeprefix("from-")) for path in self.further.glob(f"from-*/runs/{variant}")
        ]
        return [0, *sorted(found)]

    @property
    def sweep(self) -> Path:
        """What a family of many small networks gave: table.csv and sweep.json."""
        return self._own("sweeps")

    def checkpoints(self, variant: str, first: int = 0) -> Path:
        """Where a killed run resumes from; no DVC output."""
        return self._own("checkpoints") / (f"from-{first}/{variant}" if first else variant)

    @property
    def evidence(self) -> Path:
        """What evaluation wrote: evidence.json and figures."""
        return self._own("evidence") if self.upto is None else self._own("checkpoints") / f"look-{self.upto}"

    def _own(self, kind: str) -> Path:
        return self.root / "data" / kind / self.study

"""The recurrence study run small: its networks are trained by its sweep, once for all tests of a module."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reprise.claims.evidence import Evidence
from reprise.evaluation import evaluate_study
from reprise.files import write_text
from reprise.stages.sweep import sweep
from reprise.workspace import Workspace

PARAMS = """cases: 3
gains: {networks: 10, hidden: 12, steps: 30, radii: [0.5, 1, 2, 4], otherwise: {radii: [1.1], hidden: 6, inputs: 5}}
memory: {seeds: 3, shown: 2, lags: [2, 4], rates: [0.01, 0.03], hidden: 8, batch: 8, updates: 60}
"""


def make_checkout(root: Path, params: str = PARAMS) -> Workspace:
    """The params files alone."""
    write_text(root / "params.yaml", "scale: small\n")
    write_text(root / "pipelines/recurrence/params.yaml", params)
    return Workspace("recurrence", root)


@pytest.fixture(scope="session")
def run() -> Callable[[Path], Evidence]:
    """Sweeps and evaluates in a folder."""

    def run_in(root: Path) -> Evidence:
        workspace = make_checkout(root)
        sweep(workspace)
        return evaluate_study(workspace)

    return run_in


@pytest.fixture
def checkout(tmp_path: Path) -> Workspace:
    """A checkout in which nothing has run."""
    return make_checkout(tmp_path)

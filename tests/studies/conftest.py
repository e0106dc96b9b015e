"""A study run small: what the tests of the studies that need no training share.

A test module says which ``STUDY`` and with which ``PARAMS``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reprise.claims.evidence import Evidence
from reprise.evaluation import evaluate_study
from reprise.files import write_text
from reprise.workspace import Workspace


@pytest.fixture(scope="module")
def run(request: pytest.FixtureRequest) -> Callable[[Path], Evidence]:
    """Runs the module's study in a folder and writes what it found there."""
    name, params = request.module.STUDY, request.module.PARAMS

    def run_in(root: Path) -> Evidence:
        write_text(root / "params.yaml", "scale: smoke\ndata: {source: generated}\n")
        write_text(root / "pipelines" / name / "params.yaml", f"{params}\n")
        return evaluate_study(Workspace(name, root))

    return run_in


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where ``evidence`` was written."""
    return tmp_path_factory.mktemp("study")


@pytest.fixture(scope="module")
def evidence(run: Callable[[Path], Evidence], folder: Path) -> Evidence:
    """The study's evidence, one run for all tests of a module."""
    return run(folder)

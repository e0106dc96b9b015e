"""What several tests share."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parents[1]
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["DO_NOT_TRACK"] = "true"
os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # dvc and reprise in subprocesses

# The same code passes or fails the same way twice. `make fuzz` looks for what these examples do not hit.
settings.register_profile("same", derandomize=True)
settings.register_profile("fuzz", print_blob=True)
settings.load_profile("fuzz" if os.environ.get("REPRISE_FUZZ") else "same")


@pytest.fixture
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture
def smoke(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty workspace with this checkout's params.yaml at scale ``smoke``, as the current folder."""
    from reprise.config import set_value

    shutil.copy(ROOT / "params.yaml", tmp_path / "params.yaml")
    set_value(tmp_path / "params.yaml", "scale=smoke")
    monkeypatch.chdir(tmp_path)
    return tmp_path

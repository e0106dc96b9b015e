"""What several tests share."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parents[1]
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["DO_NOT_TRACK"] = "true"
os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # dvc and reprise in subprocesses

# The same code passes or fails the same way twice. `make fuzz` looks for what these examples do not hit.
settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("fuzz", print_blob=True, deadline=None)
settings.load_profile("fuzz" if os.environ.get("REPRISE_FUZZ") else "same")


def copy_params(folder: Path, *studies: str) -> None:
    """Copies this checkout's params.yaml and those of the studies (default: of all)."""
    names = studies or [path.parent.name for path in ROOT.glob("pipelines/*/params.yaml")]
    for path in ("params.yaml", *(f"pipelines/{name}/params.yaml" for name in names)):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, folder / path)


@contextmanager
def mounted(path: Path, *options: str) -> Iterator[None]:
    """Mounts something at a path; where nothing may be mounted, the test is skipped."""
    if os.geteuid() or subprocess.run(["mount", *options, path], check=False, capture_output=True).returncode:
        pytest.skip("nothing may be mounted here")
    try:
        yield
    finally:
        for _ in range(50):  # processes that end may still be there
            if subprocess.run(["umount", path], check=False).returncode == 0:
                break
            time.sleep(0.2)


@contextmanager
def read_only(path: Path) -> Iterator[None]:
    """A file or folder that nobody writes to: a mount that is read-only for root, whom permissions do not stop."""
    if os.geteuid() == 0:
        with mounted(path, "--bind", str(path)):
            subprocess.run(["mount", "-o", "remount,bind,ro", path], check=True)
            yield
        return
    mode = path.stat().st_mode
    path.chmod(mode & ~0o222)
    try:
        yield
    finally:
        path.chmod(mode)


@pytest.fixture(autouse=True)
def same_environment() -> Iterator[None]:
    """Whatever a test does to the environment, also through MLflow, the next one does not see."""
    before = dict(os.environ)
    yield
    for name in os.environ.keys() - before.keys():
        del os.environ[name]
    os.environ.update(before)


@pytest.fixture
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture
def smoke(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty workspace with this checkout's parameters at scale ``smoke``, as the current folder."""
    from reprise.config import set_value

    copy_params(tmp_path)
    set_value(tmp_path, "scale=smoke")
    monkeypatch.chdir(tmp_path)
    return tmp_path

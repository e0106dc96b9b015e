"""A repository with the tracked files as they are in the working tree: what a clone of the next commit would hold."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def tracked(tmp_path_factory) -> Path:
    """Tracked files alone, in a git repository of their own without any history."""
    root = Path(__file__).resolve().parents[2]
    clone = tmp_path_factory.mktemp("tracked") / "clone"
    names = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, check=True).stdout.decode()
    for name in filter(None, names.split("\0")):
        if (root / name).is_file():
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, clone / name)
    subprocess.run(["git", "init", "--quiet"], cwd=clone, check=True)
    return clone


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The pipeline takes longest, so it comes first: beside it, the other processes do all the rest."""
    items.sort(key=lambda item: item.path.name != "test_repro.py")

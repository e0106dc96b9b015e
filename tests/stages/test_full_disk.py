"""A disk that fills up while a network is trained costs the time until there is room again, and nothing else."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

import pytest
from scripts import smoke as left
from tests.conftest import mounted

from reprise.stages.prepare import prepare
from reprise.stages.train import train
from reprise.workspace import Workspace

VARIANT = "code_2"  # of letters: a small network, and two seeds of it


def outputs(workspace: Workspace) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in workspace.run(VARIANT).iterdir()}


def test_a_training_on_a_full_disk_is_told_and_with_room_again_ends_as_if_nothing_had_been(
    smoke, monkeypatch, capfd, record_property
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:1")
    prepare(Workspace("", smoke), "digits")
    whole, disk = Workspace("encoder", smoke), smoke / "disk"
    train(whole, VARIANT)
    disk.mkdir()
    with mounted(disk, "-t", "tmpfs", "-o", "size=8m", "tmpfs"):
        for name in ("params.yaml", "pipelines", "data/prepared"):
            copy = shutil.copytree if (smoke / name).is_dir() else shutil.copy
            (disk / name).parent.mkdir(exist_ok=True)
            copy(smoke / name, disk / name)
        small = Workspace("encoder", disk)
        fill(disk / "filler")
        capfd.readouterr()
        with pytest.raises(OSError, match="No space left on device"):
            train(small, VARIANT)
        assert capfd.readouterr().err.count("training goes on without it") == 1
        assert left.temporary(disk) == []
        (disk / "filler").unlink()
        train(small, VARIANT)
        assert outputs(small) == outputs(whole)
        assert left.temporary(disk) == []
    record_property("inputs", 1)


def fill(path: Path) -> None:
    """Leaves no byte on the disk where the file is."""
    with path.open("wb", buffering=0) as stream, suppress(OSError):
        while True:
            stream.write(bytes(4096))

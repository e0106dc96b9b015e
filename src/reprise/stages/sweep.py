"""``python -m reprise.stages.sweep STUDY``: trains a family of many small networks and writes one table of them."""

from __future__ import annotations

import shutil
import sys

from reprise.registry import import_part
from reprise.stages.running import stage
from reprise.sweeps import write_sweep
from reprise.workspace import Workspace


def sweep(workspace: Workspace) -> None:
    """Writes ``data/sweeps/STUDY/``: table.csv, a row a network, and sweep.json with what they were made with.

    The study's ``sweep.py`` has ``sweep(workspace)``, which returns the columns, and says in ``READS`` which of the
    study's parameters it reads: the keys that its stage watches. Without ``READS`` it is all of them.
    """
    part = import_part(workspace.study, "sweep")
    every = workspace.config.model_dump(mode="json")
    settings = {key: every[key] for key in getattr(part, "READS", every)}
    shutil.rmtree(workspace.sweep, ignore_errors=True)
    write_sweep(workspace.sweep, part.sweep(workspace), settings)


if __name__ == "__main__":
    with stage("sweep", *sys.argv[1:]):
        sweep(Workspace(sys.argv[1]))

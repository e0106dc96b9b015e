"""``python -m reprise.stages.sweep STUDY [PART]``: trains many small networks and writes one table of them."""

from __future__ import annotations

import shutil
import sys

from reprise.registry import import_part, nearest
from reprise.stages.running import stage
from reprise.sweeps import swept_to, write_sweep
from reprise.workspace import Workspace


def sweep(workspace: Workspace, part: str = "") -> None:
    """Writes ``data/sweeps/STUDY/``: table.csv, a row a network, and sweep.json with what they were made with.

    The study's ``sweep.py`` has ``sweep(workspace)``, which returns the columns, and says in ``READS`` which of the
    study's parameters it reads: the keys that its stage watches. Without ``READS`` it is all of them. Where the
    parameters have ``parts``, each is a stage and a folder of its own, and it is ``sweep(workspace, part)``.

    Raises:
        ValueError: there is no such part, or none is named where there are some.
    """
    module = import_part(workspace.study, "sweep")
    every = workspace.config.model_dump(mode="json")
    parts = every.pop("parts", {})
    if part not in (parts or ("",)):
        raise ValueError(f"{workspace.study} has no part {part!r}{nearest(part, parts)}")
    settings = {key: every[key] for key in getattr(module, "READS", every)}
    settings |= {"parts": {part: parts[part]}} if parts else {}
    shutil.rmtree(swept_to(workspace, part), ignore_errors=True)
    columns = module.sweep(workspace, part) if parts else module.sweep(workspace)
    write_sweep(swept_to(workspace, part), columns, settings)
    shutil.rmtree(workspace.checkpoints(part or "sweep"), ignore_errors=True)  # what a killed sweep would go on from


if __name__ == "__main__":
    with stage("sweep", *sys.argv[1:]):
        sweep(Workspace(sys.argv[1]), *sys.argv[2:])

"""``python -m reprise.stages.prepare SET``: a data set, generated or read from data/raw, as one prepared file."""

from __future__ import annotations

import sys

from reprise.registry import import_dataset
from reprise.stages.running import stage
from reprise.workspace import Workspace


def prepare(workspace: Workspace, name: str) -> None:
    """Calls ``reprise.data.NAME.make`` with the section ``data.NAME`` of params.yaml."""
    module, params = import_dataset(name), workspace.params
    module.make(params.dataset(name), params.data.source, workspace.raw(name), workspace.prepared(name))


if __name__ == "__main__":
    with stage("prepare", *sys.argv[1:]):
        prepare(Workspace(""), sys.argv[1])

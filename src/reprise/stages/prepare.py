"""``python -m reprise.stages.prepare SET``: a data set, generated or read from data/raw, as one prepared file."""

from __future__ import annotations

import importlib
import sys

from reprise.stages.running import stage
from reprise.workspace import Workspace


def prepare(workspace: Workspace, name: str) -> None:
    """Calls ``reprise.data.NAME.make`` with the section ``data.NAME`` of params.yaml."""
    module, params = importlib.import_module(f"reprise.data.{name}"), workspace.params
    module.make(params.dataset(name), params.data.source, workspace.raw(name), workspace.prepared(name))


if __name__ == "__main__":
    with stage("prepare", *sys.argv[1:]):
        prepare(Workspace(""), sys.argv[1])

"""``python -m reprise.stages.clean STUDY``: what a study finds out about its data before it trains."""

from __future__ import annotations

import sys

from reprise.registry import import_part
from reprise.stages.running import stage
from reprise.workspace import Workspace


def clean(workspace: Workspace) -> None:
    """Runs ``reprise.studies.STUDY.clean``."""
    import_part(workspace.study, "clean").clean(workspace)


if __name__ == "__main__":
    with stage("clean", *sys.argv[1:]):
        clean(Workspace(sys.argv[1]))

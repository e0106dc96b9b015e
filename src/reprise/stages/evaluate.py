"""``python -m reprise.stages.evaluate STUDY``: measures a study and writes its evidence.

Imports torch only where a study compares itself with it.
"""

from __future__ import annotations

import shutil
import sys

from reprise.config import import_study
from reprise.stages.running import stage
from reprise.workspace import Workspace


def evaluate(workspace: Workspace) -> None:
    """Runs ``reprise.claims.STUDY.evaluate`` and writes ``data/evidence/STUDY/``."""
    shutil.rmtree(workspace.evidence, ignore_errors=True)
    (workspace.evidence / "figures").mkdir(parents=True)
    evidence = import_study("claims", workspace.study).evaluate(workspace)
    evidence.write(workspace.evidence, source=workspace.source, scale=workspace.scale, study=workspace.study)


if __name__ == "__main__":
    with stage("evaluate", *sys.argv[1:]):
        evaluate(Workspace(sys.argv[1]))

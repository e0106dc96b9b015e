"""``python -m reprise.stages.evaluate STUDY``: measures a study and writes its evidence.

Imports torch only where a study compares itself with it.
"""

from __future__ import annotations

import sys

from reprise.evaluation import evaluate_study
from reprise.stages.running import stage
from reprise.workspace import Workspace

if __name__ == "__main__":
    with stage("evaluate", *sys.argv[1:]):
        evaluate_study(Workspace(sys.argv[1]))

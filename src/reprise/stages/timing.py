"""``python -m reprise.stages.timing STUDY``: records how long things take, into the study's ``times.csv``.

No stage of the pipeline: what it writes differs from run to run, and is committed by hand like a number from a paper.
"""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

from reprise.recorded import Times, write_times
from reprise.registry import import_part, study_file
from reprise.stages.running import stage
from reprise.workspace import Workspace

MODEL = "model name"


def timing(workspace: Workspace) -> None:
    """Calls ``reprise.studies.STUDY.timing.measure`` (by name: seconds of each round) and writes what it found."""
    found = import_part(workspace.study, "timing").measure(workspace)
    times = Times(found, workspace.scale, workspace.source, machine())
    write_times(study_file(workspace.study, "times.csv"), times)


def machine() -> str:
    """The processor, and how many threads were used."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        lines = [line for line in info.read_text(encoding="utf-8").splitlines() if line.startswith(MODEL)]
        name = lines[0].partition(":")[2].strip() if lines else name
    return f"{name}, {os.cpu_count()} cores, one thread"


if __name__ == "__main__":
    with stage("timing", *sys.argv[1:]):
        timing(Workspace(sys.argv[1]))

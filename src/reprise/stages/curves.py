"""``python -m reprise.stages.curves``: gathers what DVC's plots are drawn from. Never imports torch."""

from __future__ import annotations

from pathlib import Path

from reprise.curves import PLOTS, write_curves
from reprise.stages.running import stage

if __name__ == "__main__":
    with stage("curves"):
        print(f"{PLOTS}: {len(write_curves(Path()))} studies")

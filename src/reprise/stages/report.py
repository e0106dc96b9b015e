"""``python -m reprise.stages.report``: writes the report from the ledger and the evidence. Never imports torch."""

from __future__ import annotations

from pathlib import Path

from reprise.report.page import write_report
from reprise.stages.running import stage

if __name__ == "__main__":
    with stage("report"):
        print(f"the report is at {write_report(Path())}")

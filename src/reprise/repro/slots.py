"""The places in which stages run side by side."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable

from reprise.repro.display import Running, how_far
from reprise.repro.graph import Stage
from reprise.repro.processes import StageProcess


class Slot:
    """One place: which GPU it has, what runs there, what that says about itself.

    Args:
        number: 0, 1, ...
        devices: GPUs, of which each slot has one in turn; where there are fewer than two, nothing is set.
    """

    def __init__(self, number: int, devices: list[str]) -> None:
        self.number = number
        self.more = {"CUDA_VISIBLE_DEVICES": devices[number % len(devices)]} if len(devices) > 1 else {}
        self.stage: Stage | None = None
        self.process: StageProcess | None = None
        self.clear()

    def clear(self) -> None:
        """Nothing runs there."""
        self.stage = self.process = None
        self.state = self.text = ""
        self.share: float | None = None
        self._first: tuple[float, float] | None = None  # (seconds, share) of the first report

    def listen(self, say: Callable[[str, str], None]) -> None:
        """Takes what the stage reports; ``say`` is called with lines that are for good, and their style."""
        if self.process is None or self.stage is None:
            return
        for report in self.process.reports.new():
            if isinstance(report.get("mended"), list):
                for line in report["mended"]:
                    say(str(line), "waits")
            elif isinstance(report.get("wait"), str):
                text = f"waits for {report['wait']}"
                if text != self.text:
                    say(f"{self.stage.label} {text}", "waits")
                self.text = text
            elif isinstance(report.get("state"), str):
                self.state, self.text = report["state"], ""
                if self.state == "running":
                    say(f"start: {self.stage.label}", "start")
            else:
                words, share = how_far(report)
                self.text = words or self.text
                if share is not None:
                    self.share = share
                    self._first = self._first or (self.process.seconds, share)

    def left(self, expected: float) -> float:
        """About how long the stage still takes (s), from how it gets on, else from what it was expected to take."""
        seconds = self.process.seconds if self.process is not None else 0.0
        if self.share is not None and self._first is not None and self.share > self._first[1]:
            at, share = self._first
            return (seconds - at) * (1 - self.share) / (self.share - share)
        return max(expected - seconds, 1.0)

    def row(self, left: float) -> Running:
        """Its line in the live table."""
        assert self.process is not None
        assert self.stage is not None
        return Running(self.stage.label, self.process.seconds, left, self.text, self.share)


def gpus() -> list[str]:
    """What CUDA_VISIBLE_DEVICES can name: what it names already, else every GPU that ``nvidia-smi`` lists."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return [device for device in visible.split(",") if device]
    if shutil.which("nvidia-smi") is None:
        return []
    try:
        told = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, check=False, timeout=20).stdout
    except (OSError, subprocess.TimeoutExpired):
        return []
    return [str(i) for i in range(sum(line.startswith("GPU ") for line in told.splitlines()))]

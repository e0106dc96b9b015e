"""Which evidence is of the present code, parameters and data: what DVC says of it and of all that it reads from."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reprise.progress import VARIABLE
from reprise.repro import graph
from reprise.repro.graph import EVIDENCE, Stage
from reprise.repro.plan import read_stages
from reprise.yaml_files import parse_yaml, read_text

RAW = "data/raw/"
NAMED = 3  # stages that a reason names


@dataclass(frozen=True)
class Made:
    """How a study's evidence was made.

    Attributes:
        stages: names as `reprise.timings` has them (``train ultrasound raw``), of it and all that it reads from.
        changed: labels of those that may have to run; none: the evidence is of what stands in the checkout.
        data: folder below data/raw -> what the locks say of it: ``md5``, ``files``, ``bytes``.
    """

    stages: tuple[str, ...]
    changed: tuple[str, ...] = ()
    data: tuple[tuple[str, dict[str, Any]], ...] = ()

    @property
    def behind(self) -> str:
        """Why it is not current, in words; empty where it is."""
        if not self.changed:
            return ""
        more = len(self.changed) - NAMED
        return f"{', '.join(self.changed[:NAMED])}{f' and {more} more' if more > 0 else ''} must run first"


def made(root: Path = Path()) -> dict[str, Made]:
    """Study -> how its evidence was made, of every study whose pipeline has evidence as an output.

    Asks DVC in a process of its own, as `reprise repro` does: waits for its lock, and runs nothing.

    Raises:
        ValueError: the pipeline cannot be read.
    """
    with tempfile.TemporaryDirectory(prefix="reprise-", ignore_cleanup_errors=True) as scratch:
        out = Path(scratch) / "plan.json"
        command = [sys.executable, "-P", "-m", "reprise.repro.worker", "plan", str(out)]
        environment = {name: value for name, value in os.environ.items() if name != VARIABLE}
        done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            said = done.stderr.strip().splitlines() or ["DVC ended without a word"]
            raise ValueError(f"the pipeline cannot be read: {said[-1].removeprefix('ERROR: ')}")
        return of_studies(read_stages(out), root)


def of_studies(stages: Iterable[Stage], root: Path) -> dict[str, Made]:
    """The same from what is known of the pipeline's stages."""
    known = {stage.address: stage for stage in stages}
    sources = {address: stage.sources for address, stage in known.items()}
    locks: dict[str, dict[str, Any]] = {}
    found = {}
    for stage in known.values():
        for out in stage.outs:
            if f"{out}/".startswith(EVIDENCE) and out.count("/") == EVIDENCE.count("/"):
                needed = [known[address] for address in sorted(graph.with_ancestors(sources, [stage.address]))]
                found[out.removeprefix(EVIDENCE)] = Made(
                    tuple(dict.fromkeys(_timed(each.command) for each in needed)),
                    tuple(each.label for each in needed if each.changed),
                    tuple(sorted(_raw(needed, root, locks).items())),
                )
    return found


def _timed(command: str) -> str:
    """``train ultrasound raw`` of ``python -m reprise.stages.train ultrasound raw``, as stages note their times."""
    return command.rpartition("reprise.stages.")[2]


def _raw(stages: Iterable[Stage], root: Path, locks: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    found = {}
    for stage in stages:
        lock = root / Path(stage.file).with_name("dvc.lock")
        if str(lock) not in locks:
            text = read_text(lock) if lock.is_file() else ""
            locks[str(lock)] = (parse_yaml(text, str(lock)) or {}).get("stages") or {}
        for entry in locks[str(lock)].get(stage.name, {}).get("deps", []):
            if str(entry["path"]).startswith(RAW):
                found[entry["path"].removeprefix(RAW)] = {
                    "md5": entry["md5"],
                    "files": entry.get("nfiles", 1),
                    "bytes": entry.get("size", 0),
                }
    return found

"""Throw-away clones of the working tree at scale `smoke`, and what a run of one left: for torture.py and nodes.py."""

from __future__ import annotations

import difflib
import hashlib
import json
import os
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from itertools import islice
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OUTPUTS = ("data/prepared", "data/runs", "data/probes", "data/sweeps", "data/further", "data/evidence")
REPORTS = ("ledger.json", "metrics.json", "values.json", "README.md", "index.html")
OTHERS = (
    "*.tmp",
    ".tmp*",
    "*.part",
    "*.new",
    ".keep-*",
    ".site-*",
    ".unpack-*",
)  # DVC's, and folders while they are made

sys.path.insert(0, str(ROOT / "src"))
from reprise.files import TEMPORARY  # noqa: E402


def make_clone(folder: Path, studies: str) -> Path:
    """A repository with the tracked files as they are, without locks, at scale smoke.

    Args:
        folder: to be made.
        studies: ``all``, ``few`` (one that trains, and those that train nothing), or names with commas.
    """
    scratch(folder).mkdir(parents=True)
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    wanted = chosen(studies)
    for place in (folder / "pipelines").iterdir():
        if place.name != "data" and place.name not in wanted:
            shutil.rmtree(place)
    for path in folder.rglob("dvc.lock"):
        path.unlink()  # of another scale
    run(folder, "git", "init", "--quiet")
    run(folder, sys.executable, "-m", "reprise.cli", "set", "scale=smoke")
    run(folder, "git", "add", "--all")
    return folder


def chosen(studies: str) -> list[str]:
    """Names of studies."""
    from reprise.config import load
    from reprise.registry import has_part, known_studies

    known = known_studies()
    if studies == "all":
        return known
    if studies != "few":
        return studies.split(",")
    configs = {name: load(ROOT).study(name) for name in known}
    trained = min((name for name in known if has_part(name, "train")), key=lambda name: len(configs[name].variants))
    return [trained, *(name for name in known if not has_part(name, "train"))]


def scratch(clone: Path) -> Path:
    """The TMPDIR of what runs in a clone, which nothing else uses."""
    return clone.with_name(f"{clone.name}-tmp")


def environment(clone: Path) -> dict[str, str]:
    """In which the clone's own code runs."""
    cleared = {name: value for name, value in os.environ.items() if name not in ("MLFLOW_TRACKING_URI", "DVC_STAGE")}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    own = {"PYTHONPATH": str(clone / "src"), "PATH": path, "TMPDIR": str(scratch(clone)), "OMP_NUM_THREADS": "1"}
    return cleared | own


def run(clone: Path, *command: str) -> str:
    """What a command prints.

    Raises:
        SystemExit: it failed.
    """
    done = subprocess.run(command, cwd=clone, env=environment(clone), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    return done.stdout


def repro_command(*more: str) -> list[str]:
    """All that there is in a clone."""
    return [sys.executable, "-m", "reprise.cli", "repro", *more, "dvc.yaml", "pipelines/data/dvc.yaml"]


def results(clone: Path) -> dict[str, str]:
    """File -> digest, of locks and outputs."""
    found = [*sorted(clone.glob("pipelines/*/dvc.lock")), clone / "dvc.lock"]
    found += [path for name in OUTPUTS for path in sorted((clone / name).rglob("*")) if path.is_file()]
    found += [clone / "reports" / name for name in REPORTS]
    return {
        path.relative_to(clone).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in found
        if path.is_file()
    }


def differences(one: dict[str, str], other: dict[str, str]) -> list[str]:
    """Files that are not the same in both."""
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def unlike(one: Path, other: Path) -> str:
    """The first lines in which two files are not the same; empty where one is missing or no text."""
    try:
        lines = [path.read_text(encoding="utf-8").splitlines() for path in (one, other)]
    except (OSError, UnicodeDecodeError):
        return ""
    return "\n".join(islice(difflib.unified_diff(*lines, str(one), str(other), n=1, lineterm=""), 40))


def locks(clone: Path) -> list[str]:
    """DVC's locks that nobody let go of, with who had them."""
    rwlock = clone / ".dvc" / "tmp" / "rwlock"
    held = rwlock.read_text() if rwlock.exists() else "{}"
    return [held] if any(json.loads(held).values()) else []


def temporary(folder: Path) -> list[str]:
    """Files and folders that somebody made for a while: by their names."""
    return sorted(
        str(path)
        for path in folder.rglob("*")
        if TEMPORARY.fullmatch(path.name) or any(fnmatch(path.name, name) for name in OTHERS)
    )


def left_over(clone: Path) -> list[str]:
    """Temporary files, and what lies in TMPDIR but for torch's cache, which it keeps for the next run."""
    there = (path for path in scratch(clone).iterdir() if not path.name.startswith("torchinductor_"))
    return [*temporary(clone), *sorted(map(str, there))]


def forget(clone: Path) -> None:
    """Back to where nothing has run."""
    for name in ("data/checkpoints", "data/logs", ".dvc/cache", ".dvc/tmp", *OUTPUTS):
        shutil.rmtree(clone / name, ignore_errors=True)
    for path in clone.rglob("dvc.lock"):
        path.unlink()
    shutil.rmtree(scratch(clone), ignore_errors=True)
    scratch(clone).mkdir()

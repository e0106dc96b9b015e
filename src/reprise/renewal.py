"""Locks without fear: a comment under ``src/``, or a setting of another scale, asks for no training.

DVC knows a file by its md5 and a parameter by its whole value, so that every edit makes its stages run again. ``reprise
deps --renew`` compares what a lock knows (of files: found in git by their md5) with what is there, code as syntax trees
and parameters as the scale and source of data that the lock knows resolve them: where only comments, docstrings,
layout or the entries of other scales differ, the lock gets the new values, and nothing runs. Where code or a setting
that was used differs, the stage is named and left alone. So is an evaluation where any setting differs: the digests of
its declarations hold those of all scales.
"""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

from reprise.closure import PACKAGE, syntax
from reprise.settings import SCALES, SOURCES, resolve
from reprise.yaml_files import read_yaml

EVALUATES = "reprise.stages.evaluate"  # in the command of a stage that evaluates


@dataclass
class Renewal:
    """What was done.

    Attributes:
        renewed: addresses of stages whose lock was brought up to date without running.
        files: the files that differ in comments, docstrings or layout alone, or in what was not used.
        must_run: by address, why the stage has to run.
    """

    renewed: list[str] = field(default_factory=list)
    files: set[str] = field(default_factory=set)
    must_run: dict[str, str] = field(default_factory=dict)


def renew(pipelines: Iterable[Path], root: Path = Path(), source: Path = Path("src")) -> Renewal:
    """Renews the locks beside dvc.yaml files, stage by stage.

    Args:
        pipelines: the dvc.yaml files, relative to ``root``.
        root: of the git repository; paths in locks are relative to it.
        source: the folder of the package, relative to ``root``.

    Raises:
        ValueError: a lock is not valid.
        FileNotFoundError: there is no git.
    """
    from dvc.utils.serialize import modify_yaml

    done = Renewal()
    wanted = _declared(root)
    for pipeline in pipelines:
        lock = root / pipeline.with_suffix(".lock")
        if not lock.is_file():
            continue
        with modify_yaml(lock) as document:
            for name, stage in (document.get("stages") or {}).items():
                address = name if pipeline.parent == Path() else f"{pipeline.as_posix()}:{name}"
                if address not in wanted:
                    continue  # no longer in its dvc.yaml
                changed = _changed(stage.get("deps") or [], root, source)
                set_anew = _set_anew(stage.get("params") or {}, root)
                why = _reason(address, stage, changed, wanted, root, source) or _other_settings(stage, set_anew)
                if why:
                    done.must_run[address] = why
                elif changed or set_anew:
                    for entry in changed:
                        entry["md5"], entry["size"] = _md5((root / entry["path"]).read_bytes()), _size(root, entry)
                    for path, values in set_anew.items():
                        stage["params"][path].update(values)
                    done.renewed.append(address)
                    done.files |= {entry["path"] for entry in changed} | set(set_anew)
    return done


def _changed(deps: list[dict[str, Any]], root: Path, source: Path) -> list[dict[str, Any]]:
    """Entries of code whose file is not what the lock knows."""
    code = [entry for entry in deps if str(entry.get("path", "")).startswith(f"{source.as_posix()}/{PACKAGE}/")]
    return [entry for entry in code if _md5_of(root / entry["path"]) != entry.get("md5")]


def _set_anew(known: dict[str, dict[str, Any]], root: Path) -> dict[str, dict[str, Any]]:
    """By params file, the values that are not what the lock knows; None for one that is gone."""
    found: dict[str, dict[str, Any]] = {}
    for path, values in known.items():
        now = read_yaml(root / path) if (root / path).is_file() else {}
        differing = {key: _at(now, key) for key, value in values.items() if _at(now, key) != value}
        if differing:
            found[path] = differing
    return found


def _at(document: Any, key: str) -> Any:
    for part in key.split("."):
        document = document.get(part) if isinstance(document, dict) else None
    return document


def _other_settings(stage: dict[str, Any], set_anew: dict[str, dict[str, Any]]) -> str:
    """The first setting that was used, or may have been, and is another now; empty where there is none."""
    if set_anew and EVALUATES in str(stage.get("cmd", "")):
        path, values = next(iter(set_anew.items()))
        return f"{path}: {next(iter(values))} is another, at some scale, and declarations hold all of them"
    shared = (stage.get("params") or {}).get("params.yaml") or {}
    scales = [shared["scale"]] if "scale" in shared else SCALES
    sources = [shared["data.source"]] if "data.source" in shared else SOURCES
    for path, values in set_anew.items():
        for key, value in values.items():
            known = stage["params"][path][key]
            if value is None or any(
                resolve(known, scale, origin) != resolve(value, scale, origin)
                for scale, origin in product(scales, sources)
            ):
                return f"{path}: {key} is another"
    return ""


def _reason(
    address: str,
    stage: dict[str, Any],
    changed: list[dict[str, Any]],
    wanted: dict[str, set[str]],
    root: Path,
    source: Path,
) -> str:
    """Why a stage has to run; empty where it has not."""
    known = {entry["path"] for entry in stage.get("deps") or [] if entry["path"].startswith(f"{source.as_posix()}/")}
    other = sorted(known ^ {path for path in wanted[address] if path.startswith(f"{source.as_posix()}/")})
    if other:
        return f"its code has other files than before: {', '.join(other[:3])}{', …' if len(other) > 3 else ''}"
    for entry in changed:
        path = root / entry["path"]
        if not path.is_file():
            return f"{entry['path']} is gone"
        before = _from_git(root, entry["path"], entry.get("md5", ""))
        if before is None:
            return f"{entry['path']}: what the lock knows is not in git"
        if syntax(path, before) != syntax(path):
            return f"{entry['path']}: code differs"
    return ""


def _declared(root: Path) -> dict[str, set[str]]:
    """Every stage's address -> the paths that its dvc.yaml names."""
    from dvc.repo import Repo

    with Repo(str(root)) as repo:
        top, found = Path(repo.root_dir), {}
        for stage in repo.index.stages:
            folder = Path(stage.path_in_repo).parent
            address = stage.name if folder == Path() else f"{stage.path_in_repo}:{stage.name}"
            local = [Path(dep.fs_path) for dep in stage.deps if dep.protocol == "local"]
            found[address] = {path.relative_to(top).as_posix() for path in local}
        return found


@cache
def _from_git(root: Path, path: str, md5: str) -> str | None:
    """The text of the version of a file that has this md5, newest first; None where git has none."""
    history = _git(root, "log", "--all", "--format=", "--raw", "--no-abbrev", "--no-renames", "--", path).decode()
    blobs = dict.fromkeys(line.split()[3] for line in history.splitlines() if line.startswith(":"))
    for blob in blobs:
        if set(blob) != {"0"}:
            content = _git(root, "cat-file", "blob", blob)
            if _md5(content) == md5:
                return content.decode("utf-8")
    return None


def _git(root: Path, *arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], cwd=root, capture_output=True, check=True).stdout


def _md5_of(path: Path) -> str:
    return _md5(path.read_bytes()) if path.is_file() else ""


def _md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def _size(root: Path, entry: dict[str, Any]) -> int:
    return (root / entry["path"]).stat().st_size

"""What a stage's code consists of: the files of this package that its module imports, directly or not.

DVC does not see imports. A stage whose ``deps`` miss a file would not run again when that file changes, so the lists in
``pipelines/*/dvc.yaml`` are written from here (``reprise deps``), and a test compares them. Nothing is imported: the
source is parsed.
"""

from __future__ import annotations

import ast
import hashlib
import shlex
from collections.abc import Iterable
from io import StringIO
from pathlib import Path
from typing import Any

PACKAGE = "reprise"


def closure(modules: Iterable[str], source: Path = Path("src")) -> list[Path]:
    """All files of the package that importing ``modules`` can load, functions' own imports included.

    What is looked up by name (``importlib.import_module``) is not followed: studies are named beside their stage, and
    `reprise.tracking`, which only watches training, is to be no dependency of it.

    Args:
        modules: dotted names.
        source: folder that holds the package.

    Returns:
        Sorted paths below ``source``.

    Raises:
        ValueError: a module has no file.
    """
    found: dict[str, Path] = {}
    waiting = [*modules]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        path = module_file(name, source)
        if path is None:
            raise ValueError(f"{name} has no file under {source}")
        found[name] = path
        waiting += [package for package in _parents(name) if package not in found]
        waiting += [imported for imported in _imports(path, name, source) if imported not in found]
    return sorted(set(found.values()))


def module_file(name: str, source: Path) -> Path | None:
    """The file of a dotted name: ``a/b.py`` or ``a/b/__init__.py``."""
    base = source.joinpath(*name.split("."))
    for path in (base.with_suffix(".py"), base / "__init__.py"):
        if path.is_file():
            return path
    return None


def code_digest(modules: Iterable[str], source: Path) -> str:
    """Changes when any file of the closure changes."""
    digest = hashlib.blake2b(digest_size=16)
    for path in closure(modules, source):
        digest.update(path.relative_to(source).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def stage_modules(command: str, source: Path = Path("src")) -> list[str]:
    """The modules behind a stage's command: ``python -m reprise.stages.train ultrasound raw`` and its study's."""
    words = shlex.split(command)
    if "-m" not in words[:-1] or not words[words.index("-m") + 1].startswith(f"{PACKAGE}."):
        raise ValueError(f"{command!r}: expected `python -m {PACKAGE}...`")
    position = words.index("-m") + 1
    module, arguments = words[position], words[position + 1 :]
    folder = {
        "reprise.stages.train": "studies",
        "reprise.stages.clean": "studies",
        "reprise.stages.evaluate": "claims",
        "reprise.stages.prepare": "data",
    }.get(module)
    if folder is None or not arguments:
        return [module]
    return [module, f"{PACKAGE}.{folder}.{arguments[0]}"]


def write_deps(files: Iterable[Path], source: Path = Path("src"), check: bool = False) -> list[Path]:
    """Brings the code part of every stage's ``deps`` up to date; other entries stay.

    Args:
        files: the dvc.yaml files.
        source: folder that holds the package.
        check: only look.

    Returns:
        Files that were (or, with ``check``, are to be) changed.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: a file is no dvc.yaml, or a stage has no command of this package; the message names both.
    """
    from ruamel.yaml import YAML, YAMLError

    from reprise.files import one_line, write_text

    yaml = YAML()
    yaml.width, yaml.preserve_quotes = 120, True
    yaml.indent(mapping=2, sequence=4, offset=2)
    changed = []
    for file in files:
        try:
            before = file.read_text(encoding="utf-8")
            document = yaml.load(before)
        except (YAMLError, ValueError) as error:
            raise ValueError(f"{file}: not valid YAML: {one_line(error)}") from None
        stages = document.get("stages", {}) if isinstance(document, dict) else None
        if not isinstance(stages, dict):
            raise ValueError(f"{file}: expected a mapping with stages")
        for name, stage in stages.items():
            if not isinstance(stage, dict) or "cmd" not in stage:
                raise ValueError(f"{file}: stage {name}: expected a mapping with cmd")
            try:
                _set_deps(stage, source)
            except ValueError as error:
                raise ValueError(f"{file}: stage {name}: {error}") from None
        stream = StringIO()
        yaml.dump(document, stream)
        if stream.getvalue() != before:
            changed.append(file)
            if not check:
                write_text(file, stream.getvalue())
    return changed


def _set_deps(stage: Any, source: Path) -> None:
    """Replaces the entries under ``src/reprise`` by the closure; a matrix over studies gets the closure of them all."""
    modules: set[str] = set()
    for command in _commands(stage):
        modules |= set(stage_modules(command, source))
    code = [path.as_posix() for path in closure(modules, source)]
    kept = [entry for entry in stage.get("deps") or [] if not str(entry).startswith(f"{source.as_posix()}/{PACKAGE}/")]
    stage["deps"] = type(stage["deps"])(kept + code) if stage.get("deps") else kept + code


def _commands(stage: Any) -> list[str]:
    """The stage's command for each cell of its matrix, as far as the study's name depends on it."""
    command = str(stage["cmd"])
    names = [str(name) for name in (stage.get("matrix") or {}).get("study", [])]
    return [command.replace("${item.study}", name) for name in names] or [command]


def _parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:i]) for i in range(1, len(parts))]


def _imports(path: Path, name: str, source: Path) -> list[str]:
    """Dotted names of this package that a file imports anywhere, but for what is only for type checkers."""
    tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    names = []
    for node in _runtime_nodes(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                base = ".".join(
                    [*package.split(".")[: len(package.split(".")) - node.level + 1], *([base] * bool(base))]
                )
            names.append(base)
            names += [f"{base}.{alias.name}" for alias in node.names]  # a module, or a name in one
    return [n for n in names if n.split(".")[0] == PACKAGE and module_file(n, source) is not None]


def _runtime_nodes(tree: ast.AST) -> Iterable[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and getattr(node.test, "id", getattr(node.test, "attr", "")) == "TYPE_CHECKING":
            continue
        yield node
        yield from _runtime_nodes(node)

"""What a stage's code consists of: the files of this package that its module imports, directly or not, and reads.

DVC does not see imports. A stage whose ``deps`` miss a file would not run again when that file changes, so the lists in
``pipelines/*/dvc.yaml`` are written from here (``reprise deps``), and a test compares them. Nothing is imported: the
source is parsed.
"""

from __future__ import annotations

import ast
import hashlib
import re
import shlex
from collections.abc import Iterable
from io import StringIO
from pathlib import Path
from typing import Any

PACKAGE = "reprise"
DATA_FILES = (".csv", ".html", ".css", ".js", ".md")  # what modules read beside themselves
STUDY_PARTS = ("clean", "train", "probe", "sweep", "further", "evaluate")


def closure(modules: Iterable[str], source: Path = Path("src")) -> list[Path]:
    """All files of the package that importing ``modules`` can load, functions' own imports and data files included.

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
    beside: set[Path] = set()
    waiting = [*modules]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        path = module_file(name, source)
        if path is None:
            raise ValueError(f"{name} has no file under {source}")
        found[name] = path
        tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
        beside |= _read_beside(path, tree)
        waiting += [package for package in _parents(name) if package not in found]
        waiting += [imported for imported in _imports(tree, path, name, source) if imported not in found]
    return sorted({*found.values(), *beside})


def module_file(name: str, source: Path) -> Path | None:
    """The file of a dotted name: ``a/b.py`` or ``a/b/__init__.py``."""
    base = source.joinpath(*name.split("."))
    for path in (base.with_suffix(".py"), base / "__init__.py"):
        if path.is_file():
            return path
    return None


def _read_beside(path: Path, tree: ast.AST) -> set[Path]:
    """Data files that a module names in a string: in its own folder, or in one beside it that is no package.

    A template names the templates that it extends or includes; those count as well.
    """
    folders = [path.parent, *(each for each in path.parent.iterdir() if each.is_dir() and not _is_package(each))]
    there = {file.name: file for each in folders for file in each.iterdir() if file.suffix in DATA_FILES}
    strings = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    found: set[Path] = set()
    waiting = [there[name] for name in there.keys() & strings]
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            if file.suffix == ".html":
                quoted = re.findall(r"""["']([\w.-]+)["']""", file.read_text(encoding="utf-8"))
                waiting += [there[name] for name in there.keys() & set(quoted)]
    return found


def _is_package(folder: Path) -> bool:
    return (folder / "__init__.py").is_file() or folder.name == "__pycache__"


def syntax(path: Path, text: str | None = None) -> str:
    """What a file of the package says to Python, without comments, docstrings and layout; other files: their text.

    Raises:
        SyntaxError: it is no Python.
    """
    text = path.read_text(encoding="utf-8") if text is None else text
    if path.suffix != ".py":
        return text
    tree = ast.parse(text, filename=str(path))
    for node in ast.walk(tree):
        documented = isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        if documented and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:]
    return ast.dump(tree)


def code_digest(modules: Iterable[str], source: Path) -> str:
    """Changes when the code of any file of the closure changes; comments and docstrings are no code."""
    digest = hashlib.blake2b(digest_size=16)
    for path in closure(modules, source):
        digest.update(path.relative_to(source).as_posix().encode() + b"\0" + syntax(path).encode() + b"\0")
    return digest.hexdigest()


def stage_files(command: str, source: Path = Path("src")) -> list[Path]:
    """Everything behind a stage's command, ``python -m reprise.stages.train ultrasound raw``, and its study's prose.

    Raises:
        ValueError: the command runs no module of this package, or that of no study.
    """
    words = shlex.split(command)
    if "-m" not in words[:-1] or not words[words.index("-m") + 1].startswith(f"{PACKAGE}."):
        raise ValueError(f"{command!r}: expected `python -m {PACKAGE}...`")
    position = words.index("-m") + 1
    module, arguments = words[position], words[position + 1 :]
    part = module.rpartition(".")[2]
    if module.startswith(f"{PACKAGE}.stages.") and part == "prepare" and arguments:
        return closure([module, f"{PACKAGE}.data.{arguments[0]}"], source)
    if not (module.startswith(f"{PACKAGE}.stages.") and part in STUDY_PARTS and arguments):
        return closure([module], source)
    study = f"{PACKAGE}.studies.{arguments[0]}"
    # networks are built again before they are asked; looks train, ask and evaluate
    wanted = {"probe": ("probe", "train"), "further": ("train", "probe", "evaluate")}.get(part, (part,))
    folder = source.joinpath(*study.split("."))
    parts = [each for each in wanted if part != "further" or module_file(f"{study}.{each}", source)]
    files = closure([module, f"{study}.settings", *(f"{study}.{each}" for each in parts)], source)
    beside = {"further": ("declared.yaml",), "evaluate": ("README.md", "declared.yaml")}.get(part, ())
    return sorted({*files, *(folder / name for name in beside)})


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
            if not isinstance(stage, dict) or "cmd" not in stage.get("do", stage):
                raise ValueError(f"{file}: stage {name}: expected a mapping with cmd")
            stage = stage.get("do", stage)  # of a foreach
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
    """Replaces the entries under ``src/reprise`` by the closure."""
    code = [path.as_posix() for path in stage_files(str(stage["cmd"]), source)]
    kept = [entry for entry in stage.get("deps") or [] if not str(entry).startswith(f"{source.as_posix()}/{PACKAGE}/")]
    stage["deps"] = type(stage["deps"])(kept + code) if stage.get("deps") else kept + code


def _parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:i]) for i in range(1, len(parts))]


def _imports(tree: ast.AST, path: Path, name: str, source: Path) -> list[str]:
    """Dotted names of this package that a file imports anywhere, but for what is only for type checkers."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    names = []
    for node in runtime_nodes(tree):
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


def runtime_nodes(tree: ast.AST) -> Iterable[ast.AST]:
    """Every node of a syntax tree, but for what is only for type checkers."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and getattr(node.test, "id", getattr(node.test, "attr", "")) == "TYPE_CHECKING":
            continue
        yield node
        yield from runtime_nodes(node)

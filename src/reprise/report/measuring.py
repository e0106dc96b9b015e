"""Which function measured a claim: found in the study's own code, by the claim's number."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from reprise.registry import study_file

OTHERS = {"figures.py", "settings.py", "train.py", "probe.py", "sweep.py", "clean.py", "timing.py", "lesson.py"}


@dataclass(frozen=True)
class Place:
    """A function of a study.

    Attributes:
        path: relative to the checkout, ``src/reprise/studies/NAME/FILE.py``.
        function: its name; its class's before it, for a method.
        line: where it begins.
    """

    path: str
    function: str
    line: int


def measured_in(study: str, claim: int) -> Place:
    """The function that names the claim most closely: its declaration first, a finding for it next, else any call.

    Of several alike the shortest; where none names it, the study's ``evaluate``.
    """
    named, whole = _places(study)
    return named.get(claim, whole)


def line_of(path: str, function: str) -> int:
    """The line where a function of a study begins, as the code stands now; 0 where it is gone.

    Args:
        path: as in ``Place``.
        function: its name, its class's before it for a method.
    """
    study, name = path.split("/")[-2:]
    file = study_file(study, name)
    if not file.is_file():
        return 0
    return next((node.lineno for found, node in _functions(file) if found == function), 0)


@functools.cache
def _places(study: str) -> tuple[dict[int, Place], Place]:
    """Claim -> function, and the function for claims that none names."""
    best: dict[int, tuple[int, int, Place]] = {}
    whole = Place(_path(study, Path("evaluate.py")), "evaluate", 1)
    for file in sorted(study_file(study, "evaluate.py").parent.glob("*.py")):
        if file.name in OTHERS:
            continue
        for name, node in _functions(file):
            place = Place(_path(study, file), name, node.lineno)
            whole = place if name == "evaluate" else whole
            for claim, rank in _named(node).items():
                found = (rank, node.lineno - (node.end_lineno or node.lineno), place)
                if claim not in best or found[:2] > best[claim][:2]:
                    best[claim] = found
    return {claim: place for claim, (_, _, place) in best.items()}, whole


def _functions(file: Path) -> Iterator[tuple[str, ast.FunctionDef]]:
    """A module's functions and methods, each with its name."""
    for node in ast.parse(file.read_text(encoding="utf-8"), filename=str(file)).body:
        inside = node.body if isinstance(node, ast.ClassDef) else [node]
        prefix = f"{node.name}." if isinstance(node, ast.ClassDef) else ""
        yield from ((prefix + each.name, each) for each in inside if isinstance(each, ast.FunctionDef))


def _path(study: str, file: Path) -> str:
    return f"src/reprise/studies/{study}/{file.name}"


def _named(function: ast.FunctionDef) -> dict[int, int]:
    """Number -> how closely the function names a claim of that number."""
    found: dict[int, int] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Subscript) and _last(node.value) == "declared":
            claim, rank = _whole_number(node.slice), 3
        elif isinstance(node, ast.Call) and node.args:
            claim, rank = _whole_number(node.args[0]), 2 if _last(node.func) == "Finding" else 1
        else:
            continue
        if claim is not None:
            found[claim] = max(rank, found.get(claim, 0))
    return found


def _whole_number(node: ast.expr) -> int | None:
    return node.value if isinstance(node, ast.Constant) and type(node.value) is int else None


def _last(node: ast.expr) -> str:
    """``declared`` of ``self.declared``."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""

"""Which studies and data sets there are: the folders say so, nothing is listed anywhere.

A study NAME is the folder ``src/reprise/studies/NAME`` with a ``settings.py``; its parameters and stages are
``pipelines/NAME``. A data set is a module of ``reprise.data`` that defines a ``Config``. Nothing is imported to find
them.
"""

from __future__ import annotations

import difflib
import functools
import importlib
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Literal

PACKAGE = Path(__file__).parent
Part = Literal["settings", "clean", "train", "probe", "sweep", "evaluate", "submission", "timing", "painter"]


class UnknownNameError(ValueError):
    """There is no such study, part or data set; the message names the nearest."""


@functools.cache
def known_studies() -> tuple[str, ...]:
    """Names of all studies, sorted."""
    return tuple(sorted(path.parent.name for path in (PACKAGE / "studies").glob("*/settings.py")))


@functools.cache
def known_datasets() -> tuple[str, ...]:
    """Names of all data sets, sorted."""
    files = sorted((PACKAGE / "data").glob("*.py"))
    return tuple(file.stem for file in files if "\nclass Config(" in file.read_text(encoding="utf-8"))


def has_part(study: str, part: Part) -> bool:
    """Whether a study has a module of this name."""
    return study in known_studies() and (PACKAGE / "studies" / study / f"{part}.py").is_file()


def import_part(study: str, part: Part) -> ModuleType:
    """Imports ``reprise.studies.STUDY.PART``.

    Raises:
        UnknownNameError: there is no such study, or it has no such part.
    """
    if study not in known_studies():
        raise UnknownNameError(f"no study {study!r}{nearest(study, known_studies())}")
    if not has_part(study, part):
        raise UnknownNameError(f"study {study} has no {part}: src/reprise/studies/{study}/{part}.py does not exist")
    return importlib.import_module(f"reprise.studies.{study}.{part}")


def import_dataset(name: str) -> ModuleType:
    """Imports ``reprise.data.NAME``.

    Raises:
        UnknownNameError: there is no such data set.
    """
    if name not in known_datasets():
        raise UnknownNameError(f"no data set {name!r}{nearest(name, known_datasets())}")
    return importlib.import_module(f"reprise.data.{name}")


def study_file(study: str, name: str) -> Path:
    """A file of a study's own folder, such as its README.md."""
    return PACKAGE / "studies" / study / name


def named_studies(root: Path) -> list[str]:
    """The studies that have parameters in a checkout, ``pipelines/NAME/params.yaml``, sorted."""
    return sorted(path.parent.name for path in root.glob("pipelines/*/params.yaml"))


def nearest(name: str, valid: Iterable[str]) -> str:
    """`` (did you mean 'x'?)`` or the list of what is valid."""
    valid = list(valid)
    close = difflib.get_close_matches(str(name), valid, n=1, cutoff=0.5)
    return f" (did you mean {close[0]!r}?)" if close else f" (valid: {', '.join(map(str, valid)) or 'nothing'})"

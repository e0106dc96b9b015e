"""Reads small YAML files of unknown origin: bounded in bytes, levels and aliases before anything is built from them.

YAML's C parser builds nested nodes by recursion and dies of a hundred thousand brackets; ten aliases ten levels deep
are ten thousand million values, for whoever walks through them. The stream of its events has neither fault: they are
counted first, and a document is built only where the count stays within bounds.
"""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, NodeEvent

from reprise.messages import one_line, shown

LARGEST = 1 << 20  # bytes
DEEPEST = 50  # levels of nesting, aliases followed
MOST = 100_000  # values, aliases followed


class YamlError(ValueError):
    """A file is not YAML that can be read; the message names it, and the line where there is one."""


def read_yaml(path: Path) -> Any:
    """The one document of a YAML file, as YAML's safe schema reads it: mappings, lists and scalars.

    Raises:
        FileNotFoundError: there is no such file.
        YamlError: it is no ordinary file, larger than `LARGEST`, not UTF-8 or not YAML, or beyond the bounds.
    """
    return parse_yaml(read_text(path), shown(path))


def read_text(path: Path) -> str:
    """The text of an ordinary file of at most `LARGEST` bytes.

    Raises:
        FileNotFoundError: there is no such file.
        YamlError: it is something else.
    """
    path = Path(path)
    if not stat.S_ISREG(path.stat().st_mode):  # links are followed: a device has no end, a pipe no beginning
        raise YamlError(f"{shown(path)}: not an ordinary file but a folder, a device or a pipe")
    with path.open("rb") as stream:
        content = stream.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise YamlError(f"{shown(path)}: larger than {LARGEST >> 20} MB, which nobody writes by hand")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise YamlError(f"{shown(path)}, line {line}: not UTF-8: {one_line(error)}") from None


def parse_yaml(text: str, where: str) -> Any:
    """The one document of YAML text.

    Args:
        text: of at most `LARGEST` characters.
        where: how messages begin, a file's name for example.

    Raises:
        YamlError: it is not YAML, or beyond the bounds.
    """
    check_yaml(text, where)
    try:
        return YAML(typ="safe").load(text)
    except Exception as error:  # a date of month 13, a number of 5,000 digits: not all that is wrong is a YAMLError
        raise _no_yaml(error, where) from None


def check_yaml(text: str, where: str) -> None:
    """Refuses text beyond the bounds without building anything; for those who load it another way.

    Raises:
        YamlError: as `parse_yaml`.
    """
    if len(text) > LARGEST:
        raise YamlError(f"{where}: longer than {LARGEST:,} characters")
    try:
        _count(text, where)
    except YamlError:
        raise
    except Exception as error:
        raise _no_yaml(error, where) from None


def _count(text: str, where: str) -> None:
    """Counts levels and values as they are with every alias replaced by what it stands for."""
    open_nodes: list[tuple[str | None, int, int]] = []  # anchor, values so far, levels below so far
    known: dict[str, tuple[int, int]] = {}  # anchor -> values, levels
    for event in YAML(typ="safe").parse(text):
        line = event.start_mark.line + 1
        if isinstance(event, CollectionStartEvent):
            open_nodes.append((event.anchor, 1, 0))
            known.pop(event.anchor, None)  # inside itself it cannot be meant
            size, height = 0, 0
        elif isinstance(event, CollectionEndEvent):
            anchor, size, height = open_nodes.pop()
            height += 1
            if anchor:
                known[anchor] = size, height
        elif isinstance(event, AliasEvent):
            if event.anchor not in known:
                raise YamlError(f"{where}, line {line}: *{shown(event.anchor)} stands for nothing above it")
            size, height = known[event.anchor]
        elif isinstance(event, NodeEvent):
            size, height = 1, 0
            if event.anchor:
                known[event.anchor] = size, height
        else:
            continue
        if open_nodes and not isinstance(event, CollectionStartEvent):
            anchor, before, below = open_nodes[-1]
            open_nodes[-1] = anchor, before + size, max(below, height)
        if len(open_nodes) + height > DEEPEST:
            raise YamlError(f"{where}, line {line}: more than {DEEPEST} levels")
        if open_nodes and open_nodes[-1][1] > MOST:
            raise YamlError(f"{where}, line {line}: more than {MOST:,} values, with what aliases stand for")


def _no_yaml(error: Exception, where: str) -> YamlError:
    mark = error.problem_mark or error.context_mark if isinstance(error, MarkedYAMLError) else None
    said = " ".join(filter(None, (error.context, error.problem))) if mark else str(error)
    place = f"{where}, line {mark.line + 1}" if mark else where
    return YamlError(f"{place}: not valid YAML: {one_line(Exception(said)) if said else type(error).__name__}")

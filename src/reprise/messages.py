"""Names and messages from files, servers and packages, as they may stand in a line on a terminal."""

from __future__ import annotations

import os


def shown(path: str | os.PathLike) -> str:
    """A file's name as it may stand in a message: what a terminal would obey, and what is no text, is written out."""
    return "".join(c if c.isprintable() else _written_out(c) for c in os.fspath(path))


def _written_out(letter: str) -> str:
    if "\udc80" <= letter <= "\udcff":  # a byte that is no UTF-8, as Python keeps it
        return f"\\x{ord(letter) - 0xDC00:02x}"
    return letter.encode("unicode_escape").decode("ascii")


def one_line(error: Exception) -> str:
    """What an error of another package says, printable and in one line; its type where it says nothing."""
    return shown(" ".join(str(error).split())) or type(error).__name__

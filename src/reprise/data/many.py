"""One work on many files: on threads, in order, and with every bad file named at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from reprise.data.opening import PictureError
from reprise.data.threads import ahead
from reprise.files import shown

LISTED = 20  # bad files named in one message; the rest are counted

Result = TypeVar("Result")


class UnreadableImagesError(ValueError):
    """Files that are not the images they should be.

    Attributes:
        problems: path -> what was found there.
    """

    def __init__(self, problems: dict[Path, str]) -> None:
        self.problems = dict(sorted(problems.items()))
        count = f"{len(self.problems)} file{'s' if len(self.problems) > 1 else ''} cannot be used"
        super().__init__("\n".join([f"{count}; replace or remove them:", *listed(self.problems)]))


def listed(problems: dict[Path, str]) -> list[str]:
    """A line for each of the first bad files, and one that counts the rest."""
    lines = [f"  {shown(path)}: {found}" for path, found in sorted(problems.items())[:LISTED]]
    return lines + ([f"  ... and {len(problems) - LISTED} more"] if len(problems) > LISTED else [])


def each(
    paths: list[Path], work: Callable[[Path], Result], problems: dict[Path, str], threads: int | None = None
) -> Iterator[Result | None]:
    """Yields ``work(path)`` in the order of the paths, computed by threads a little ahead of the reader.

    Pillow decodes outside the interpreter's lock, so threads do run in parallel. A file that fails yields None and is
    entered in ``problems`` with the reason, so that all of them can be reported in one go. A mistake in ``work`` itself
    is not blamed on the file: the readers turn whatever a decoder raises into a :class:`PictureError`.
    """
    threads = threads or min(8, os.cpu_count() or 1)
    with ThreadPoolExecutor(threads) as pool:
        for path, future in ahead(pool, work, paths, 4 * threads):
            try:
                result = future.result()
            except PictureError as error:
                problems[path], result = str(error), None
            except OSError as error:  # it is not there, or may not be opened
                problems[path], result = error.strerror or str(error), None
            yield result

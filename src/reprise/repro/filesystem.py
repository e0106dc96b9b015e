"""DVC's file system, but for two files of its own that are replaced whole.

DVC writes dvc.lock and its rwlock in place: a process killed in that moment, or a full disk, leaves half of one, and
then no DVC command works any more.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dvc.fs import LocalFileSystem

WHOLE = ("dvc.lock", "rwlock")


class WholeFiles(LocalFileSystem):
    """Writes dvc.lock and rwlock to another name first.

    Args:
        folder: .dvc/tmp, where the other names are; DVC's locks see to it that one process writes at a time.
    """

    def __init__(self, folder: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.folder = folder

    def open(self, path: Any, mode: str = "r", **kwargs: Any) -> Any:
        """As in any file system; what is opened for writing is to be used in a ``with`` block."""
        if "w" in mode and os.path.basename(path) in WHOLE:
            return self._replacing(os.path.realpath(path), mode, **kwargs)
        return super().open(path, mode, **kwargs)

    @contextmanager
    def _replacing(self, path: str, mode: str, **kwargs: Any) -> Iterator[Any]:
        temporary = Path(self.folder) / f"{os.path.basename(path)}.new"
        try:
            with temporary.open(mode, **kwargs) as stream:
                yield stream
            if os.path.exists(path):
                temporary.chmod(os.stat(path).st_mode & 0o777)
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)

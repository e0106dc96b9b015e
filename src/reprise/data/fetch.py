"""Downloads official files: resumed after a cut, checked against published sizes and sums, unpacked without trust.

An archive that is not what it should be leaves nothing behind; neither does one with a member that points out of its
folder. Files appear in ``data/raw/SET`` only when all of them have been checked.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import shutil
import sys
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

from reprise.data.cifar_files import LAYOUTS
from reprise.data.download import BLOCK, FetchError, resume
from reprise.files import shown

__all__ = ["LARGEST", "SETS", "FetchError", "Source", "fetch"]

LARGEST = 4 << 30  # bytes of one file, and of all that an archive unpacks to: more is no data set of ours


@dataclass(frozen=True)
class Source:
    """One file of a data set.

    Attributes:
        addresses: the official one first, then mirrors with the same bytes.
        md5: as published.
        archive: unpacked and then removed; otherwise kept as it is.
        members: files of an archive and their md5; where all are in place already, nothing is downloaded.
        size: in bytes, as published; a server that sends more is stopped.
    """

    addresses: tuple[str, ...]
    md5: str
    archive: bool = True
    members: tuple[tuple[str, str], ...] = ()
    size: int | None = None

    @property
    def name(self) -> str:
        """The file's name."""
        return self.addresses[0].rsplit("/", 1)[-1]

    def in_place(self, folder: Path) -> bool:
        """Whether ``folder`` holds these very files."""
        wanted = self.members if self.archive else ((self.name, self.md5),)
        return bool(wanted) and all(_sum_is(folder / name, md5) for name, md5 in wanted)


def _cifar(archive: str, size: int) -> tuple[Source, ...]:
    servers = ("https://www.cs.toronto.edu/~kriz/", "https://cave.cs.toronto.edu/kriz/")
    layout = next(layout for layout in LAYOUTS if layout.archive == archive)
    members = tuple((f"{layout.folder}/{name}", md5) for name, md5 in {**layout.train, **layout.test}.items())
    return (Source(tuple(server + archive for server in servers), layout.archive_sum, members=members, size=size),)


def _mnist(name: str, md5: str, size: int) -> Source:
    servers = (
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
        "http://yann.lecun.com/exdb/mnist/",
    )
    return Source(tuple(server + name for server in servers), md5, archive=False, size=size)


SETS: dict[str, tuple[Source, ...]] = {
    "cifar10": _cifar("cifar-10-python.tar.gz", 170_498_071),
    "cifar100": _cifar("cifar-100-python.tar.gz", 169_001_437),
    "mnist": (
        _mnist("train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873", 9_912_422),
        _mnist("train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432", 28_881),
        _mnist("t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3", 1_648_877),
        _mnist("t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c", 4_542),
    ),
    "emnist": (
        Source(
            ("https://biometrics.nist.gov/cs_links/EMNIST/gzip.zip",),
            "58c8d27c78d21e728a6bc7b3cc06412e",
            size=561_753_746,
        ),
    ),
}


def fetch(name: str, root: Path, progress: bool = False, sets: dict[str, tuple[Source, ...]] | None = None) -> str:
    """Downloads one data set into ``root/name``; called again, it goes on where it was cut.

    Args:
        name: of the set.
        root: the project's ``data/raw``.
        progress: a line on standard error that counts what has come.
        sets: other addresses than the official ones.

    Returns:
        A sentence that says what lies where.

    Raises:
        FetchError: the set is not known, no address answers, a sum is wrong, or an archive is refused.
    """
    sets = SETS if sets is None else sets
    if name not in sets:
        raise FetchError(f"no addresses for {name!r}; known: {', '.join(sets)}")
    folder = Path(root) / name
    missing = [source for source in sets[name] if not source.in_place(folder)]
    if not missing:
        return f"{name}: complete in {folder}, sums verified"
    downloads = folder / ".download"
    downloads.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(dir=folder, prefix=".unpack-"))
    try:
        for source in missing:
            file = downloads / source.name
            if not _sum_is(file, source.md5):
                _download(source, file, progress)
            if source.archive:
                _unpack(file, staging)
            else:
                shutil.copyfile(file, staging / source.name)
        moved = _publish(staging, folder)
        shutil.rmtree(downloads)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
        for empty in (downloads, folder):  # what was cut off stays, for the next try; a refused file does not
            if empty.is_dir() and not any(empty.iterdir()):
                empty.rmdir()
    return f"{name}: {moved} files put into {folder}, sums verified"


def _sum_is(file: Path, md5: str) -> bool:
    if not file.is_file():
        return False
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest() == md5


def _download(source: Source, file: Path, progress: bool) -> None:
    """Tries each address in turn; what has come of ``file`` stays for the next try, unless its sum is wrong."""
    part = file.with_name(file.name + ".part")
    report = _counter(source.name) if progress else lambda done, total: None
    problems = []
    for address in source.addresses:
        resumed = True
        while resumed:  # a wrong sum may be the fault of what lay there before: once more from the beginning
            resumed = part.is_file()
            try:
                resume(address, part, LARGEST, source.size, report)
            except (OSError, http.client.HTTPException, ValueError) as error:  # whatever it says, there are mirrors
                problems.append(shown(f"{address}: {str(error) or type(error).__name__}"))
                break
            if _sum_is(part, source.md5):
                os.replace(part, file)
                return
            part.unlink(missing_ok=True)
            problems.append(f"{address}: its md5 is not {source.md5}; removed")
    raise FetchError(f"{source.name} could not be fetched; " + "; ".join(problems))


def _counter(name: str) -> Callable[[int, int], None]:
    def show(done: int, total: int) -> None:
        share = f"{done / total:4.0%} of {total / 1e6:,.0f} MB" if total else f"{done / 1e6:,.0f} MB"
        print(f"\r{name}: {share}", end="\n" if done == total else "", file=sys.stderr, flush=True)

    return show


def _unpack(archive: Path, folder: Path) -> None:
    """Unpacks files and folders, and nothing else, below ``folder``; an archive that is refused is removed.

    Raises:
        FetchError: a member leaves the folder, is a link or a device, or all together are too large; or no archive.
    """
    try:
        with zipfile.ZipFile(archive) if zipfile.is_zipfile(archive) else tarfile.open(archive) as container:
            members = list(_members(container))
            if sum(size for _, size, _ in members) > LARGEST:
                raise FetchError(f"it unpacks to more than {LARGEST >> 30} GB")
            for name, size, opened in members:
                target = folder.joinpath(*PurePosixPath(name).parts)
                target.parent.mkdir(parents=True, exist_ok=True)
                with opened() as stream, target.open("xb") as out:
                    _copy(stream, out, size, name)
    except (FetchError, tarfile.TarError, zipfile.BadZipFile, EOFError, OSError, RuntimeError, zlib.error) as error:
        archive.unlink()
        raise FetchError(f"{archive.name} is refused and removed: {shown(str(error))}") from error


def _members(container: zipfile.ZipFile | tarfile.TarFile) -> Iterator[tuple[str, int, Callable[[], IO[bytes]]]]:
    """Name, size and opener of each file; every name is checked."""
    if isinstance(container, zipfile.ZipFile):
        for info in container.infolist():
            kind = info.external_attr >> 28  # of a Unix file mode; 0 where the archive has none
            if not info.is_dir():
                _check(info.filename, kind in (0, 0o10))
                yield info.filename, info.file_size, partial(container.open, info)
        return
    for member in container:
        if not member.isdir():
            _check(member.name, member.isreg())
            yield member.name, member.size, partial(container.extractfile, member)


def _check(name: str, ordinary: bool) -> None:
    path = PurePosixPath(name)
    if not ordinary:
        raise FetchError(f"{name!r} is a link or a device")
    if path.is_absolute() or ".." in path.parts or not path.parts or any(c in name for c in "\\:\0"):
        raise FetchError(f"{name!r} leaves its folder")


def _copy(source: IO[bytes], target: IO[bytes], size: int, name: str) -> None:
    """Copies and insists on the size that the archive's directory named, so that nothing swells while unpacking."""
    copied = 0
    while block := source.read(BLOCK):
        copied += len(block)
        if copied > size:
            break
        target.write(block)
    if copied != size:
        raise FetchError(f"{name!r} does not have the {size} bytes that its header names")


def _publish(staging: Path, folder: Path) -> int:
    """Moves finished files into place, one rename each; the number of files."""
    files = sorted(path for path in staging.rglob("*") if path.is_file())
    for file in files:
        target = folder / file.relative_to(staging)
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(file, target)
    return len(files)

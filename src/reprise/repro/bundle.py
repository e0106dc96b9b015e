"""The files of a checkout that git does not ignore, as they are now: what each node's checkout is made of."""

from __future__ import annotations

import hashlib
import io
import os
import re
import socket
import subprocess
import tarfile
from collections.abc import Collection, Iterable
from pathlib import Path
from urllib.parse import urlsplit

MANIFEST = ".reprise-files"  # in a node's checkout: what came with the bundle
DRIVER_ONLY = (".dvc/config.local",)
# settings of a remote that stay here: credentials, and names of files of this machine
SECRET = re.compile(
    r"(?!exclude_|sse_kms_key_id).*(password|passphrase|secret|token|key|credential|connection_string|ticket|path)"
)


def names_of(root: Path) -> list[str]:
    """Names of the files that git tracks, or would, symbolic links among them.

    Raises:
        ValueError: git does not know this folder, or a link leads out of it.
    """
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=root, capture_output=True, check=False)
    if done.returncode != 0:
        reason = " ".join(done.stderr.decode(errors="replace").split())
        raise ValueError(f"{root}: nodes get the files that git knows, and git says: {reason}")
    found = sorted({os.fsdecode(name) for name in done.stdout.split(b"\0") if name})
    inside = os.path.realpath(root) + os.sep
    for name in found:
        path = root / name
        if path.is_symlink() and (path.readlink().is_absolute() or not os.path.realpath(path).startswith(inside)):
            raise ValueError(
                f"{name}: a symbolic link to {path.readlink()}, where nodes find nothing; make it relative and inside "
                "the repository (`ln -sr`), or have git ignore it: then stages that read it stay on this machine"
            )
    return [name for name in found if (root / name).is_file() and name not in DRIVER_ONLY]


def known(root: Path, path: str, names: Collection[str]) -> bool:
    """Whether git knows a file, or everything in a folder."""
    if path.startswith(".."):
        return False
    place = root / path
    if not place.is_dir():
        return path in names or not place.exists()
    return all(found in names for found in _files(root, place))


def _files(root: Path, folder: Path) -> Iterable[str]:
    for here, _, files in os.walk(folder):
        for name in files:
            yield os.path.relpath(os.path.join(here, name), root)


def pack(root: Path, names: list[str]) -> bytes:
    """Those files as a compressed archive."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz", compresslevel=1) as archive:
        for name in names:
            archive.add(root / name, name, recursive=False)
    return made.getvalue()


def unpack(content: bytes, folder: Path) -> None:
    """Makes a checkout of an archive, or brings one up to date: what was in the one before and is no more goes."""
    folder.mkdir(parents=True, exist_ok=True)
    manifest = folder / MANIFEST
    before = set(manifest.read_text(encoding="utf-8").split("\0")) if manifest.exists() else set()
    for name in before:
        if (folder / name).is_symlink():  # what is a file now would be written through it
            (folder / name).unlink()
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
        names = archive.getnames()
        manifest.write_text("\0".join({*names, *before}), encoding="utf-8")  # first: a kill in between forgets none
        archive.extractall(folder, filter="data")
    for name in before - {"", *names}:
        (folder / name).unlink(missing_ok=True)
    manifest.write_text("\0".join(names), encoding="utf-8")


def remote_config(root: Path) -> str:
    """What a node's .dvc/config.local says: the remote and its settings. Credentials stay with each machine.

    Raises:
        ValueError: there is no default remote.
    """
    from configobj import ConfigObj
    from dvc.config import Config, ConfigError

    try:
        config = Config(str(root / ".dvc"))
        name = config["core"]["remote"]
        settings = dict(config["remote"][name])
    except (KeyError, ConfigError) as error:
        raise ValueError(
            f"{root}: no default DVC remote, through which nodes exchange results; "
            "`dvc remote add --default NAME URL` names one (a folder that all machines see, s3://, ssh://, ...)"
        ) from error
    url = urlsplit(str(settings["url"]))
    if url.scheme == "ssh" and url.username:
        settings.setdefault("user", url.username)
    sent = {key: _without_user(value) for key, value in settings.items() if not SECRET.match(key)}
    made = ConfigObj({"core": {"no_scm": "true", "remote": name}, f'remote "{name}"': sent})
    return "\n".join([*made.write(), ""])


def _without_user(value: object) -> object:
    """A URL without user and password; anything else as it is."""
    netloc = urlsplit(value).netloc if isinstance(value, str) else ""
    return value.replace(netloc, netloc.rpartition("@")[2], 1) if "@" in netloc else value


def identity(root: Path) -> str:
    """A name for this checkout among those of other people on the same nodes."""
    return hashlib.sha256(f"{socket.gethostname()}:{root.resolve()}".encode()).hexdigest()[:12]

"""The files of a checkout that git does not ignore, as they are now: what each node's checkout is made of."""

from __future__ import annotations

import hashlib
import io
import os
import socket
import subprocess
import tarfile
from pathlib import Path

MANIFEST = ".reprise-files"  # in a node's checkout: what came with the bundle
DRIVER_ONLY = (".dvc/config.local",)


def names_of(root: Path) -> list[str]:
    """Names of the files that git tracks, or would.

    Raises:
        ValueError: git does not know this folder.
    """
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=root, capture_output=True, check=False)
    if done.returncode != 0:
        reason = " ".join(done.stderr.decode(errors="replace").split())
        raise ValueError(f"{root}: nodes get the files that git knows, and git says: {reason}")
    found = sorted({os.fsdecode(name) for name in done.stdout.split(b"\0") if name})
    return [name for name in found if (root / name).is_file() and name not in DRIVER_ONLY]


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
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
        names = archive.getnames()
        manifest.write_text("\0".join({*names, *before}), encoding="utf-8")  # first: a kill in between forgets none
        archive.extractall(folder, filter="data")
    for name in before - {"", *names}:
        (folder / name).unlink(missing_ok=True)
    manifest.write_text("\0".join(names), encoding="utf-8")


def remote_config(root: Path) -> str:
    """What a node's .dvc/config.local says: which remote, where it is. Credentials stay with each machine.

    Raises:
        ValueError: there is no default remote.
    """
    from dvc.config import Config, ConfigError

    try:
        config = Config(str(root / ".dvc"))
        name = config["core"]["remote"]
        url = str(config["remote"][name]["url"])
    except (KeyError, ConfigError) as error:
        raise ValueError(
            f"{root}: no default DVC remote, through which nodes exchange results; "
            "`dvc remote add --default NAME URL` names one (a folder that all machines see, s3://, ssh://, ...)"
        ) from error
    return f"[core]\n    no_scm = true\n    remote = {name}\n['remote \"{name}\"']\n    url = {url}\n"


def identity(root: Path) -> str:
    """A name for this checkout among those of other people on the same nodes."""
    return hashlib.sha256(f"{socket.gethostname()}:{root.resolve()}".encode()).hexdigest()[:12]

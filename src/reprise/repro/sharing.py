"""A stage's results between machines: through DVC's remote and its run cache, and through nothing else.

The driver asks first whether a stage has to run (`check`), a node runs it (`compute`), and the driver takes it over
(`adopt`): what the node's DVC wrote into its lock, once its inputs are seen to be those that are here. All three run in
a `worker`, each in the checkout that it concerns.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import dvc.stage.run
from dvc.exceptions import DvcException
from dvc.fs import LocalFileSystem
from dvc.fs import generic as copying
from dvc.repo import Repo, lock_repo
from dvc.repo.scm_context import scm_context
from dvc.stage import PipelineStage
from dvc.stage.cache import _can_hash, _get_stage_hash
from dvc.stage.loader import StageLoader
from dvc.stage.serialize import to_single_stage_lockfile
from dvc.utils.serialize import modify_yaml

from reprise.files import replacing
from reprise.progress import report_state
from reprise.repro.locks import ELSEWHERE
from reprise.repro.worker import bring_up_to_date, causes, patiently

LEGACY = "md5-dos2unix"  # what DVC calls the store that its run cache is in
WATCH = 0.5  # s between two looks whether whoever started this is still there


class ElsewhereError(DvcException):
    """A stage has to run, and not here."""

    code = ELSEWHERE


def check(address: str) -> None:
    """Brings a stage up to date where the lock, the run cache here or the one of the remote knows its result.

    Whatever then is to be had is sent to the remote, where nodes find it: the result, or what the stage goes on from.

    Raises:
        ElsewhereError: it has to run.
    """

    def look(repo: Repo) -> None:
        with lock_repo(repo):
            stage = one(repo, address)
            if stage.changed():
                with suppress(DvcException):  # what it reads from is not there: told below
                    fetch_run(repo, stage)

    def refuse(*_: Any, **__: Any) -> None:
        raise ElsewhereError(f"{address} has to run")

    patiently(look)
    dvc.stage.run.cmd_run = refuse
    try:
        bring_up_to_date(address)
    except DvcException as error:
        found = next((each for each in causes(error) if isinstance(each, ElsewhereError)), None)
        if found is None:
            raise
        patiently(lambda repo: send(repo, one(repo, address), persistent=True))
        raise found from error
    send_all(address)


def compute(address: str, order: str) -> None:
    """On a node: fetches what a stage reads from, runs it, sends its result and writes its lock's entry.

    Args:
        order: a JSON file: ``locks`` (file in the repository -> text, as the driver has it), ``sources`` (addresses),
            ``entry`` (where to write the lock's entry).
    """
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    ordered = json.loads(Path(order).read_text(encoding="utf-8"))

    def ready(repo: Repo) -> None:
        with lock_repo(repo):
            for name, text in ordered["locks"].items():
                with replacing(Path(repo.root_dir, name)) as temporary:
                    temporary.write_text(text, encoding="utf-8")
        with lock_repo(repo):
            for source in ordered["sources"]:
                fetch(repo, one(repo, source))
            own = one(repo, address)
            kept = [out for out in own.outs if out.persist]
            if any(out.hash_info for out in kept):
                fetch(repo, own)
            for out in kept:
                if not out.hash_info and out.exists:  # an earlier run was ended while it wrote here
                    out.remove()

    def done(repo: Repo) -> dict[str, Any]:
        send(repo, one(repo, address))
        with lock_repo(repo):
            return to_single_stage_lockfile(one(repo, address))

    report_state(text="fetching")
    patiently(ready)
    bring_up_to_date(address)
    report_state(text="sending")
    Path(ordered["entry"]).write_text(json.dumps(patiently(done)), encoding="utf-8")


def adopt(address: str, entry: str) -> None:
    """Takes over what a node made: its outputs from the remote, its entry into the lock and into the run cache.

    Args:
        entry: a JSON file with the lock's entry.

    Raises:
        DvcException: it was made from other inputs than those here, or the remote does not hold it.
    """
    made = json.loads(Path(entry).read_text(encoding="utf-8"))

    @scm_context
    def take(repo: Repo) -> None:
        with lock_repo(repo):
            stage = one(repo, address)
            StageLoader.fill_from_lock(stage, made)
            stage.cmd_changed = made.get("cmd") != stage.cmd
            if stage.changed_stage() or stage.changed_deps():
                names = ", ".join(str(dep) for dep in stage.deps if dep.status()) or "its command"
                raise DvcException(f"the node ran {address} on other inputs than those here: {names}")
            fetch(repo, stage)
            stage.ignore_outs()
            if _can_hash(stage):
                repo.stage_cache.save(stage)
            stage.dump(update_pipeline=False)

    patiently(take)


def send_all(*addresses: str) -> None:
    """Sends what stages made to the remote."""
    patiently(lambda repo: [send(repo, one(repo, address)) for address in addresses])


def repro(address: str) -> None:
    """Brings a stage up to date here, and sends its result."""
    bring_up_to_date(address)
    send_all(address)


def order(locks: str) -> None:
    """Puts locks' entries into an order; what it does not name comes first.

    Args:
        locks: JSON: dvc.lock -> names.
    """

    def sort(repo: Repo) -> None:
        for lock, names in json.loads(locks).items():
            places = {name: place for place, name in enumerate(names)}
            with lock_repo(repo), modify_yaml(lock, fs=repo.fs) as data:
                for name in sorted(data["stages"], key=lambda name: places.get(name, -1)):
                    data["stages"].move_to_end(name)

    patiently(sort)


def one(repo: Repo, address: str) -> Any:
    """The stage of an address, without reading the whole pipeline."""
    return next(iter(repo.stage.collect(address)))


def send(repo: Repo, stage: Any, persistent: bool = False) -> None:
    """Sends a stage's outputs, and its entry in the run cache, to the remote.

    Args:
        persistent: only the outputs that the stage goes on from when it runs again.

    Raises:
        DvcException: something could not be sent.
    """
    with lock_repo(repo):
        outs = [out for out in stage.outs if out.use_cache and out.hash_info and (out.persist or not persistent)]
        groups = [group for out in outs for group in out.get_used_objs().values()]
        run = _run_path(repo, stage) if isinstance(stage, PipelineStage) and not persistent else None
    for group in groups:
        if failed := repo.cloud.push(group).failed:
            raise DvcException(f"{len(failed)} files of {stage.addressing} could not be sent to the DVC remote")
    if run is not None and run.is_dir():
        odb = repo.cloud.get_remote_odb(None, "push", hash_name=LEGACY)
        for path in sorted(run.iterdir()):
            target = odb.fs.join(odb.path, "runs", run.parent.name, run.name, path.name)
            if not odb.fs.exists(target):
                copying.copy(LocalFileSystem(), str(path), odb.fs, target)


def fetch(repo: Repo, stage: Any) -> None:
    """Outputs of a stage, as its lock names them, from the remote into the cache and the checkout.

    Raises:
        DvcException: the remote does not hold them.
    """
    if not stage.changed_outs():
        return
    for group in stage.get_used_objs().values():
        repo.cloud.pull(group)
    stage.checkout(force=True)
    missing = [str(out) for out in stage.outs if out.status()]
    if missing:
        raise DvcException(f"{', '.join(missing)} of {stage.addressing} cannot be had from the DVC remote")


def fetch_run(repo: Repo, stage: Any) -> None:
    """What the remote's run cache knows of a stage with today's inputs, and the outputs that go with it."""
    stage.save_deps()
    path = _run_path(repo, stage)
    if path is None or path.is_dir():
        return
    odb = repo.cloud.get_remote_odb(None, "fetch", hash_name=LEGACY)
    folder = odb.fs.join(odb.path, "runs", path.parent.name, path.name)
    if odb.fs.exists(folder):
        path.mkdir(parents=True)
        for source in odb.fs.find(folder):
            copying.copy(odb.fs, source, LocalFileSystem(), str(path / odb.fs.name(source)))
        with suppress(DvcException):  # the outputs are gone from there: it has to run
            known = repo.stage_cache._load(stage)
            cached = repo.stage_cache._create_stage(known, wdir=stage.wdir) if known else None
            for group in cached.get_used_objs().values() if cached is not None else ():
                repo.cloud.pull(group)


def _run_path(repo: Repo, stage: Any) -> Path | None:
    return Path(repo.stage_cache._get_cache_dir(_get_stage_hash(stage))) if _can_hash(stage) else None


def _end_with(parent: int) -> None:
    """Kills this session, the stage's command with it, once its parent is gone: a node that died leaves nothing."""
    while os.getppid() == parent:
        time.sleep(WATCH)
    os.killpg(0, 9)


COMMANDS: dict[str, Callable[..., None]] = {
    "check": check,
    "compute": compute,
    "adopt": adopt,
    "send": send_all,
    "share": repro,
    "order": order,
}

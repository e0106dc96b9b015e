"""``dvc repro``, several stages at a time: DVC itself runs one after the other (treeverse/dvc#755).

Every stage starts as soon as the stages that it reads from are done, by ``dvc --wait-for-lock repro -s STAGE``. Such
runs of one stage each wait for each other's locks; whole concurrent repros fail on them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from graphlib import TopologicalSorter
from pathlib import Path
from queue import SimpleQueue


def repro(targets: list[str], jobs: int) -> int:
    """Brings ``targets`` (default: ./dvc.yaml, as for DVC) and what they read from up to date, ``jobs`` at a time.

    Each of the ``jobs`` slots sees one GPU where there are several, in turn.

    Returns:
        0, or the exit code of the first stage that failed; stages that do not depend on a failed one still run.

    Raises:
        ValueError: there is no such stage.
    """
    if jobs == 1 and not targets:
        return _dvc(["repro"], {})
    graph = stage_graph()
    stages = [stage for target in targets or ["dvc.yaml"] for stage in matching(graph, target)]
    if jobs == 1:
        return _dvc(["repro", *stages], {})
    wanted = with_ancestors(graph, stages)
    # in the files' order, so that two runs do the same: put what takes long first
    sorter = TopologicalSorter({stage: graph[stage] for stage in graph if stage in wanted})
    sorter.prepare()
    devices = gpus()
    slots: SimpleQueue[dict[str, str]] = SimpleQueue()
    for slot in range(jobs):
        slots.put({"CUDA_VISIBLE_DEVICES": devices[slot % len(devices)]} if len(devices) > 1 else {})
    left, failed = set(wanted), 0
    pool = ThreadPoolExecutor(jobs)
    running: dict[Future[int], str] = {}
    try:
        while sorter.is_active():
            for stage in sorter.get_ready():
                running[pool.submit(_run, stage, slots)] = stage
            if not running:
                break  # all that is left reads from a stage that failed
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                stage, code = running.pop(future), future.result()
                print(f"{'done' if code == 0 else 'FAILED'}: {stage}", file=sys.stderr, flush=True)
                left.remove(stage)
                failed = failed or code
                if code == 0:
                    sorter.done(stage)
    finally:
        pool.shutdown(cancel_futures=True)  # Ctrl-C: nothing new starts
    if left:
        print(f"not run, for they read from what failed: {', '.join(sorted(left))}", file=sys.stderr)
    return failed


def stage_graph() -> dict[str, list[str]]:
    """Every stage's address -> the addresses of the stages that it reads from.

    Raises:
        ValueError: this is no DVC repository, or a dvc.yaml is not valid.
    """
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    try:
        with Repo() as repo:
            graph = repo.index.graph
            return {stage.addressing: [other.addressing for other in graph.successors(stage)] for stage in graph.nodes}
    except DvcException as error:
        raise ValueError(str(error)) from error


def matching(graph: Iterable[str], target: str) -> list[str]:
    """The stages that a target means: an address, a name, a matrix without its ``@cell``, or a dvc.yaml.

    Raises:
        ValueError: there is none.
    """
    found = []
    for stage in graph:
        file, _, name = stage.rpartition(":")
        if target in (stage, name, name.partition("@")[0], stage.partition("@")[0], file or "dvc.yaml"):
            found.append(stage)
    if not found:
        from reprise.config import nearest

        raise ValueError(f"no stage {target!r}{nearest(target, [stage.rpartition(':')[2] for stage in graph])}")
    return found


def with_ancestors(graph: dict[str, list[str]], stages: Iterable[str]) -> set[str]:
    """The stages and everything that they read from, directly or not."""
    found: set[str] = set()
    waiting = list(stages)
    while waiting:
        stage = waiting.pop()
        if stage not in found:
            found.add(stage)
            waiting += graph[stage]
    return found


def gpus() -> list[str]:
    """What CUDA_VISIBLE_DEVICES can name: what it names already, else every GPU that ``nvidia-smi`` lists."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return [device for device in visible.split(",") if device]
    if shutil.which("nvidia-smi") is None:
        return []
    listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, check=False).stdout.splitlines()
    return [str(i) for i in range(sum(line.startswith("GPU ") for line in listed))]


def _run(stage: str, slots: SimpleQueue[dict[str, str]]) -> int:
    slot = slots.get()
    try:
        return _dvc(["--wait-for-lock", "repro", "--quiet", "-s", stage], slot)
    finally:
        slots.put(slot)


def _dvc(arguments: list[str], more: dict[str, str]) -> int:
    """Runs dvc with this interpreter's programs first, so that an environment need not be activated."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    return subprocess.run(["dvc", *arguments], env=os.environ | {"PATH": path} | more, check=False).returncode

"""``dvc repro``, several stages at a time: DVC itself runs one after the other (treeverse/dvc#755).

Stages run in waves of the dependency graph, each by ``dvc --wait-for-lock repro -s STAGE``; concurrent runs of one stage
each do not disturb one another, whole concurrent repros do.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from graphlib import TopologicalSorter


def repro(targets: list[str], jobs: int) -> int:
    """Brings ``targets`` (default: everything) up to date.

    Returns:
        0, or the exit code of a stage that failed; stages that do not depend on it still finish.
    """
    if jobs == 1:
        return subprocess.run(["dvc", "repro", *targets], check=False).returncode
    graph = stage_graph()
    wanted = _with_ancestors(graph, [_match(graph, target) for target in targets]) if targets else set(graph)
    sorter = TopologicalSorter({stage: [d for d in graph[stage] if d in wanted] for stage in wanted})
    sorter.prepare()
    failed = 0
    with ThreadPoolExecutor(jobs) as pool:
        running: dict[Future[int], str] = {}
        while sorter.is_active():
            ready = sorter.get_ready() if not failed else ()
            for stage in ready:
                running[pool.submit(_run, stage)] = stage
            if not running:
                break
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                stage = running.pop(future)
                code = future.result()
                print(f"{'done' if code == 0 else 'FAILED'}: {stage}", file=sys.stderr)
                failed = failed or code
                if code == 0:
                    sorter.done(stage)
    return failed


def stage_graph() -> dict[str, list[str]]:
    """Every stage's address -> the stages it reads from."""
    from dvc.repo import Repo

    with Repo() as repo:
        graph = repo.index.graph
        return {stage.addressing: [d.addressing for d in graph.successors(stage)] for stage in graph.nodes}


def _match(graph: dict[str, list[str]], target: str) -> str:
    for stage in graph:
        if target in (stage, stage.rpartition(":")[2]):
            return stage
    raise ValueError(f"no stage {target!r}; `dvc stage list --all` names them")


def _with_ancestors(graph: dict[str, list[str]], stages: Iterable[str]) -> set[str]:
    found: set[str] = set()
    waiting = list(stages)
    while waiting:
        stage = waiting.pop()
        if stage not in found:
            found.add(stage)
            waiting += graph[stage]
    return found


def _run(stage: str) -> int:
    return subprocess.run(["dvc", "--wait-for-lock", "repro", "--quiet", "-s", stage], check=False).returncode

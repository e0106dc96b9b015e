"""A run on several nodes of this machine against one that is serial: the same locks and outputs, whichever node dies.

    make nodes                                        # every study at scale smoke, ten kills
    python scripts/nodes.py --studies few --kills 2
    python scripts/nodes.py --runs j2,killed          # against -j 2, which takes half the time of a serial run

Prints a table of wall times and differences. Exits with 1 where a file differs. Nodes have checkouts of their own, and
a folder is the DVC remote.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import smoke


def remote(clone: Path, folder: Path) -> None:
    """A folder as the clone's remote."""
    smoke.run(clone, "dvc", "remote", "add", "--quiet", "--local", "--force", "--default", "store", str(folder))


def nodes_of(pid: int) -> list[psutil.Process]:
    """The Dask workers that a run has started."""
    found = []
    for each in psutil.Process(pid).children(recursive=True):
        try:
            if any("spawn_main" in word for word in each.cmdline()):
                found.append(each)
        except psutil.Error:
            continue
    return found


def timed(clone: Path, *more: str) -> float:
    """Seconds that a run takes."""
    start = time.monotonic()
    smoke.run(clone, *smoke.repro_command(*more))
    return time.monotonic() - start


def killed(clone: Path, nodes: int, kills: int, takes: float, seed: int) -> tuple[int, int, float]:
    """A run that loses a node at random instants.

    Args:
        takes: what a run takes undisturbed (s), over which the kills are spread.

    Returns:
        How many nodes were killed, the exit code, seconds.
    """
    rng, start = random.Random(seed), time.monotonic()
    instants = sorted(rng.uniform(0.1, 0.9) * takes for _ in range(kills))
    command = smoke.repro_command("--scheduler", f"local:{nodes}")
    dealt = 0
    with tempfile.TemporaryFile() as said:
        run = subprocess.Popen(command, cwd=clone, env=smoke.environment(clone), stderr=said)
        while run.poll() is None:
            time.sleep(0.2)
            found = nodes_of(run.pid) if dealt < kills and time.monotonic() - start > instants[dealt] else []
            if found:
                rng.choice(found).kill()
                dealt += 1
                print(f"  kill {dealt} of {kills}", file=sys.stderr, flush=True)
        if run.returncode:
            said.seek(0)
            lines = said.read().decode(errors="replace").splitlines()
            told = [line for line in lines if line.startswith(("FAILED", "  |")) or " is gone" in line]
            print(*told, "...", *lines[-20:], sep="\n", file=sys.stderr)
    return dealt, run.returncode, time.monotonic() - start


def main() -> int:
    """Runs serially, with -j 2, on nodes, and on nodes that die."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", default="few", help="all, few, or names with commas")
    parser.add_argument("--nodes", type=int, default=2)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument(
        "--runs", default="serial,j2,nodes,killed", help="what is run; the first is what others must equal"
    )
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4), "big"), help="of the instants")
    given = parser.parse_args()
    local = ["--scheduler", f"local:{given.nodes}"]
    ways = {
        "serial": ("serial", []),
        "j2": ("-j 2", ["-j", "2"]),
        "nodes": (f"{given.nodes} nodes", local),
        "killed": (),
    }
    runs = given.runs.split(",")
    if unknown := set(runs) - set(ways):
        parser.error(f"--runs: no {', '.join(sorted(unknown))}; there are {', '.join(ways)}")
    if runs[0] == "killed":
        parser.error("--runs: the first is what others must equal, and nothing of it is killed")
    rows, wrong, wanted = [], 0, {}
    with tempfile.TemporaryDirectory(prefix="nodes-") as folder:
        clone = smoke.make_clone(Path(folder) / "clone", given.studies)
        for name, more in (ways[run] for run in runs if run != "killed"):
            smoke.forget(clone)
            remote(clone, Path(folder) / f"store {name}")
            seconds = timed(clone, *more)
            found = smoke.results(clone)
            wanted = wanted or found
            apart = smoke.differences(wanted, found)
            wrong += len(apart)
            if apart:
                print(*apart[:20], sep="\n", file=sys.stderr)
            rows.append((name, f"{seconds:.0f}", len(wanted), len(apart) if rows else ""))
            print(f"{name}: {seconds:.0f} s, {len(apart)} files differ", file=sys.stderr, flush=True)
            shutil.rmtree(Path(folder) / f"store {name}", ignore_errors=True)
        if "killed" in runs and given.kills:
            smoke.forget(clone)
            remote(clone, Path(folder) / "store killed")
            dealt, code, took = killed(clone, given.nodes, given.kills, seconds, given.seed)
            apart = smoke.differences(wanted, smoke.results(clone)) + smoke.locks(clone) + smoke.left_over(clone)
            wrong += len(apart) + (code != 0) + (dealt < given.kills)
            rows.append(
                (f"{given.nodes} nodes, {dealt} killed (seed {given.seed})", f"{took:.0f}", len(wanted), len(apart))
            )
    print(f"studies: {given.studies}\n| run | seconds | files | that differ |\n|---|---:|---:|---:|")
    for row in rows:
        print(f"| {' | '.join(map(str, row))} |")
    return int(wrong > 0)


if __name__ == "__main__":
    raise SystemExit(main())

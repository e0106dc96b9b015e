"""A million rows of features on disk: all near pairs, exactly, within a stated memory; one worker against two.

    python benchmarks/million.py [--rows 1000000] [--columns 576] [--gib 2] [--folder FOLDER]

Rows are like histograms of pictures: non-negative, of some thousand kinds, with one copy in 200 planted, which is
less alike the later it comes in its block: up to beyond the threshold. Each search is a process of its own whose memory
is limited by the system: what it maps of the features, which lie in a file, does not count, for the system can take it
back. The plain alternative, a product of all blocks, is timed on a part of the blocks and multiplied, which is said.
With faiss installed, an approximate index of it searches the same rows: its time, and the share that it finds of the
pairs that the exact search found, by their distance. ``twins`` says what this machine gives two processes that share
nothing: how much longer each takes for products of the search's tiles than one alone.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from near_pairs import plain as blockwise
from reprise.data.near_search import near_duplicates
from reprise.data.near_shared import near_duplicates_shared

BLOCK = 10_000
KINDS = 5_000
THRESHOLD = 0.008
WILDEST = 0.13  # standard deviation of a copy's noise; its distance is about half of its square
DISTANCES = (0.0, 0.001, 0.002, 0.004, THRESHOLD)  # between which recall is told
PLAIN = 8192  # rows of the part that the plain product is timed on


def write(path: Path, rows: int, columns: int) -> int:
    """Writes the features block by block; returns how many copies were planted."""
    out = np.lib.format.open_memmap(path, "w+", np.float32, (rows, columns))
    kinds = np.random.default_rng(0).gamma(0.3, size=(KINDS, columns)).astype(np.float32)
    planted = 0
    for number, start in enumerate(range(0, rows, BLOCK)):
        rng = np.random.default_rng([1, number])
        count = min(BLOCK, rows - start)
        mixed = kinds[rng.integers(0, KINDS, (2, count))]
        block = mixed[0] + rng.random((count, 1), np.float32) * mixed[1]
        block *= rng.gamma(2, 0.5, (count, columns)).astype(np.float32)
        copies = count // 200
        noise = np.linspace(0.02, WILDEST, copies)[:, None] * rng.normal(size=(copies, columns))
        block[-copies:] = np.abs(block[:copies] * (1 + noise)).astype(np.float32)
        out[start : start + count] = block
        planted += copies
    out.flush()
    return planted


def search(path: Path, threads: int) -> dict:
    """In this process."""
    memory, start = Memory(), time.perf_counter()
    pairs, distances = near_duplicates(np.load(path, mmap_mode="r"), THRESHOLD, threads=threads)
    seconds = time.perf_counter() - start
    np.savez(path.with_name("exact.npz"), pairs=pairs, distances=distances)
    return {"pairs": len(pairs), "seconds": seconds, "mib": memory.most}


def shared(path: Path, processes: int) -> dict:
    """By workers of Dask, of one thread each."""
    import dask
    from distributed import Client, LocalCluster

    dask.config.set({"distributed.worker.profile.enabled": False})  # as nodes of `--scheduler local:N` have it
    with (
        LocalCluster(n_workers=processes, threads_per_worker=1, dashboard_address=None, host="127.0.0.1") as cluster,
        Client(cluster) as client,
    ):
        client.run(watch)
        memory, start = Memory(), time.perf_counter()
        pairs, _ = near_duplicates_shared(path, client, THRESHOLD)
        seconds = time.perf_counter() - start
        return {"pairs": len(pairs), "seconds": seconds, "mib": max([memory.most, *client.run(most).values()])}


def plain(path: Path) -> dict:
    """A float32 product of blocks, of a part of the rows; seconds as all of them would take."""
    rows = np.load(path, mmap_mode="r")
    part = np.array(rows[:PLAIN])
    start = time.perf_counter()
    with threadpool_limits(1):
        blockwise(part, THRESHOLD)
    return {"seconds": (time.perf_counter() - start) * (len(rows) / len(part)) ** 2}


def approximate(path: Path, probes: int) -> dict:
    """An inverted file of faiss: the four nearest of every row, in so many of its cells."""
    import faiss

    faiss.omp_set_num_threads(1)
    memory = Memory()
    unit = np.array(np.load(path, mmap_mode="r"))
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    start = time.perf_counter()
    cells = max(16, round(4 * len(unit) ** 0.5))
    index = faiss.IndexIVFFlat(faiss.IndexFlatIP(unit.shape[1]), unit.shape[1], cells, faiss.METRIC_INNER_PRODUCT)
    index.cp.max_points_per_centroid = 40
    index.train(unit[:: max(1, len(unit) // (40 * cells))])
    index.add(unit)
    index.nprobe = probes
    cosines, found = index.search(unit, 5)
    i = np.repeat(np.arange(len(unit)), 5)
    near = (cosines.ravel() > 1 - THRESHOLD) & (found.ravel() >= 0) & (found.ravel() != i)
    pairs = {tuple(sorted(pair)) for pair in zip(i[near].tolist(), found.ravel()[near].tolist(), strict=True)}
    seconds = time.perf_counter() - start
    return {"pairs": len(pairs), "seconds": seconds, "mib": memory.most, "recall": recall(path, pairs)}


def recall(path: Path, pairs: set[tuple[int, int]]) -> str:
    """How many of the pairs that the exact search found are among these, by their distance."""
    exact = path.with_name("exact.npz")
    if not exact.exists():
        return ""
    with np.load(exact) as known:
        hit = np.array([tuple(pair) in pairs for pair in known["pairs"].tolist()], bool)
        place = np.digitize(known["distances"], DISTANCES) - 1
    ends = list(enumerate(pairwise(DISTANCES)))
    return ", ".join(f"{low:g} to {high:g}: {hit[place == k].sum()} of {(place == k).sum()}" for k, (low, high) in ends)


def tiles(seconds: float) -> float:
    """Products of short rows, as the search has them, a second."""
    rng = np.random.default_rng(0)
    top, left = (rng.random((rows, 34), np.float32) for rows in (256, 1024))
    out, done, start = np.empty((256, 1024), np.float32), 0, time.perf_counter()
    with threadpool_limits(1):
        while time.perf_counter() < start + seconds:
            for _ in range(100):
                np.matmul(top, left.T, out=out)
                np.count_nonzero(out >= 9)
            done += 100
    return done / (time.perf_counter() - start)


def twins(path: Path) -> dict:
    """What one process does a second, over what each of two does at the same time."""
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        list(pool.map(tiles, [0.5, 0.5]))  # both are there
        alone = pool.submit(tiles, 10.0).result()
        both = list(pool.map(tiles, [10.0, 10.0]))
    return {"recall": f"{alone / np.mean(both):.2f} times as long"}


class Memory(threading.Thread):
    """Watches how much this process holds for itself: what it maps of files is not in it."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.most = 0.0  # MiB
        self.start()

    def run(self) -> None:
        while True:
            text = Path("/proc/self/status").read_text(encoding="utf-8")
            fields = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
            self.most = max(self.most, int(fields["RssAnon"].split()[0]) / 1024)
            time.sleep(0.05)


def watch(dask_worker: Any) -> None:
    """In a worker of Dask, which hands itself over: begins to watch."""
    dask_worker.memory_watched = Memory()


def most(dask_worker: Any) -> float:
    """In a worker of Dask: what was seen."""
    return dask_worker.memory_watched.most


WAYS = {
    "one process, one thread": lambda path: search(path, 1),
    "one process, two threads": lambda path: search(path, 2),
    "one worker of Dask": lambda path: shared(path, 1),
    "two workers of Dask": lambda path: shared(path, 2),
    "two processes that share nothing, each": twins,
    "product of all blocks, one thread": plain,
    "faiss, 1 cell of its inverted file": lambda path: approximate(path, 1),
    "faiss, 8 cells": lambda path: approximate(path, 8),
    "faiss, 64 cells": lambda path: approximate(path, 64),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--columns", type=int, default=576)
    parser.add_argument("--gib", type=float, default=2.0, help="memory that a process may take for itself")
    parser.add_argument("--folder", type=Path, help="for the features; a temporary one by default")
    parser.add_argument("--ways", nargs="+", choices=list(WAYS), default=list(WAYS))
    parser.add_argument("--run", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.run:
        way, path = json.loads(given.run)
        if "faiss" not in way:
            resource.setrlimit(resource.RLIMIT_DATA, (int(given.gib * 2**30),) * 2)
        print(json.dumps(WAYS[way](Path(path))))
        return
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        path = Path(folder) / "rows.npy"
        planted = write(path, given.rows, given.columns)
        size = path.stat().st_size / 2**30
        print(f"{given.rows:,} rows of {given.columns} numbers, {size:.1f} GiB in a file, {planted:,} copies planted")
        print(f"at most {given.gib:g} GiB for a process's own data (RLIMIT_DATA)\n| way | pairs | minutes | MiB | |")
        print("|:---|---:|---:|---:|:---|", flush=True)
        for way in given.ways:
            if "faiss" in way and importlib.util.find_spec("faiss") is None:
                print(f"| {way} | not installed | | | |")
                continue
            command = [sys.executable, __file__, "--gib", str(given.gib), "--run", json.dumps([way, str(path)])]
            done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"OMP_NUM_THREADS": "2"})
            if done.returncode:
                print(f"| {way} | {done.stderr.strip().splitlines()[-1]} | | | |", flush=True)
                continue
            found = json.loads(done.stdout.splitlines()[-1])
            pairs, mib = (f"{found[name]:,.0f}" if name in found else "" for name in ("pairs", "mib"))
            minutes = f"{found['seconds'] / 60:.1f}" if "seconds" in found else ""
            print(f"| {way} | {pairs} | {minutes} | {mib} | {found.get('recall', '')} |", flush=True)


if __name__ == "__main__":
    main()

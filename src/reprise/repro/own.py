"""Clusters that a run makes for itself: on this machine, or of Slurm's jobs."""

from __future__ import annotations

import logging
import re
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any, NamedTuple

import dask
import psutil
from distributed import Nanny, Scheduler, Security, SpecCluster

from reprise.repro.slots import gpus

LOOPBACK = "127.0.0.1"
RESTART = 60.0  # s that a node of this machine has to come back in; then another one is made in its place
ADDRESS = r"(?:(?:tcp|tls|ws|wss|ucx)://)?[\w.\-\[\]:]+:\d{1,5}"
FORMS = "ADDRESS (tcp://host:8786), local:N, slurm or slurm:N"
MEMORY = "8 GB"  # of a Slurm job, where Dask's configuration names none


class Made(NamedTuple):
    """A cluster, and what each of its nodes offers: none with more will come."""

    cluster: Any
    offers: list[dict[str, float]]


def made(where: str, scratch: Path, shared: Path) -> Made:
    """The cluster that ``--scheduler`` asks for; none where it is an address.

    Raises:
        ValueError: it is no such thing, or nothing can be submitted here.
    """
    match = re.fullmatch(r"(local|slurm)(?::([1-9]\d{0,3}))?", where)
    if match is None:
        if re.match(r"(local|slurm)\b", where) or not re.fullmatch(ADDRESS, where):
            raise ValueError(f"--scheduler: found {where!r}, expected {FORMS}")
        return Made(None, [])
    kind, count = match[1], int(match[2] or 1)
    # Dask's scheduler leaves a folder there; its profiler takes a tenth of what a node does in Python
    dask.config.set({"temporary-directory": str(scratch), "distributed.worker.profile.enabled": False})
    if kind == "local":
        return local(count, scratch)
    if shutil.which("sbatch") is None:
        raise ValueError("--scheduler slurm: there is no sbatch here; run this where jobs are submitted")
    return slurm(count, shared)


@contextmanager
def _deaf() -> Iterator[None]:
    """What begins in it does not hear Ctrl-C, which a terminal sends to all of them: the run ends its nodes."""
    resource_tracker.ensure_running()  # starting it later would undo this in its thread
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def local(count: int, scratch: Path) -> Made:
    """So many nodes on this machine, each with one of its GPUs and its share of the memory; all on loopback.

    Whoever reaches Dask's ports runs what they like as this user, so its connections are encrypted with keys that are
    made for this run: other users of the machine are shut out.
    """
    # on a busy machine a node that died takes longer to come back than Dask waits for it
    dask.config.set({"distributed.deploy.lost-worker-timeout": f"{RESTART:g} s"})
    security = Security.temporary()
    devices = gpus()
    memory = psutil.virtual_memory().total / count
    nodes: dict[int, Any] = {}
    for number in range(count):
        # several GPUs: one each, in turn; a single one: the first node has it
        device = devices[number % len(devices)] if devices else ""
        has_one = number < len(devices)
        nodes[number] = {
            "cls": Nanny,
            "options": {
                "nthreads": 1,
                "host": LOOPBACK,
                "protocol": "tls://",
                "security": security,
                "memory_limit": 0,
                "dashboard": False,
                "local_directory": str(scratch / f"node-{number}"),
                "resources": {"memory": memory} | ({"GPU": 1} if has_one else {}),
                "env": {"CUDA_VISIBLE_DEVICES": device if has_one else ""} if devices else {},
                "silence_logs": logging.CRITICAL,
            },
        }
    options = {"host": LOOPBACK, "port": 0, "protocol": "tls://", "security": security}
    options |= {"dashboard": True, "dashboard_address": f"{LOOPBACK}:0"}
    with _deaf():
        cluster = SpecCluster(
            workers=nodes,
            scheduler={"cls": Scheduler, "options": options},
            security=security,
            name="reprise",
            silence_logs=logging.CRITICAL,
        )
    return Made(cluster, [node["options"]["resources"] for node in nodes.values()])


def slurm(count: int, shared: Path) -> Made:
    """So many jobs of Slurm, each a node that runs a stage at a time; Dask's configuration names queue and limits.

    Connections are encrypted with keys of this run, which jobs read in ``shared``. Where a job asks for a GPU
    (``--gres=gpu:1`` among ``jobqueue.slurm.job-extra-directives``), its node offers one.
    """
    from dask.utils import parse_bytes
    from dask_jobqueue import SLURMCluster

    def configured(name: str) -> Any:
        return dask.config.get(f"jobqueue.slurm.{name}", None)

    memory = configured("memory") or MEMORY
    asked = " ".join(map(str, configured("job-extra-directives") or ()))
    gpu = re.search(r"--(?:gres=gpu|gpus(?:-per-node|-per-task)?)[:=](?:\w+:)?(\d+)", asked)
    offers = {"memory": parse_bytes(memory)} | ({"GPU": int(gpu[1])} if gpu else {})
    cluster = SLURMCluster(
        cores=1,  # threads of the worker: stages at a time
        processes=1,
        memory=memory,
        job_cpu=configured("job-cpu") or configured("cores"),
        job_name="reprise",
        python=sys.executable,
        security=Security.temporary(),
        shared_temp_directory=str(shared),
        worker_extra_args=["--resources", ",".join(f"{name}={value}" for name, value in offers.items())],
        job_script_prologue=[
            *(configured("job-script-prologue") or ()),
            'cd "${TMPDIR:-/tmp}"',
        ],
        scheduler_options={"dashboard_address": f"{LOOPBACK}:0"},
    )
    cluster.scale(jobs=count)
    return Made(cluster, [offers] * count)

"""Dask, as far as a run needs it: who the nodes are, a stage sent to one of them, everything ended."""

from __future__ import annotations

import logging
import re
import shutil
import sys
import time
import uuid
from collections import defaultdict, deque
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from reprise.repro.slots import gpus

try:
    import dask
    from distributed import Client, Future, Nanny, Scheduler, Security, SpecCluster

    from reprise.repro import node
except ImportError as error:
    raise ValueError(
        f"--scheduler needs Dask ({error}); `pip install 'reprise[cluster]'` installs it, on every node"
    ) from error

LOOPBACK = "127.0.0.1"
NODES = 1.0  # s for which what is known of the nodes is not asked again
PATIENCE = 10.0  # s to reach a scheduler
RESTART = 60.0  # s that a node of this machine has to come back in; then another one is made in its place
ADDRESS = r"(?:(?:tcp|tls|ws|wss|ucx)://)?[\w.\-\[\]:]+:\d{1,5}"
FORMS = "ADDRESS (tcp://host:8786), local:N, slurm or slurm:N"
MEMORY = "8 GB"  # of a Slurm job, where Dask's configuration names none


@dataclass(frozen=True)
class Node:
    """A Dask worker: its address, how many stages it runs at a time, what it offers."""

    address: str
    threads: int
    resources: dict[str, float] = field(default_factory=dict, hash=False)


class Cluster:
    """A connection to a scheduler, and the nodes too where they are this run's own.

    Args:
        where: as ``--scheduler`` has it.
        scratch: folder for the nodes of ``local:N``.
        shared: folder that Slurm's jobs see too, for the keys of this run.

    Raises:
        ValueError: it is no such thing, or nobody answers.
    """

    def __init__(self, where: str, scratch: Path, shared: Path) -> None:
        logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what matters of it is told in this run's words
        self.topic = f"reprise-{uuid.uuid4().hex}"
        self.events: dict[str, deque[dict[str, Any]]] = defaultdict(deque)
        self.futures: dict[str, Future] = {}
        self.plugin = ""
        self._known: tuple[float, list[Node]] = (-1.0, [])
        self._made = time.monotonic()
        self._own = _own(where, scratch, shared)
        self._local = len(self._own.worker_spec) if where.startswith("local") else 0
        try:
            self.client = Client(self._own or where, timeout=PATIENCE, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            self._close_own()
            said = " ".join(str(error).split()) or type(error).__name__
            raise ValueError(f"--scheduler {where}: no Dask scheduler answers: {said}") from error
        self.client.subscribe_topic(self.topic, self._note)

    @property
    def dashboard(self) -> str:
        """Its address."""
        return self.client.dashboard_link

    def equip(self, checkout: node.Checkout) -> None:
        """Makes a checkout on every node, and on those that come."""
        self.plugin = checkout.name
        self.client.register_plugin(checkout, name=checkout.name)

    def nodes(self) -> list[Node]:
        """Those there are."""
        if time.monotonic() - self._known[0] > NODES:
            with suppress(OSError, TimeoutError):  # the scheduler does not answer: what waits for it notices
                found = self.client.scheduler_info(n_workers=-1)["workers"]
                nodes = [Node(name, row["nthreads"], dict(row["resources"])) for name, row in found.items()]
                self._known = (time.monotonic(), nodes)
                self._replace(len(nodes))
        return self._known[1]

    def _replace(self, count: int) -> None:
        """Makes nodes of this machine again that did not come back by themselves."""
        if count < self._local and time.monotonic() - self._made > RESTART:
            self._made = time.monotonic()
            self._own.scale(self._local)

    def submit(self, order: dict[str, Any], where: Node, resources: dict[str, float], priority: float) -> str:
        """Sends a stage to a node, from where it may go to another if that one dies; returns the task's key."""
        key = f"{order['address']}-{uuid.uuid4().hex}"
        order = order | {"key": key, "topic": self.topic, "plugin": self.plugin}
        self.futures[key] = self.client.submit(
            node.run_stage,
            order,
            key=key,
            pure=False,
            workers=[where.address],
            allow_other_workers=True,
            resources=resources or None,
            priority=priority,
        )
        return key

    def result(self, key: str) -> dict[str, Any] | None:
        """What a stage ended with, None while it runs; ``code`` is 1 where its node could not say."""
        future = self.futures.get(key)
        if future is not None and not future.done():
            return None
        self.futures.pop(key, None)
        try:
            if future is None or future.status == "lost":
                raise ValueError("cancelled, or the scheduler is gone")
            return future.result(timeout=PATIENCE)
        except Exception as error:  # whatever a node raises: another version of Python or of this package
            said = " ".join(str(error).split()) or type(error).__name__
            return {"code": 1, "entry": "", "lines": [f"{type(error).__name__}: {said}"], "log": b""}

    def cancel(self, keys: list[str]) -> None:
        """Ends tasks where they run; nobody waits for them any more."""
        futures = [self.futures.pop(key) for key in keys if key in self.futures]
        if futures:
            with suppress(Exception):  # the scheduler is gone, and its nodes end what they run
                self.client.cancel(futures, force=True)

    def running(self) -> int:
        """How many stages of this checkout run on nodes."""
        with suppress(Exception):
            return sum(self.client.run(node.running, plugin=self.plugin, on_error="ignore").values())
        return 0

    def close(self) -> None:
        """Leaves; nodes of its own end."""
        with suppress(Exception):
            if self.plugin:
                self.client.unregister_worker_plugin(self.plugin)
        with suppress(Exception):
            self.client.close(timeout=2)
        self._close_own()

    def _close_own(self) -> None:
        if self._own is not None:
            with suppress(Exception):
                self._own.close(timeout=3)

    def _note(self, event: tuple[Any, dict[str, Any]]) -> None:
        found = event[1]
        self.events[found["key"]].append(found)


def _own(where: str, scratch: Path, shared: Path) -> Any:
    match = re.fullmatch(r"(local|slurm)(?::([1-9]\d{0,3}))?", where)
    if match is None:
        if re.match(r"(local|slurm)\b", where) or not re.fullmatch(ADDRESS, where):
            raise ValueError(f"--scheduler: found {where!r}, expected {FORMS}")
        return None
    kind, count = match[1], int(match[2] or 1)
    if kind == "local":
        return local(count, scratch)
    if shutil.which("sbatch") is None:
        raise ValueError("--scheduler slurm: there is no sbatch here; run this where jobs are submitted")
    return slurm(count, shared)


def local(count: int, scratch: Path) -> SpecCluster:
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
    return SpecCluster(
        workers=nodes,
        scheduler={"cls": Scheduler, "options": options},
        security=security,
        name="reprise",
        silence_logs=logging.CRITICAL,
    )


def slurm(count: int, shared: Path) -> Any:
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
    return cluster

"""Dask, as far as a run needs it: who the nodes are, a stage sent to one of them, everything ended."""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
import time
import uuid
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

try:
    import psutil
    from distributed import Client, Future

    from reprise.repro import node, own
except ImportError as error:
    raise ValueError(
        f"--scheduler needs Dask ({error}); in a clone `pip install '.[pipeline,cluster]'` installs it, on every node"
    ) from error

NODES = 1.0  # s for which what is known of the nodes is not asked again
PATIENCE = 10.0  # s to reach a scheduler
ANSWER = 1.5  # s that a node has to say what it runs; a frozen one never does


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
        self._own, self.offers = own.made(where, scratch, shared)
        self.local = where.startswith("local")
        gpus = [offer["GPU"] for offer in self.offers if "GPU" in offer]
        # of a place on this machine; where jobs are submitted nothing runs
        self.here = {"memory": psutil.virtual_memory().total} | ({"GPU": 1} if gpus else {}) if self.local else {}
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

    def equip(self, checkout: node.Checkout) -> concurrent.futures.Future[Any]:
        """Makes a checkout on every node, and on those that come; a frozen node is waited for."""
        self.plugin = checkout.name
        return self._begin(lambda: self.client.register_plugin(checkout, name=checkout.name))

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
        if self.local and count < len(self.offers) and time.monotonic() - self._made > own.RESTART:
            self._made = time.monotonic()
            self._own.scale(len(self.offers))

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

    def running(self) -> dict[str, int | None]:
        """How many stages of this checkout run on each node; None where one does not answer: it is frozen, say."""

        async def on(address: str) -> int | None:
            asked = self.client.run(node.running, plugin=self.plugin, workers=[address], on_error="ignore")
            try:
                return (await asyncio.wait_for(asked, ANSWER)).get(address, 0)
            except TimeoutError:
                return None

        addresses = [each.address for each in self.nodes()]
        with suppress(Exception):  # the scheduler is gone
            return dict(zip(addresses, self._begin(lambda: asyncio.gather(*map(on, addresses))).result(), strict=True))
        return {}

    def close(self) -> None:
        """Leaves; nodes of its own end, frozen ones too."""
        with suppress(Exception):
            if self.plugin:
                self._begin(
                    lambda: asyncio.wait_for(self.client.unregister_worker_plugin(self.plugin), ANSWER)
                ).result()
        with suppress(Exception):
            self.client.close(timeout=2)
        self._close_own()

    def _close_own(self) -> None:
        if self._own is None:
            return
        processes = []
        for pid in filter(None, (getattr(each, "pid", None) for each in self._own.workers.values())):
            with suppress(psutil.Error):
                process = psutil.Process(pid)
                processes += [process, *process.children(recursive=True)]
        with suppress(Exception):
            self._own.close(timeout=3)
        for process in processes:
            with suppress(psutil.Error):
                process.kill()

    def _begin(self, call: Callable[[], Awaitable[Any]]) -> concurrent.futures.Future[Any]:
        """Has Dask's client do something, which nobody need wait for."""

        async def begun() -> Any:
            return await call()

        return asyncio.run_coroutine_threadsafe(begun(), self.client.loop.asyncio_loop)

    def _note(self, event: tuple[Any, dict[str, Any]]) -> None:
        found = event[1]
        self.events[found["key"]].append(found)

"""What runs in a Dask worker: a checkout of its own, and in it one stage after the other."""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import tempfile
import time
from pathlib import Path
from typing import Any

from distributed import Worker, WorkerPlugin, get_worker

from reprise.repro.bundle import unpack
from reprise.repro.processes import StageProcess, signal_all
from reprise.repro.warming import Warm

POLL = 0.1  # s
GRACE = 2.0  # s that a stage has to end by itself
LOG = 1 << 20  # bytes of a stage's output that go back, the last
LINES = 200


class Checkout(WorkerPlugin):
    """Makes a node's checkout, on every worker that there is and on those that come later.

    Args:
        name: of the driver's checkout.
        content: of `bundle.pack`.
        config: of `bundle.remote_config`.
        commands: of all stages, from which it is seen whether importing once is worth it.
    """

    idempotent = False

    def __init__(self, name: str, content: bytes, config: str, commands: list[str]) -> None:
        self.name = f"reprise-{name}"
        self.content, self.config, self.commands = content, config, commands

    def setup(self, worker: Worker) -> None:
        """Unpacks it."""
        self.worker = worker
        self.running: list[StageProcess] = []
        self.folder = Path(worker.local_directory).resolve() / self.name
        unpack(self.content, self.folder)
        (self.folder / ".dvc").mkdir(exist_ok=True)
        (self.folder / ".dvc" / "config.local").write_text(self.config, encoding="utf-8")
        self.scratch = Path(tempfile.mkdtemp(prefix="run-", dir=worker.local_directory))
        self.warm = Warm(self.commands, self.scratch)

    def teardown(self, worker: Worker) -> None:
        """Ends what runs; the checkout goes with the worker's folder."""
        signal_all(self.running, signal.SIGKILL, self.scratch)
        self.warm.close()
        shutil.rmtree(self.scratch, ignore_errors=True)

    def environment(self) -> dict[str, str]:
        """Of stages: the checkout's code comes before any that is installed."""
        source = self.folder / "src"
        paths = [str(source)] if source.is_dir() else []
        return {"PYTHONPATH": os.pathsep.join([*paths, os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)} | dict(
            self.warm.more
        )

    def wanted(self, key: str) -> bool:
        """Whether somebody still waits for a task: not so where it was cancelled, or its driver is gone."""
        task = self.worker.state.tasks.get(key)
        return task is not None and task.state not in ("cancelled", "released", "forgotten")


def run_stage(order: dict[str, Any]) -> dict[str, Any]:
    """A task: runs one stage in this node's checkout.

    Args:
        order: ``plugin``, ``key`` (of the task), ``topic`` (for events), ``address``, ``folder`` (of the checkout, to
            start in), and ``locks`` and ``sources`` for `sharing.compute`.

    Returns:
        ``code``, ``entry`` (of the lock), ``lines`` (the last), ``log``, ``seconds``, ``peer`` (who ran it).
    """
    worker = get_worker()
    plugin: Checkout = worker.plugins[order["plugin"]]

    def tell(report: dict[str, Any]) -> None:
        worker.log_event(order["topic"], {"key": order["key"], "peer": worker.address, "report": report})

    tell({})
    # below the plugin's folder: so whatever the stage starts is found again
    with tempfile.TemporaryDirectory(dir=plugin.scratch, ignore_cleanup_errors=True) as name:
        scratch = Path(name)
        entry, ordered, log = scratch / "entry.json", scratch / "order.json", scratch / "log"
        ordered.write_text(json.dumps({key: order[key] for key in ("locks", "sources")} | {"entry": str(entry)}))
        arguments = ["compute", order["address"], str(ordered)]
        process = StageProcess(arguments, scratch, log, plugin.environment(), plugin.folder / order["folder"])
        plugin.running.append(process)
        asked: float | None = None
        try:
            while process.poll() is None:
                if process.silent:
                    time.sleep(POLL)
                elif select.select([process], [], [], POLL)[0]:
                    process.read()
                for report in process.reports.new():
                    tell(report)
                if not plugin.wanted(order["key"]):
                    late = asked is not None and time.monotonic() - asked > GRACE
                    signal_all([process], signal.SIGKILL if late else signal.SIGTERM, scratch if late else None)
                    asked = asked or time.monotonic()
        finally:
            signal_all([process], signal.SIGKILL, scratch)
            process.poll()
            plugin.running.remove(process)
            for report in process.reports.new():
                tell(report)
            process.close()
        return {
            "code": process.poll(),
            "entry": entry.read_text(encoding="utf-8") if entry.exists() else "",
            "lines": process.last_lines(LINES),
            "log": log.read_bytes()[-LOG:] if log.exists() else b"",
            "seconds": process.seconds,
            "peer": worker.address,
        }


def running(dask_worker: Worker, plugin: str) -> int:
    """How many stages of a checkout run on a worker now."""
    found = dask_worker.plugins.get(plugin)
    return len(found.running) if isinstance(found, Checkout) else 0

"""A stage that was sent to a node."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from reprise.repro.cluster import Cluster, Node
from reprise.repro.resources import offered


class SentStage:
    """A stage on a node, with what `StageProcess` tells of one here."""

    silent = True

    def __init__(self, cluster: Cluster, order: dict[str, Any], needed: dict[str, float], priority: float) -> None:
        self.cluster, self.order, self.needed, self.priority = cluster, order, needed, priority
        self.log: Path | None = None
        self.reports = self
        self.result: dict[str, Any] | None = None
        self.peer = ""  # who runs it, once somebody does
        self.before = ""  # who began it last
        self.key = ""

    def send(self, where: Node) -> None:
        """To a node, first or again."""
        self.cluster.cancel([self.key])
        self.where, self.peer, self.started = where, "", time.monotonic()
        asked = offered(self.needed, [each.resources for each in self.cluster.nodes()])
        self.key = self.cluster.submit(self.order, where, asked, self.priority)

    def new(self) -> list[dict[str, Any]]:
        """Reports since the last call."""
        events, found = self.cluster.events[self.key], []
        while events:
            event = events.popleft()
            if event["peer"] != self.peer:
                if self.before:
                    found.append({"mended": [f"{self.before} is gone: {event['peer']} takes over"]})
                self.peer = self.before = event["peer"]
                self.started = time.monotonic()
            found.append(event["report"])
        return found

    @property
    def seconds(self) -> float:
        """Since it was sent, or begun where it has."""
        return self.result.get("seconds", 0.0) if self.result else time.monotonic() - self.started

    def poll(self) -> int | None:
        """The exit code of its worker, None while it runs."""
        self.result = self.result or self.cluster.result(self.key)
        return None if self.result is None else self.result["code"]

    def last_lines(self, count: int) -> list[str]:
        """The last lines printed."""
        return self.result["lines"][-count:] if self.result else []

    @property
    def logged(self) -> bool:
        """Whether the log holds what was printed."""
        return self.log is not None

    def read(self) -> None:
        """Nothing: what it prints comes when it ends."""

    def close(self) -> None:
        """Writes what it printed to the log."""
        self.cluster.cancel([self.key])
        if self.result and self.log is not None:
            try:
                self.log.parent.mkdir(parents=True, exist_ok=True)
                self.log.write_bytes(self.result["log"])
            except OSError:  # a full disk: the last lines are still known
                self.log = None

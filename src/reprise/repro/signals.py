"""The signals that ask a run to end, or to pause."""

from __future__ import annotations

import signal
from types import FrameType
from typing import Any

NAMES = {signal.SIGINT: "Ctrl-C", signal.SIGTERM: "SIGTERM", signal.SIGHUP: "SIGHUP"}


class EndedError(Exception):
    """A signal asks for the end."""


class Signals:
    """Collects them while it is entered. What was ignored before (SIGHUP under nohup) stays so, but for Ctrl-C."""

    def __init__(self) -> None:
        self.received: list[int] = []
        self.pause = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Signals:
        for number in (*NAMES, signal.SIGTSTP):
            if number == signal.SIGINT or signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *exception: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number: int, _: FrameType | None) -> None:
        if number == signal.SIGTSTP:
            self.pause = True
        else:
            self.received.append(number)

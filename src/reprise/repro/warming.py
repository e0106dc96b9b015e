"""The process that stages are forked from (see `reprise.warm`), as long as a run lasts."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from reprise.repro.processes import environment
from reprise.warm import VARIABLE

LEAST = 3  # stages from which importing once is worth it
PATIENCE = 2.0  # s that it has to end


class Warm:
    """Starts the warm process where enough of the commands are stages; it ends with this one, however that ends.

    Args:
        commands: of all stages that are to run.
        scratch: a folder for its socket.
    """

    def __init__(self, commands: Iterable[str], scratch: Path) -> None:
        self.socket = scratch / "warm"
        self._process: subprocess.Popen[bytes] | None = None
        if sum("-m reprise.stages." in command for command in commands) >= LEAST:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "reprise.warm", str(self.socket)],
                # set before NumPy is imported there, as `reprise.stages` has it
                env=environment() | {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"},
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )

    @property
    def more(self) -> Mapping[str, str]:
        """Environment for stages; empty where there is no such process."""
        return {} if self._process is None else {VARIABLE: str(self.socket)}

    def close(self) -> None:
        """Ends it, and with it what was forked from it and still runs."""
        if self._process is None:
            return
        with suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

"""How far a stage is, told to whoever runs it: a line of JSON appended to the file that REPRISE_PROGRESS names.

``reprise repro`` sets that variable for each stage and shows what it reads there. Where it is not set nothing happens,
and nothing that goes wrong here fails a stage.
"""

from __future__ import annotations

import json
import os
from typing import Any

VARIABLE = "REPRISE_PROGRESS"


def report_epoch(seed: int, seeds: int, epoch: int, epochs: int) -> None:
    """Tells that an epoch has ended. To be called by one process of a training only.

    Args:
        seed, epoch: counted from 0, as training counts them; they are written from 1, as people do.
        seeds, epochs: how many of each there are to be; training may stop earlier.
    """
    _append(lambda: {"seed": int(seed) + 1, "seeds": int(seeds), "epoch": int(epoch) + 1, "epochs": int(epochs)})


def report_text(text: str) -> None:
    """Tells in a few words what is being done."""
    _append(lambda: {"text": str(text)})


def report_state(**state: Any) -> None:
    """For whoever runs stages: what stands between a stage and its start (a lock, say), and that it runs."""
    _append(lambda: state)


def _append(make: Any) -> None:
    path = os.environ.get(VARIABLE)
    if not path:
        return
    try:
        line = (json.dumps(make()) + "\n").encode()
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)  # never made anew: its reader may be gone
        try:
            os.write(handle, line)  # at once: several processes may write
        finally:
            os.close(handle)
    except Exception:  # a full disk, a file that is gone, a number that is none: progress is no result
        return

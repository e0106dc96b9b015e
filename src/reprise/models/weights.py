"""Weights that a user has in a file of their own: safetensors, or .npz without pickles. Nothing in them is run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

from reprise.files import one_line, shown

KINDS = (".safetensors", ".npz")


def find_weights(folder: Path) -> Path | None:
    """The one file of weights in a folder; None where there is none.

    Raises:
        ValueError: there are several, so that nobody can say which is meant.
    """
    found = sorted(path for path in folder.glob("*") if path.suffix in KINDS) if folder.is_dir() else []
    if len(found) > 1:
        names = ", ".join(shown(path.name) for path in found)
        raise ValueError(f"{shown(folder)}: {len(found)} files of weights ({names}); leave the one that is meant")
    return found[0] if found else None


def read_weights(path: Path) -> dict[str, Tensor]:
    """Every array of a file by its name, as float32.

    Raises:
        ValueError: it is no such file, is damaged, or holds what are no finite numbers.
        OSError: it cannot be opened.
    """
    if path.suffix not in KINDS:
        raise ValueError(f"{shown(path)}: expected {' or '.join(KINDS)}; others may run what is in them")
    try:
        if path.suffix == ".npz":
            with np.load(path, allow_pickle=False) as archive:
                found = {name: torch.from_numpy(np.asarray(archive[name], np.float32)) for name in archive.files}
        else:
            found = {name: tensor.float() for name, tensor in load_file(path).items()}
    except OSError:
        raise
    except Exception as error:  # zipfile, NumPy and safetensors each raise their own
        raise ValueError(f"{shown(path)}: cannot be read ({one_line(error)})") from None
    broken = sorted(name for name, tensor in found.items() if not torch.isfinite(tensor).all())
    if broken:
        raise ValueError(f"{shown(path)}: {', '.join(map(shown, broken[:4]))}: numbers that are not finite")
    return found

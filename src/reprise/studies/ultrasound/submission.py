"""Kaggle's submission file from a variant's test predictions (claim 79)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from reprise.data.submission import postprocess, write_submission
from reprise.data.ultrasound import SIZE, load
from reprise.files import shown
from reprise.runs import Run
from reprise.workspace import Workspace


def submit(workspace: Workspace, variant: str, out: Path) -> str:
    """Averages a trained variant's seeds on its test frames, post-processes and writes the file.

    Returns:
        A line that says what was written.

    Raises:
        ConfigError: there is no such variant.
        FileNotFoundError: it has not been trained.
    """
    workspace.settings(variant)
    prepared, run = load(workspace.prepared("ultrasound")), Run.of(workspace, variant)
    index, (probability,) = run.common("test/index"), run.arrays("test/probability")
    heads = run.arrays("test/has_mask_logit")[0] if run.has("test/has_mask_logit") else None
    has_mask = None if heads is None else (1 / (1 + np.exp(-heads.astype(np.float64)))).mean(axis=0)
    masks = postprocess(probability.astype(np.float32).mean(axis=0), has_mask, prepared.size)
    write_submission(out, [str(name) for name in prepared.names[index]], masks)
    return f"{shown(out)}: {len(masks)} test frames ({workspace.source}), {int(masks.any((1, 2)).sum())} with a mask"


def frame_size(workspace: Workspace) -> tuple[int, int]:
    """Height and width of the frames that are prepared here, or of Kaggle's where none are."""
    path = workspace.prepared("ultrasound")
    return load(path).size if path.is_file() else SIZE

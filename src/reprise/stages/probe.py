"""``python -m reprise.stages.probe STUDY VARIANT``: asks a variant's trained networks; nothing is trained."""

from __future__ import annotations

import shutil
import sys

import numpy as np

from reprise.files import write_json, write_npz
from reprise.networks import load_networks
from reprise.registry import import_part
from reprise.stages.running import stage
from reprise.workspace import Workspace


def probe(workspace: Workspace, variant: str, first: int = 0) -> None:
    """Writes answers.npz, seeds along the first axis, and what was asked with, for the block from seed ``first`` on."""
    workspace.settings(variant)
    asked = import_part(workspace.study, "probe").probe
    out = workspace.probe(variant, first)
    shutil.rmtree(out, ignore_errors=True)
    answers = [asked(network, workspace) for network in load_networks(workspace, variant, first=first)]
    write_npz(out / "answers.npz", **{name: np.stack([each[name] for each in answers]) for name in answers[0]})
    settings = getattr(workspace.config, "probe", None)
    write_json(out / "probe.json", {"settings": settings.model_dump(mode="json") if settings is not None else {}})


if __name__ == "__main__":
    with stage("probe", *sys.argv[1:]):
        probe(Workspace(sys.argv[1]), sys.argv[2])

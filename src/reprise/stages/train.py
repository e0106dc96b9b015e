"""``python -m reprise.stages.train STUDY VARIANT``: trains all seeds of one variant, resuming what was killed."""

from __future__ import annotations

import importlib
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from reprise.closure import code_digest
from reprise.files import leads
from reprise.loop import Listener
from reprise.networks import start_weights
from reprise.progress import report_epoch
from reprise.registry import import_part
from reprise.stages.running import stage
from reprise.training import train_variant, training_key
from reprise.workspace import Workspace


def train(workspace: Workspace, variant: str, first: int = 0, count: int | None = None) -> None:
    """Writes a variant's run for the seeds from ``first`` on; progress goes to the terminal and to MLflow.

    Args:
        workspace: of the study.
        variant: its name.
        first: seed of the block.
        count: seeds in it; as many as the study's parameters say.
    """
    settings = workspace.settings(variant)
    study, start = import_part(workspace.study, "train"), settings.start
    seeds = range(first, first + (count or workspace.config.seeds))
    out, kept = workspace.run(variant, first), workspace.checkpoints(variant, first)
    if leads():
        shutil.rmtree(out, ignore_errors=True)
    # By name, which `reprise.closure` does not follow: MLflow only watches, so a change of how it is written must not
    # train everything again.
    track_training = importlib.import_module("reprise.tracking").track_training
    with track_training(workspace, variant, settings) as listener:

        def heard(seed: int) -> Listener:
            inner = listener(seed) if listener else None

            def told(epoch: int, metrics: dict[str, float]) -> None:
                report_epoch(seed, seeds.stop, epoch, settings.epochs)
                if inner is not None:
                    inner(epoch, metrics)

            return told

        train_variant(
            study,
            settings,
            seeds,
            lambda seed: study.data(workspace, settings, seed),
            workspace.params.training,
            out,
            kept,
            listener=heard,
            progress=sys.stderr.isatty(),
            code=_code(workspace),
            start=None if start is None else lambda seed: start_weights(workspace, start, seed),
        )
    if leads():
        shutil.rmtree(kept, ignore_errors=True)


def training_keys(workspace: Workspace, variant: str, seeds: Sequence[int]) -> list[str]:
    """For each seed a digest of all that its training depends on: where it is the same, so are the networks."""
    settings, study, code = workspace.settings(variant), import_part(workspace.study, "train"), _code(workspace)
    return [
        training_key(
            settings,
            workspace.params.training,
            study.data(workspace, settings, seed),
            code,
            None if settings.start is None else start_weights(workspace, settings.start, seed),
        )
        for seed in seeds
    ]


def _code(workspace: Workspace) -> str:
    return code_digest(["reprise.training", f"reprise.studies.{workspace.study}.train"], Path(__file__).parents[2])


if __name__ == "__main__":
    with stage("train", *sys.argv[1:]):
        train(Workspace(sys.argv[1]), sys.argv[2])

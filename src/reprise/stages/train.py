"""``python -m reprise.stages.train STUDY VARIANT``: trains all seeds of one variant, resuming what was killed."""

from __future__ import annotations

import importlib
import shutil
import sys
from pathlib import Path

from reprise.closure import code_digest
from reprise.loop import Listener
from reprise.networks import load_weights
from reprise.progress import report_epoch
from reprise.registry import import_part
from reprise.stages.running import stage
from reprise.training import train_variant
from reprise.workspace import Workspace


def train(workspace: Workspace, variant: str) -> None:
    """Writes ``data/runs/STUDY/VARIANT/``; progress goes to the terminal and to MLflow."""
    settings = workspace.settings(variant)
    study, config = import_part(workspace.study, "train"), workspace.config
    out, start = workspace.run(variant), settings.start
    shutil.rmtree(out, ignore_errors=True)
    # By name, which `reprise.closure` does not follow: MLflow only watches, so a change of how it is written must not
    # train everything again.
    track_training = importlib.import_module("reprise.tracking").track_training
    with track_training(workspace, variant, settings) as listener:

        def heard(seed: int) -> Listener:
            inner = listener(seed) if listener else None

            def told(epoch: int, metrics: dict[str, float]) -> None:
                report_epoch(seed, config.seeds, epoch, settings.epochs)
                if inner is not None:
                    inner(epoch, metrics)

            return told

        train_variant(
            study,
            settings,
            config.seeds,
            lambda seed: study.data(workspace, settings, seed),
            workspace.params.training,
            out,
            workspace.checkpoints(variant),
            listener=heard,
            progress=sys.stderr.isatty(),
            code=code_digest(
                ["reprise.training", f"reprise.studies.{workspace.study}.train"], Path(__file__).parents[2]
            ),
            start=None if start is None else lambda seed: load_weights(workspace.run(start), seed),
        )


if __name__ == "__main__":
    with stage("train", *sys.argv[1:]):
        train(Workspace(sys.argv[1]), sys.argv[2])

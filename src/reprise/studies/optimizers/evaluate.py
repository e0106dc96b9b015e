"""Claim 23: four optimizers over many learning rates, with dropout and without."""

from __future__ import annotations

import torch
from threadpoolctl import threadpool_limits

from reprise.claims.declarations import Declarations
from reprise.claims.evidence import Evidence, Metric
from reprise.studies.optimizers import alone, curves, figures
from reprise.studies.optimizers.settings import Config
from reprise.sweeps import read_sweep
from reprise.workspace import Workspace

COLUMNS = ("optimizer", "learning_rate", "dropout", "seed", "step", "test_accuracy", "diverged", "classes")


@threadpool_limits.wrap(limits=1)
def evaluate(workspace: Workspace, declared: Declarations) -> Evidence:
    """Reads the sweep's parts as one table."""
    torch.set_num_threads(1)
    config: Config = workspace.config
    sweep = read_sweep(workspace, *COLUMNS)
    kinds, grid = curves.read(sweep), config.grid
    return Evidence(
        data=f"{workspace.source} {grid.images}, {grid.examples} training images seen once, {grid.tested} test images, "
        f"{28 // grid.shrink} x {28 // grid.shrink}",
        findings=[*alone.findings(), *curves.findings(kinds)],
        metrics={
            f"best_accuracy.{part}": Metric.over_seeds(
                (each := kinds[settings.optimizer, settings.dropout]).values[each.best], "higher"
            )
            for part, settings in config.parts.items()
        },
        tables=[curves.table(kinds)],
        figures=[figures.draw_rates(workspace.evidence / "figures", kinds, 1 / sweep.columns["classes"][0])],
        cost={"networks": sum(each.values.size for each in kinds.values()), "steps": grid.examples // grid.batch},
    )

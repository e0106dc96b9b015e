"""Claims 42-44: the maxout function, networks of it, and what it resembles."""

from __future__ import annotations

import torch
from threadpoolctl import threadpool_limits

from reprise.claims.declarations import Declarations
from reprise.claims.evidence import Evidence, Metric
from reprise.studies.maxout import exact, figures, trained
from reprise.studies.maxout.settings import Learning
from reprise.sweeps import read_sweep
from reprise.workspace import Workspace

COLUMNS = ("kind", "units", "seed", "parameters", "loss", "test_accuracy")


@threadpool_limits.wrap(limits=1)
def evaluate(workspace: Workspace, declared: Declarations) -> Evidence:
    """Measures what can be computed; what was trained comes from the sweep."""
    torch.set_num_threads(1)
    config: Learning = workspace.config.learning
    sweep = read_sweep(workspace, *COLUMNS)
    return Evidence(
        data=f"{workspace.source} digits, {config.examples} training and {config.tested} test images of "
        f"{28 // config.shrink} x {28 // config.shrink}, for claim 43; the rest is exact",
        findings=[*exact.findings(declared), *trained.findings(sweep, config)],
        metrics={
            f"{kind}_error": Metric.over_seeds(trained.error(sweep, kind, "maxout"), "lower") for kind in trained.KINDS
        },
        tables=[trained.table(sweep)],
        figures=[figures.draw_convex(workspace.evidence / "figures")],
        cost={"networks": len(sweep), "epochs": config.epochs},
    )

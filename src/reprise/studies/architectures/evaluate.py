"""Claims 114-120: the networks that every overview lists, counted; and what a residual block does with zero weights."""

from __future__ import annotations

import torch

from reprise.claims.declarations import Declarations
from reprise.claims.evidence import Evidence, Metric
from reprise.studies.architectures import counting, figures, others, pattern, residual, sizes
from reprise.studies.architectures.settings import Config
from reprise.workspace import Workspace


def evaluate(workspace: Workspace, declared: Declarations) -> Evidence:
    """Measures claims 115-118, checks what 119 names, and gives context to 114 and 120."""
    config: Config = workspace.config
    folder = workspace.evidence / "figures"
    torch.set_num_threads(1)  # threads cost more than they give on networks so small
    counted = counting.count_all()
    identity = residual.silenced(config.images)
    trained = pattern.train(config.pattern)
    per_seed = trained.network.mean(axis=1)
    figures.draw_costs(folder, counted)
    figures.draw_shares(folder, counted)
    return Evidence(
        data=f"none for the counts; {config.images} random images for the identity; scikit-learn's digits "
        f"(1,797 images of 8×8, {config.pattern.test_images} for testing) for the general pattern",
        findings=[
            *sizes.findings(declared, counted),
            *residual.findings(declared[118], identity),
            *others.findings(counted),
            *pattern.findings(trained),
        ],
        metrics={
            "sizes_that_match": Metric(counting.matching(counted), "equal", n=len(counted)),
            "digits_accuracy": Metric(trained.network.mean(), "higher", per_seed.std(ddof=1), len(per_seed)),
        },
        tables=[counting.table(counted)],
        figures=figures.FIGURES,
        cost={
            "trained_parameters": trained.parameters,
            "runs": config.pattern.seeds,
            "epochs": config.pattern.epochs,
        },
    )

"""Claims 18-22, 152 and 191-194: what dropout does."""

from __future__ import annotations

import torch
from threadpoolctl import threadpool_limits

from reprise.claims.declarations import Declarations
from reprise.claims.evidence import Evidence, Metric
from reprise.data.handwritten import words
from reprise.studies.thinned import figures, forms, overfitting, updates
from reprise.studies.thinned.settings import Config
from reprise.sweeps import read_sweep
from reprise.workspace import Workspace

COLUMNS = (
    "cell", "seed", "images", "train", "test", "rise", "lost_quarter", "lost_half", "lost_most", "correlation",
    "silent", "scaled", "average", "agree", "apart", "geometric",
)  # fmt: skip


@threadpool_limits.wrap(limits=1)
def evaluate(workspace: Workspace, declared: Declarations) -> Evidence:
    """Measures what can be computed; what was trained comes from the sweep."""
    torch.set_num_threads(1)
    config: Config = workspace.config
    sweep = read_sweep(workspace, *COLUMNS)
    shares, images = updates.measure(config), words(workspace.source)
    folder = workspace.evidence / "figures"
    return Evidence(
        data=f"{images} (real images) for claims 192-194, {config.learning.seeds} splits with {config.learning.tested} "
        f"test images each; random layers for claims 21 and 22; the rest is exact",
        findings=[
            *forms.findings(declared),
            *updates.findings(declared, shares),
            *overfitting.findings(declared, sweep, config.learning),
        ],
        metrics={
            "share_updated": Metric.over_seeds(shares.all, "equal"),
            "gap_with_dropout": Metric.over_seeds(overfitting.gap(sweep, "few_dropped"), "lower"),
        },
        tables=[forms.table(), overfitting.table(sweep, config.learning, images)],
        figures=[
            figures.draw_updates(folder),
            figures.draw_gaps(folder, sweep, images),
            figures.draw_ensemble(folder, sweep),
        ],
        cost={"networks": len(sweep), "steps": config.learning.steps},
    )

"""Claims 175-183: what activations do."""

from __future__ import annotations

import torch
from threadpoolctl import threadpool_limits

from reprise.claims.declarations import Declarations
from reprise.claims.evidence import Evidence, Metric
from reprise.data.handwritten import words
from reprise.studies.activations import curves, depth, figures, trained
from reprise.studies.activations.settings import Config
from reprise.sweeps import read_sweep
from reprise.workspace import Workspace

SHOWN = ("sigmoid", "tanh", "rectifier", "leaky", "parametric", "exponential", "softplus", "maxout")
COLUMNS = ("kind", "activation", "learning_rate", "seed", "images", "loss", "test_accuracy", "silent", "dead")


@threadpool_limits.wrap(limits=1)
def evaluate(workspace: Workspace, declared: Declarations) -> Evidence:
    """Measures what can be computed; what was trained comes from the sweep."""
    torch.set_num_threads(1)
    config: Config = workspace.config
    sweep, images = read_sweep(workspace, *COLUMNS), words(workspace.source)
    norms = depth.norms(config.networks)
    kinds = {name: trained.best(sweep, name) for name in SHOWN}
    folder = workspace.evidence / "figures"
    return Evidence(
        data=f"{images} (real images, {config.learning.examples} of training and {config.learning.tested} of test for "
        f"each of {config.learning.seeds} seeds) for claims 179, 181 and 182; "
        f"{config.networks} random networks for claim 177; the rest is exact",
        findings=[
            *curves.findings(declared),
            *depth.findings(declared[177], norms),
            *trained.findings(declared, sweep, kinds, config.learning),
        ],
        metrics={
            "rectifier_accuracy": Metric.over_seeds(kinds["rectifier"].accuracy, "higher"),
            "sigmoid_accuracy": Metric.over_seeds(kinds["sigmoid"].accuracy, "higher"),
        },
        tables=[trained.table(kinds, images)],
        figures=[
            figures.draw_curves(folder),
            figures.draw_depth(folder, norms),
            figures.draw_rates(folder, kinds, images),
        ],
        cost={"networks": len(sweep), "steps": config.learning.steps},
    )

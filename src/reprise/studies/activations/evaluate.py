"""Claims 175-183: what activations do."""

from __future__ import annotations

import torch
from threadpoolctl import threadpool_limits

from reprise.claims.declarations import Declarations
from reprise.claims.evidence import Evidence, Metric
from reprise.studies.activations import curves, depth, figures, trained
from reprise.studies.activations.settings import Config
from reprise.sweeps import read_sweep
from reprise.workspace import Workspace

SHOWN = ("sigmoid", "tanh", "rectifier", "leaky", "parametric", "exponential", "softplus", "maxout")
COLUMNS = ("kind", "activation", "learning_rate", "seed", "loss", "test_accuracy", "silent", "dead")


@threadpool_limits.wrap(limits=1)
def evaluate(workspace: Workspace, declared: Declarations) -> Evidence:
    """Measures what can be computed; what was trained comes from the sweep."""
    torch.set_num_threads(1)
    config: Config = workspace.config
    sweep = read_sweep(workspace, *COLUMNS)
    norms = depth.norms(config.networks)
    kinds = {name: trained.best(sweep, name) for name in (*SHOWN, "0", "0.5", "1")}
    shown = {name: kinds[name] for name in SHOWN}
    folder = workspace.evidence / "figures"
    return Evidence(
        data="scikit-learn's handwritten digits (1,797 real images of 8 x 8) for claims 179, 181 and 182; "
        f"{config.networks} random networks for claim 177; the rest is exact",
        findings=[
            *curves.findings(declared),
            *depth.findings(declared[177], norms),
            *trained.findings(declared, sweep, kinds),
        ],
        metrics={
            "rectifier_accuracy": Metric.over_seeds(kinds["rectifier"].accuracy, "higher"),
            "sigmoid_accuracy": Metric.over_seeds(kinds["sigmoid"].accuracy, "higher"),
        },
        tables=[trained.table(kinds)],
        figures=[
            figures.draw_curves(folder),
            figures.draw_depth(folder, norms),
            figures.draw_rates(folder, shown),
        ],
        cost={"networks": len(sweep), "steps": config.learning.steps},
    )

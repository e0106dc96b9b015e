"""Claims 162 and 184-190: what batch norm does."""

from __future__ import annotations

import torch
from threadpoolctl import threadpool_limits

from reprise.claims.declarations import Declarations
from reprise.claims.evidence import Evidence, Metric
from reprise.data.handwritten import words
from reprise.studies.normed import exact, figures, trained
from reprise.studies.normed.settings import Config
from reprise.sweeps import read_sweep
from reprise.workspace import Workspace

KINDS = [
    (activation, place) for activation in ("rectifier", "sigmoid", "tanh") for place in ("none", "before", "after")
]
COLUMNS = (
    "kind", "activation", "place", "learning_rate", "seed", "images", "loss", "test_accuracy", "drift", "drift_moving",
    "train_accuracy", "gamma_off", "beta_off",
)  # fmt: skip


@threadpool_limits.wrap(limits=1)
def evaluate(workspace: Workspace, declared: Declarations) -> Evidence:
    """Measures what can be computed; what was trained comes from the sweep."""
    torch.set_num_threads(1)
    config: Config = workspace.config
    sweep, images = read_sweep(workspace, *COLUMNS), words(workspace.source)
    kinds = {pair: trained.kind(sweep, *pair) for pair in KINDS}
    return Evidence(
        data=f"{images} (real images, {config.learning.examples} of training and {config.learning.tested} of test) for "
        "claims 162, 188 and 189, and beside 184; the others are exact, on random feature maps of 8 x 14 x 14 x 128",
        findings=[*exact.findings(declared), *trained.findings(declared, sweep, kinds, config.learning)],
        metrics={
            "accuracy_before": Metric.over_seeds(kinds["rectifier", "before"].accuracy, "higher"),
            "accuracy_without": Metric.over_seeds(kinds["rectifier", "none"].accuracy, "higher"),
        },
        tables=[trained.table(kinds, images)],
        figures=[figures.draw_rates(workspace.evidence / "figures", kinds, images)],
        cost={"networks": len(sweep), "steps": config.learning.steps},
    )

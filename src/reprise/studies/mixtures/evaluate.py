"""Claims 1 and 2: EM for Gaussian mixtures, and how much hangs on its start."""

from __future__ import annotations

import numpy as np

from reprise.claims.declarations import Declarations
from reprise.claims.evidence import Evidence, Metric
from reprise.studies.mixtures import figures, parity, starts
from reprise.studies.mixtures.settings import Config
from reprise.studies.mixtures.source_code import POINTS
from reprise.workspace import Workspace


def evaluate(workspace: Workspace, declared: Declarations) -> Evidence:
    """Runs the source's EM from many starts, ours beside scikit-learn's, and draws both."""
    config: Config = workspace.config
    rows = starts.run_starts(config)
    steps = parity.compare_steps(config)
    fits = parity.compare_fits(config)
    first, *_, last = parity.DIMENSIONS
    return Evidence(
        data=f"generated: the source's two classes of {POINTS[0]} and {POINTS[1]} points in the "
        f"plane, drawn anew for each of {config.runs} starts; for parity, three clusters of 200 points in "
        f"{first} to {last} dimensions",
        findings=[
            *parity.findings(declared[1], config, steps, fits),
            parity.stated_covariance(config),
            *starts.findings(declared[2], config, rows),
        ],
        metrics={
            "sklearn_parity": Metric(float(np.mean(steps.gaps <= 1e-10)), "equal", n=len(steps.gaps)),
            "accuracy": Metric.over_seeds(fits.ours, "higher"),
            "success_published": Metric(rows[0].success.value, "equal", n=config.runs),
            "success_corrected": Metric(rows[-1].success.value, "higher", n=config.runs),
        },
        tables=[starts.table(config, rows)],
        figures=figures.draw(workspace.evidence / "figures", rows, config.runs, parity.GOOD),
        cost={"iterations_a_run": config.long_iterations, "runs": config.runs},
    )

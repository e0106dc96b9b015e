"""Claims 143-151: activations and their slopes, the cost, losses for regression and for classification."""

from __future__ import annotations

from threadpoolctl import threadpool_limits

from reprise.claims.declarations import Declarations
from reprise.claims.evidence import Evidence
from reprise.studies.losses import classification, curves, dying, figures, lines, minimisers, saturation, zigzag
from reprise.studies.losses.settings import Config
from reprise.workspace import Workspace


@threadpool_limits.wrap(limits=1, user_api="blas")  # small matrices: threads only wait for each other
def evaluate(workspace: Workspace, declared: Declarations) -> Evidence:
    """Measures and draws; torch is not needed."""
    config: Config = workspace.config
    compared = zigzag.compare(config)
    revival = dying.revive(config)
    errors = lines.slope_errors(config)
    folder = workspace.evidence / "figures"
    return Evidence(
        data=f"generated: {config.repetitions} random problems each for the zig-zag and the line fits "
        f"({config.points} points, {config.outliers:.0%} outliers), {config.units} dead units",
        findings=[
            *curves.findings(),
            *zigzag.findings(declared[143], compared),
            *saturation.findings(declared[144]),
            *dying.findings(declared[145], config, revival),
            *minimisers.findings(),
            *lines.findings(declared[147], config, errors),
            *classification.entropy_findings(),
            *classification.hinge_findings(declared[150]),
        ],
        metrics=zigzag.metrics(compared) | dying.metrics(config, revival) | lines.metrics(config, errors),
        tables=[lines.table(config, errors)],
        figures=[
            figures.activations(folder),
            figures.paths(folder, zigzag.drawn_paths()),
            figures.deaths(folder, revival.losses),
            figures.regression(folder, lines.points(0, config, "at one end"), lines.FITS),
        ],
    )

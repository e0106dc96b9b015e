"""Claims 159-161, 163, 164: the size of the first weights, optimizers' settings, and how rare random minima are."""

from __future__ import annotations

from threadpoolctl import threadpool_limits

from reprise.claims.declarations import Declarations
from reprise.claims.evidence import Evidence, Metric
from reprise.studies.initialisation import figures, hyperparameters, identity, minima, signals, sizes, xavier
from reprise.studies.initialisation.settings import Config
from reprise.workspace import Workspace


@threadpool_limits.wrap(limits=1, user_api="blas")  # small matrices: threads only wait for each other
def evaluate(workspace: Workspace, declared: Declarations) -> Evidence:
    """Measures and draws. Only the check of torch's defaults imports torch."""
    config: Config = workspace.config
    measured = signals.measure(config)
    eigenvalues, descents = minima.least_eigenvalues(config), minima.descents(config)
    defaults = hyperparameters.library_defaults()
    share = float((eigenvalues[4] > 0).mean())
    return Evidence(
        data=f"generated: {config.seeds} random networks of each kind, {config.depth} layers of {config.width} units, "
        f"{config.examples} normal inputs; {config.hessians} random Hessians of each dimension; "
        f"{config.descents} descents in the largest networks that learn the exclusive or",
        findings=[
            *sizes.findings(declared[159], config, measured),
            *identity.findings(declared[160], config),
            *xavier.findings(declared[161], config, measured),
            *hyperparameters.findings(defaults),
            *minima.findings(declared[164], config, eigenvalues, descents),
        ],
        metrics={
            "he_factor": Metric.over_seeds(signals.factor(measured["ReLU", "He"]["moments"]), "equal"),
            "minima_share_4": Metric(share, "equal", n=config.hessians),
        },
        tables=[hyperparameters.table(defaults)],
        figures=figures.draw(workspace.evidence / "figures", config, measured, eigenvalues, descents),
    )

"""Claims 155-158: penalties pull minimisers towards zero; scaled features shorten the way to them."""

from __future__ import annotations

from threadpoolctl import threadpool_limits

from reprise.claims.declarations import Declarations
from reprise.claims.evidence import Evidence, Metric
from reprise.studies.regularisation import elastic, figures, lesson, overfitting, penalties, scaling, transforms
from reprise.studies.regularisation.settings import Config
from reprise.workspace import Workspace

SHOWN = 5.0  # scale of the drawn example


@threadpool_limits.wrap(limits=1, user_api="blas")  # small matrices: threads only wait for each other
def evaluate(workspace: Workspace, declared: Declarations) -> Evidence:
    """Measures and draws; torch is not needed."""
    config: Config = workspace.config
    curves = penalties.minimisers()
    errors = overfitting.fit_errors(config)
    X, y = elastic.diabetes()
    gaps = elastic.gaps_to_sklearn(X, y)
    compared = scaling.compare_descents(config)
    transformed = transforms.transform()
    raw, target = scaling.problem(0, SHOWN)
    drawn = [scaling.descend(features, target)[:2] for features in (raw, lesson.z_score(raw))]
    folder = workspace.evidence / "figures"
    return Evidence(
        data=f"generated: {config.repetitions} regression problems each; scikit-learn's diabetes data (442 x 10) for "
        "the coefficient paths",
        findings=[
            *penalties.findings(declared[155], curves),
            *overfitting.findings(config, errors),
            *elastic.findings(X, y, gaps),
            *scaling.findings(declared[157], config, compared),
            *transforms.findings(declared[158], transformed),
        ],
        metrics={
            "elastic_net_gap": Metric(max(gaps), "lower", n=len(gaps)),
            "scaling_log10": Metric.over_seeds(compared.ratios, "higher"),
        },
        tables=[transforms.table(transformed)],
        figures=[
            figures.minimisers(folder, config, penalties.STRENGTHS, curves, overfitting.RIDGE, errors.medians),
            figures.coefficients(folder, elastic.ALPHAS, elastic.coefficient_paths(X, y)),
            figures.descents(folder, SHOWN, drawn),
        ],
    )

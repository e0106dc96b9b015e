"""Claims 106-113: convolution, padding, pooling and the ways back, with the sizes that come out of each."""

from __future__ import annotations

from threadpoolctl import threadpool_limits

from reprise.claims.declarations import Declarations
from reprise.claims.evidence import Evidence, Metric
from reprise.studies.convolution import comparison, figures, layers, pooling, transposed, unpooling
from reprise.studies.convolution.settings import Config
from reprise.workspace import Workspace


@threadpool_limits.wrap(limits=1)  # threads cost more than they give on matrices so small
def evaluate(workspace: Workspace, declared: Declarations) -> Evidence:
    """Measures claims 106-113."""
    import torch

    torch.set_num_threads(1)
    config: Config = workspace.config
    geometries = comparison.geometries(config.grid)
    sizes = comparison.compare_sizes(geometries)
    gaps = comparison.compare_values(geometries, config.cases)
    contrasts = pooling.contrasts(config)
    corrected = (sizes.right & sizes.back_right).mean()
    folder = workspace.evidence / "figures"
    return Evidence(
        data=f"generated: {len(geometries)} geometries, {config.cases} random tensors, {config.edges} edges and lines; "
        "one digit of scikit-learn for a figure",
        findings=[
            *layers.findings(declared, gaps, sizes),
            *transposed.findings(declared[109], gaps, sizes, transposed.way_back(config.cases)),
            *pooling.findings(declared, contrasts),
            *unpooling.findings(unpooling.unpool()),
        ],
        metrics={
            "transposed_formula_right": Metric(float(sizes.written_right.mean()), "equal", n=len(geometries)),
            "corrected_formulas_right": Metric(float(corrected), "equal", n=len(geometries)),
            **pooling.metrics(contrasts),
        },
        tables=[transposed.stride_table(sizes)],
        figures=[
            figures.padding(folder),
            figures.sizes(folder, sizes),
            figures.way_back(folder, transposed.there_and_back()),
            figures.pooling(folder, contrasts),
            figures.unpooling(folder),
        ],
        cost={"geometries": len(geometries), "trained_parameters": 0},
    )

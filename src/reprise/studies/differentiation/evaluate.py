"""Claims 13-17 and 142: how programs are differentiated, what each way costs, and the sources' worked graphs."""

from __future__ import annotations

from reprise.claims.declarations import Declarations
from reprise.claims.evidence import Evidence
from reprise.studies.differentiation import accuracy, costs, directions, examples, figures, registered, routes
from reprise.studies.differentiation.lesson.automatic import record
from reprise.studies.differentiation.programs import squared
from reprise.studies.differentiation.published import GRAPH
from reprise.studies.differentiation.settings import Config
from reprise.workspace import Workspace


def evaluate(workspace: Workspace, declared: Declarations) -> Evidence:
    """Measures and draws; torch is not needed."""
    config: Config = workspace.config
    errors = accuracy.measure(config)
    formula, tape = costs.swell(config.iterations)
    by_inputs, by_outputs = costs.costs_by_inputs(config), costs.costs_by_outputs(config)
    path = examples.descend(config.steps)
    folder = workspace.evidence / "figures"
    return Evidence(
        data=f"generated: {config.points} random points of a three-input function; the sources' own worked examples",
        findings=[
            costs.swell_finding(declared[13], config, formula, tape),
            *accuracy.findings(config, errors),
            *directions.findings(declared[14], config, by_inputs, by_outputs),
            *registered.findings(declared[15]),
            *routes.findings(declared[16], config),
            *examples.gradient_findings(declared[17]),
            *examples.graph_findings(declared[142], config, path),
        ],
        metrics=accuracy.metrics(config, errors) | directions.metrics(by_inputs),
        tables=[accuracy.table(config, errors), directions.step_table()],
        figures=[
            figures.steps(folder, config, accuracy.STEPS, errors.steps, errors.automatic),
            figures.costs(folder, config, {"inputs": by_inputs, "outputs": by_outputs}, formula, tape),
            figures.graph(folder, config, record(squared, [GRAPH["x"]]), path),
        ],
    )

"""Claims 13-17 and 142: how programs are differentiated, what each way costs, and the sources' worked graphs."""

from __future__ import annotations

from reprise.claims.evidence import Evidence
from reprise.studies.differentiation import accuracy, costs, directions, examples, figures, registered, routes
from reprise.studies.differentiation.lesson.automatic import record
from reprise.studies.differentiation.programs import squared
from reprise.studies.differentiation.published import GRAPH
from reprise.studies.differentiation.settings import Config
from reprise.workspace import Workspace


def evaluate(workspace: Workspace) -> Evidence:
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
            *accuracy.findings(config, errors),
            costs.swell_finding(config, formula, tape),
            *directions.findings(config, by_inputs, by_outputs),
            *registered.findings(),
            *routes.findings(config),
            *examples.gradient_findings(),
            *examples.graph_findings(config, path),
        ],
        metrics=accuracy.metrics(config, errors) | directions.metrics(by_inputs),
        tables=[accuracy.table(config, errors), directions.step_table()],
        figures=[
            figures.steps(folder, config, accuracy.STEPS, errors.steps, errors.automatic),
            figures.costs(folder, config, {"inputs": by_inputs, "outputs": by_outputs}, formula, tape),
            figures.graph(folder, config, record(squared, [GRAPH["x"]]), path),
        ],
    )

"""Claim 141: a network with one hidden layer separates what no line separates, and fits curves too."""

from __future__ import annotations

from reprise.claims.declarations import Declarations
from reprise.claims.evidence import Evidence
from reprise.studies.shallow import classification, figures, lesson, regression
from reprise.studies.shallow.settings import Config
from reprise.workspace import Workspace


def evaluate(workspace: Workspace, declared: Declarations) -> Evidence:
    """Trains (seconds, NumPy), measures and draws."""
    config: Config = workspace.config
    found = {name: classification.classify(name, config) for name in lesson.SETS}
    folder = workspace.evidence / "figures"
    return Evidence(
        data=f"generated: four 2-D sets, {config.points} training and {10 * config.points} test points, "
        f"{config.seeds} seeds",
        findings=[*classification.findings(declared[141], config, found), *regression.findings(config)],
        metrics=classification.metrics(found),
        tables=[classification.table(config, found)],
        figures=[figures.maps(folder, config, found), figures.widths(folder, config, found)],
    )

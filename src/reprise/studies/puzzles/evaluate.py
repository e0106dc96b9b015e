"""Claims 88 to 94: six puzzles from a blog, each checked by running it."""

from __future__ import annotations

from reprise.claims.evidence import Evidence
from reprise.studies.puzzles import counting, nature
from reprise.studies.puzzles.settings import Config
from reprise.workspace import Workspace


def evaluate(workspace: Workspace) -> Evidence:
    """Gathers the six parts into one page."""
    config: Config = workspace.config
    folder = workspace.evidence / "figures"
    parts = [
        counting.shields(folder),
        nature.fitness(folder, config.seeds),
        counting.squares(folder, config.small_numbers),
        nature.kleiber(folder, config.replicates),
        nature.typing(folder, config.replicates),
        nature.hand_position(folder, config.trials),
    ]
    return Evidence(
        data="exact arithmetic; AnAge's 422 mammals with a measured metabolic rate; ten published heart rates; the 91 "
        "letters that the source typed; simulated typists for the hand's position",
        findings=[finding for part in parts for finding in part.findings],
        metrics={name: metric for part in parts for name, metric in part.metrics.items()},
        tables=[table for part in parts for table in part.tables],
        figures=[drawn for part in parts for drawn in part.figures],
        cost={"genetic_algorithm_seeds": config.seeds},
    )

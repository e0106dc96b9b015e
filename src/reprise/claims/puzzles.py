"""Claims 88 to 94: six puzzles from a blog, each checked by running it."""

from __future__ import annotations

from pydantic import Field

from reprise.claims import _puzzles_counting as counting
from reprise.claims import _puzzles_nature as nature
from reprise.claims.evidence import Evidence
from reprise.config import Strict
from reprise.workspace import Workspace


class Config(Strict):
    """What the study can turn."""

    seeds: int = Field(40, ge=20, description="runs of the genetic algorithm for each fitness")
    replicates: int = Field(10_000, ge=100, description="bootstrap samples, and random texts for the χ² test")
    trials: int = Field(4_000, ge=100, description="simulated hands for each number of key presses")
    small_numbers: int = Field(2_000, ge=100, description="the published count is checked on 0 .. this")


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
        title="Puzzles: shields, fitness, squares, heartbeats, keys",
        group="Puzzles",
        about=_ABOUT,
        data="exact arithmetic; AnAge's 422 mammals with a measured metabolic rate; ten published heart rates; the 91 "
        "letters that the source typed; simulated typists for the hand's position",
        findings=[finding for part in parts for finding in part.findings],
        metrics={name: metric for part in parts for name, metric in part.metrics.items()},
        tables=[table for part in parts for table in part.tables],
        figures=[drawn for part in parts for drawn in part.figures],
        cost={"genetic_algorithm_seeds": config.seeds},
    )


_ABOUT = """
Six small posts, each with a sentence that can be run.

**Shields.** Half the money for each is right in real numbers. In whole numbers, "round down" is not: the exact optimum
is one loop away, and the study compares the two over a grid of prices and budgets.

**The fitness trap.** Maximising 1/x does not minimise x. The source blames the missing derivative; a genetic algorithm
takes none. What it needs is a fitness that ranks candidates as the task does, kinks and jumps allowed.

**Double squares.** Each step of the ladder from all pairs to half the arc saves what it promises. Two more things are
worth knowing: the published loop runs past the diagonal and counts mirror images for small numbers, and number theory
needs no search at all.

**Kleiber's law.** An exponent from data is an interval. With whole orders of mammals resampled (relatives are not
independent), it does not tell 3/4 from 2/3. Beats in a lifetime hardly depend on mass, so heartbeats cannot also be
proportional to it.

**Typing.** The letters are not equally frequent, but their order is not the table's, and the little finger does all the
work in the test. Whether finger lengths reveal the hand's place is a proposal, simulated here under stated assumptions.
"""

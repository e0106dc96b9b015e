"""Claims 88 to 94: six puzzles from a blog, each checked by running it."""

from __future__ import annotations

from reprise.claims.declarations import Declarations
from reprise.claims.evidence import Evidence
from reprise.studies.puzzles import figures, fitness, hands, kleiber, letters, shields, squares
from reprise.studies.puzzles.lesson.typing import counts_by_word
from reprise.studies.puzzles.settings import Config
from reprise.workspace import Workspace


def evaluate(workspace: Workspace, declared: Declarations) -> Evidence:
    """Gathers the six puzzles into one page."""
    config: Config = workspace.config
    cases = shields.every_case()
    runs = fitness.evolve_all(config.seeds)
    counts = squares.count_all(config.small_numbers)
    exponents = kleiber.fit(config.replicates)
    words = counts_by_word()
    guesses = hands.simulate(words.sum(axis=0), config.trials)
    folder = workspace.evidence / "figures"
    return Evidence(
        data="exact arithmetic; AnAge's 422 mammals with a measured metabolic rate; ten published heart rates; the 91 "
        "letters that the source typed; simulated typists for the hand's position",
        findings=[
            *shields.findings(declared, cases, shields.every_case(shields.RICHER)),
            *fitness.findings(declared[90], runs),
            *squares.findings(declared[91], counts),
            *kleiber.findings(declared[92], exponents),
            *letters.findings(declared[93], words, config.replicates),
            *hands.findings(guesses),
        ],
        metrics={
            **shields.metrics(cases),
            **fitness.metrics(runs),
            **squares.metrics(counts),
            **kleiber.metrics(exponents),
            **letters.metrics(words, config.replicates),
        },
        tables=[squares.table(counts), kleiber.table(exponents)],
        figures=[
            figures.shields(folder, cases),
            figures.fitness(folder, runs),
            figures.squares(folder, counts),
            figures.kleiber(folder, exponents),
            figures.typing(folder, words.sum(axis=0)),
            figures.hands(folder, guesses),
        ],
        cost={"genetic_algorithm_seeds": config.seeds},
    )

"""Claim 165: what reused layers are worth, by the number of examples, and that they are what they are said to be."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from reprise.claims.evidence import Expect, Finding, Table, above, equals
from reprise.comparing.findings import difference
from reprise.runs import Probed, Run
from reprise.statistics import Effect, exact
from reprise.studies.transfer.settings import KINDS, SHOTS
from reprise.workspace import Workspace

FEWEST = SHOTS[0]


def findings(workspace: Workspace, runs: Mapping[str, Run]) -> list[Finding]:
    """Reused against trained from scratch: with the fewest examples as a test, with more as context."""
    found = [*_reused(workspace, runs)]
    for shots in SHOTS:
        scratch = runs[f"scratch_{shots}"]
        for kind in KINDS[1:]:
            run = runs[f"{kind}_{shots}"]
            fewest = shots == FEWEST
            found.append(
                Finding(
                    165,
                    f"Test accuracy on letters, {_words(run)} of each, `{run.name}` minus `{scratch.name}`",
                    difference(run, scratch, together=len(KINDS) - 1 if fewest else 1),
                    above(0) if fewest else Expect(),
                    "secondary" if fewest else "context",
                    note=f"{run.name} {run.correct.mean():.3f}, {scratch.name} {scratch.correct.mean():.3f}",
                    figures=("paying",),
                )
            )
    for kind in KINDS[1:]:
        pays = [shots for shots in SHOTS if _gain(runs, kind, shots).low > 0]
        found.append(
            Finding(
                165,
                f"Most examples of each letter with which `{kind}` is still surely better than from scratch",
                exact(max((runs[f"{kind}_{shots}"].settings["per_class"] for shots in pays), default=0), len(SHOTS)),
                note="0: with none; of the numbers that were tried, each by its own interval",
                figures=("paying",),
            )
        )
    return found


def _reused(workspace: Workspace, runs: Mapping[str, Run]) -> list[Finding]:
    moved = {
        kind: np.concatenate([Probed.of(workspace, f"{kind}_{shots}").arrays("moved")[0].ravel() for shots in SHOTS])
        for kind in KINDS[1:]
    }
    return [
        Finding(
            165,
            "Largest change of a weight below the last layer in frozen networks",
            exact(moved["frozen"].max(), len(moved["frozen"])),
            equals(0),
            "oracle",
            oracle="the weights of the network trained on digits",
        ),
        Finding(
            165,
            "Smallest such change in any network that was tuned",
            exact(moved["tuned"].min(), len(moved["tuned"])),
            above(0),
            "oracle",
            oracle="the weights of the network trained on digits",
        ),
    ]


def _gain(runs: Mapping[str, Run], kind: str, shots: int) -> Effect:
    return difference(runs[f"{kind}_{shots}"], runs[f"scratch_{shots}"])


def _words(run: Run) -> str:
    number = run.settings["per_class"]
    return "one" if number == 1 else str(number)


def table(runs: Mapping[str, Run]) -> Table:
    """Accuracy by kind and number of examples."""
    rows = []
    for shots in SHOTS:
        each = [runs[f"{kind}_{shots}"] for kind in KINDS]
        accuracies = [f"{run.correct.mean():.3f} ± {run.correct.mean(axis=1).std(ddof=1):.3f}" for run in each]
        rows.append((each[0].settings["per_class"], each[0].record["examples"]["train"], *accuracies))
    digits = runs["digits"]
    caption = (
        f"Test accuracy on letters, mean ± standard deviation over {digits.seeds} seeds, {len(each[0].labels):,} test "
        f"images. The first network knows {digits.correct.mean():.1%} of the test digits."
    )
    return Table("By number of examples", ("of each letter", "images", *KINDS), tuple(rows), caption)

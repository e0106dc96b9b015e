"""From tagging to instance masks: what claims 122-130 name and say, measured on one data set with one backbone."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from reprise.claims.declarations import Declarations
from reprise.claims.evidence import Evidence, Metric, Table
from reprise.comparing.tables import costs
from reprise.data.annotated import load
from reprise.published import read_published
from reprise.recorded import Times, read_times
from reprise.runs import Probed, check_same_test, load_runs, used_settings
from reprise.studies.detectors import figures, imbalance, joining, overhead, rungs
from reprise.studies.detectors.proposals import read_searched
from reprise.studies.detectors.scores import Ladder
from reprise.workspace import Workspace

TIMES, PUBLISHED = Path(__file__).with_name("times.csv"), Path(__file__).with_name("published.csv")
WATCHED = ("fast", "faster", "ssd", "mask")  # by the gate


def evaluate(workspace: Workspace, declared: Declarations) -> Evidence:
    """Scores every detector, and answers claims 122-130."""
    runs = load_runs(workspace)
    check_same_test(runs)
    ladder = Ladder(load(workspace.prepared("objects")), runs)
    operations = rungs.Operations({name: Probed.of(workspace, name) for name in runs})
    searched, times = read_searched(workspace), read_times(TIMES)
    pictures = ladder.pictures
    part = runs["tagging"].record["examples"]
    where = workspace.source if workspace.source == "generated" else f"real ({_official(workspace)})"
    return Evidence(
        data=f"{where}: {part['train']:,} training and {part['test']:,} test pictures of {pictures.size[1]} x "
        f"{pictures.size[0]} with {int(pictures.count.sum()):,} objects of {len(pictures.class_names)} classes",
        settings=used_settings(runs) | {"proposals": workspace.config.proposals.model_dump(mode="json")},
        findings=[
            *rungs.oracles(searched),
            joining.oracle(),
            *rungs.rungs(ladder, operations, searched, times),
            *imbalance.findings(declared[128], ladder, searched),
            *overhead.findings(declared[130], ladder, operations, searched, times),
        ],
        metrics={f"average_precision.{name}": Metric.over_seeds(ladder.precision(name), "higher") for name in WATCHED},
        tables=[_table(ladder, operations, times), _tags(ladder), _published(), overhead.table()],
        figures=figures.draw(
            workspace.evidence / "figures", ladder, operations, searched, times, workspace.config.drawn
        ),
        cost=costs(runs),
    )


def _official(workspace: Workspace) -> str:
    return workspace.params.dataset("objects").official


def _table(ladder: Ladder, operations: rungs.Operations, times: Times | None) -> Table:
    rows = []
    for name in ladder.detectors:
        values = [
            ladder.precision(name, *how) for how in ((), (0.5,), (None, "small"), (None, "medium"), (None, "large"))
        ]
        seconds = times.seconds.get(name) if times is not None else None
        rows.append(
            (
                name,
                *(f"{np.nanmean(each):.3f}" for each in values),
                f"{values[0].std(ddof=1):.3f}" if len(values[0]) > 1 else "",
                f"{operations.of(name) / 1e6:,.1f}",
                "" if seconds is None else f"{1e3 * np.median(seconds):.1f}",
                f"{ladder.runs[name].record['parameters']:,}",
            )
        )
    columns = ("detector", "AP", "AP50", "small", "medium", "large", "SD over seeds")
    columns += ("10⁶ multiply-adds", "ms a picture", "parameters")
    seeds = min(run.seeds for run in ladder.runs.values())
    said = times.words if times is not None else "no times were recorded"
    caption = f"{len(ladder.places)} test pictures, means over {seeds} seeds. Sizes are octaves. Milliseconds: {said}."
    return Table("The ladder", columns, tuple(rows), caption)


def _tags(ladder: Ladder) -> Table:
    rows = []
    for name in ("tagging", "localise"):
        right = rungs.right_tags(ladder, name).mean(axis=1)
        overlap = f"{rungs.largest_overlap(ladder).mean():.3f}" if name == "localise" else ""
        spread = f" ± {right.std(ddof=1):.3f}" if len(right) > 1 else ""
        rows.append((name, f"{right.mean():.3f}{spread}", overlap, f"{ladder.runs[name].record['parameters']:,}"))
    columns = ("network", "tags that are right", "overlap of the box", "parameters")
    caption = (
        f"Before detection: {len(ladder.places)} test pictures, means over {ladder.runs['tagging'].seeds} seeds ± SD. "
        f"Always the commoner answer: {rungs.commoner_tags(ladder):.3f}. The box is that of the largest object."
    )
    return Table("What a picture shows", columns, tuple(rows), caption)


def _published() -> Table:
    published = read_published(PUBLISHED)
    rows = tuple((name, f"{row['mAP']:g}", f"{row['fps']:g}") for name, row in published.rows("VOC07").items())
    return Table("Published: VOC 2007", ("detector", "mAP, %", "pictures/s"), rows, published.place("VOC07"))

"""Two networks against each other: what claims 99-101 say, measured on what trained generators draw."""

from __future__ import annotations

from reprise.claims.declarations import Declarations
from reprise.claims.evidence import Evidence, Metric
from reprise.runs import load_runs, used_settings
from reprise.studies.rivals import figures as draw
from reprise.studies.rivals.drawn import load_drawn
from reprise.studies.rivals.findings import label_findings, layer_findings, table, turn_findings
from reprise.studies.rivals.oracles import oracles
from reprise.studies.rivals.settings import JUDGE
from reprise.workspace import Workspace


def evaluate(workspace: Workspace, declared: Declarations) -> Evidence:
    """Measures every variant and answers claims 99-101."""
    runs = load_runs(workspace)
    judged = load_drawn(workspace, runs)
    parts = runs[JUDGE].record["examples"]
    official = workspace.params.dataset("digits").official
    source = "generated" if workspace.source == "generated" else f"real ({official})"
    evidence = Evidence(
        data=f"{source}: {parts['train']:,} training and {parts['test']:,} test digits; {judged.count:,} images drawn "
        "by each generator",
        settings=used_settings(runs) | {"probe": judged.asked},
    )
    evidence.findings += [*turn_findings(declared[99], judged), *layer_findings(judged, runs), *oracles(runs)]
    evidence.findings += label_findings(judged)
    evidence.tables += [table(judged, runs)]
    for name, each in judged.generators.items():
        evidence.metrics[f"frechet_distance.{name}"] = Metric.over_seeds(each.distance, "lower")
    evidence.cost = {name: {key: run.record[key] for key in ("parameters", "epochs")} for name, run in runs.items()}
    folder = workspace.evidence / "figures"
    evidence.figures += [
        draw.epochs(folder, judged.generators),
        draw.sheet(folder, judged.generators),
        draw.walks(folder, judged.generators),
        draw.distances(folder, judged),
    ]
    return evidence

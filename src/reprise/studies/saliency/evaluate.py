"""Which pixels matter, and what a layer keeps: what claims 131 and 132 say, measured; and 114 on the way."""

from __future__ import annotations

from reprise.claims.declarations import Declarations
from reprise.claims.evidence import Evidence, Metric
from reprise.comparing.tables import accuracies, costs
from reprise.runs import load_runs, used_settings
from reprise.studies.saliency import figures as draw
from reprise.studies.saliency.asked import Asked, area
from reprise.studies.saliency.findings import curve_table, depth_table, pattern_finding, saliency_findings
from reprise.workspace import Workspace


def evaluate(workspace: Workspace, declared: Declarations) -> Evidence:
    """Measures both sorts of networks and answers claims 131 and 132."""
    runs = load_runs(workspace)
    asked = {name: Asked.of(workspace, name) for name in runs}
    words = []
    for name, run in runs.items():
        parts, official = run.record["examples"], workspace.params.dataset(asked[name].data).official
        kind = "generated" if workspace.source == "generated" else f"real ({official})"
        words.append(f"{name}: {kind}, {parts['train']:,} training images")
    first = next(iter(asked.values()))
    evidence = Evidence(
        data=f"{'; '.join(words)}; {first.settings['images']} test images of each are asked about",
        settings=used_settings(runs) | {"probe": first.settings},
    )
    evidence.findings += saliency_findings(declared, runs, asked)
    digits = workspace.params.dataset("digits").official if workspace.source == "real" else ""
    evidence.findings.append(pattern_finding(runs["digits"], digits))
    evidence.metrics |= accuracies(runs, tuple(runs))
    for name, each in asked.items():
        values = area(each.deletion["gradient"]).mean(axis=1)
        evidence.metrics[f"deletion.{name}"] = Metric.over_seeds(values, "equal")
    evidence.tables += [curve_table(list(asked.values())), depth_table(list(asked.values()))]
    evidence.cost = costs(runs)
    folder = workspace.evidence / "figures"
    evidence.figures.append(draw.curves(folder, list(asked.values())))
    for each in asked.values():
        evidence.figures += [draw.maps(folder, each), draw.inversions(folder, each)]
    return evidence

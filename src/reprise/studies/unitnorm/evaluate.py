"""Weights of length one: what claims 72-78 say, measured."""

from __future__ import annotations

from reprise.claims.declarations import Declarations
from reprise.claims.evidence import Evidence
from reprise.comparing import figures as charts
from reprise.comparing.tables import accuracies, costs, image_words, score_table
from reprise.runs import check_same_test, load_runs, used_settings
from reprise.studies.unitnorm import figures as draw
from reprise.studies.unitnorm.comparisons import elu, four_ways, other_ways
from reprise.studies.unitnorm.exact import exact_findings
from reprise.studies.unitnorm.oracles import oracles
from reprise.workspace import Workspace


def evaluate(workspace: Workspace, declared: Declarations) -> Evidence:
    """Measures every variant and answers claims 72-78."""
    runs = load_runs(workspace)
    check_same_test(runs)
    evidence = Evidence(
        data=image_words(workspace.source, workspace.params.dataset("cifar").official, runs["baseline"]),
        settings=used_settings(runs),
    )
    evidence.findings += exact_findings(declared)
    evidence.findings += four_ways(declared[74], runs)
    evidence.findings += elu(declared[77], runs)
    evidence.findings += [*other_ways(runs), *oracles()]
    evidence.metrics |= accuracies(runs, ("baseline", "conv", "dense", "both"))
    evidence.tables.append(score_table(runs))
    evidence.cost = costs(runs)
    folder = workspace.evidence / "figures"
    everything = list(runs.values())
    evidence.figures += [
        draw.cosine(folder),
        charts.curves(folder, everything),
        charts.accuracy_dots(folder, everything, "baseline"),
        draw.similarity(folder, [runs[name] for name in ("baseline", "conv", "spherical", "diverse") if name in runs]),
    ]
    return evidence

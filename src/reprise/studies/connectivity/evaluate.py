"""Gated connections: what claims 49-59 say, measured."""

from __future__ import annotations

import numpy as np

from reprise.claims.declarations import Declarations
from reprise.claims.evidence import Evidence, Metric
from reprise.comparing import figures as charts
from reprise.comparing.tables import accuracies, costs, image_words, score_table
from reprise.runs import check_same_test, load_runs, used_settings
from reprise.studies.connectivity import figures as draw
from reprise.studies.connectivity.accuracy import accuracy_findings
from reprise.studies.connectivity.counts import connection_findings, size_findings
from reprise.studies.connectivity.evolution import gate_findings, spreads
from reprise.studies.connectivity.gates import final_gates, kept_connections, stored_gates
from reprise.studies.connectivity.oracles import oracles
from reprise.workspace import Workspace


def evaluate(workspace: Workspace, declared: Declarations) -> Evidence:
    """Measures every variant and answers claims 49-59."""
    runs = load_runs(workspace)
    check_same_test(runs)
    concat = runs["concat"]
    gates = final_gates(concat)
    structure = kept_connections(runs["pruned"])
    evidence = Evidence(
        data=image_words(workspace.source, workspace.params.dataset("cifar").official, concat),
        settings=used_settings(runs),
    )
    evidence.findings += connection_findings(declared[49])
    evidence.findings += size_findings(concat, runs["per_feature"])
    evidence.findings += accuracy_findings(declared, runs, structure)
    evidence.findings += gate_findings(declared[56], concat, runs["per_feature"], gates)
    evidence.findings += oracles()
    evidence.metrics |= accuracies(runs, ("concat", "sequential", "matched"))
    spread = spreads(gates).mean() if len(gates) > 1 else 0.0
    evidence.metrics["gate_spread"] = Metric(float(spread), "equal", 0.0, len(gates))
    evidence.tables.append(score_table(runs))
    evidence.cost = costs(runs)
    init = concat.settings["init"]
    start = None if isinstance(init, str) else float(1 / (1 + np.exp(-init)))
    folder = workspace.evidence / "figures"
    everything = list(runs.values())
    evidence.figures += [
        draw.evolution(folder, concat),
        draw.final_gates(folder, gates, start),
        draw.architecture(folder, gates, structure),
        charts.curves(folder, everything),
        charts.accuracy_dots(folder, everything, "concat"),
        draw.feature_gates(folder, stored_gates(runs["per_feature"]), stored_gates(concat)),
    ]
    return evidence

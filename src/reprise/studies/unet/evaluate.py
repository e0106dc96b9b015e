"""The published U-Net: what claims 25-28 and 166 say, measured.

``exact`` needs no training; ``comparisons`` asks what trained networks made of test pictures.
"""

from __future__ import annotations

import numpy as np

from reprise.claims.declarations import Declarations
from reprise.claims.evidence import Evidence, Metric
from reprise.comparing.tables import costs
from reprise.data.cells import load
from reprise.runs import check_same_test, load_runs, used_settings
from reprise.studies.unet import figures as draw
from reprise.studies.unet.comparisons import comparison_findings, not_asked, score_table
from reprise.studies.unet.exact import MOMENTUM, USUAL, exact_findings, shares
from reprise.studies.unet.scores import Questions, Scored
from reprise.workspace import Workspace


def evaluate(workspace: Workspace, declared: Declarations) -> Evidence:
    """Measures every variant and answers claims 25-28 and 166."""
    runs = load_runs(workspace)
    check_same_test(runs)
    settings, prepared = workspace.config.test, load(workspace.prepared("cells"))
    questions = Questions.of(prepared, settings.near, settings.changed)
    scored = {name: Scored.of(run, questions) for name, run in runs.items()}
    part = np.bincount(prepared.part, minlength=3)
    source = "generated cells" if workspace.source == "generated" else "real (ISBI 2012, training volume)"
    evidence = Evidence(
        data=f"{source}: {part[0]} training and {part[2]} test pictures of {prepared.images.shape[1]} pixels; "
        f"{len(questions.groups)} pairs of neighbours in the latter",
        settings=used_settings(runs) | {"test": settings.model_dump(mode="json")},
    )
    evidence.findings += exact_findings(declared)
    evidence.findings += comparison_findings(declared, scored)
    if why := not_asked(questions):
        evidence.unasked[166] = why
    for name in ("base", "no_weights"):
        evidence.metrics[f"kept_apart.{name}"] = Metric.over_seeds(scored[name].apart.mean(axis=1), "higher")
    evidence.metrics["instance_iou.base"] = Metric.over_seeds(scored["base"].instance_iou, "higher")
    evidence.tables.append(score_table(scored, {name: run.record["parameters"] for name, run in runs.items()}))
    evidence.cost = costs(runs)
    folder = workspace.evidence / "figures"
    base = workspace.settings("base")
    evidence.figures += [
        draw.touching(folder, scored, base.border, base.sigma),
        draw.apart(folder, scored),
        draw.changes(folder, scored),
        draw.momentum(folder, {each: shares(each) for each in (MOMENTUM, USUAL)}),
        draw.curves(folder, runs),
    ]
    return evidence

"""Fully convolutional networks: what claims 121 and 167-174 say, measured.

``convolutions`` and ``upsampling`` need no training, ``ceilings`` asks the labels, ``comparisons`` trained networks.
"""

from __future__ import annotations

import numpy as np

from reprise.claims.declarations import Declarations
from reprise.claims.evidence import Evidence, Metric
from reprise.comparing.tables import costs
from reprise.data import scenes
from reprise.runs import check_same_test, load_runs, used_settings
from reprise.studies.fcn import figures as draw
from reprise.studies.fcn.ceilings import ceiling_findings, scenes_asked
from reprise.studies.fcn.comparisons import comparison_findings, majority_finding, score_table
from reprise.studies.fcn.convolutions import exact_findings
from reprise.studies.fcn.scores import Scored, boundary, mean_iu
from reprise.studies.fcn.settings import STAGED
from reprise.studies.fcn.upsampling import upsampling_findings
from reprise.workspace import Workspace


def evaluate(workspace: Workspace, declared: Declarations) -> Evidence:
    """Measures every variant and answers claims 121 and 167-174."""
    runs = load_runs(workspace)
    check_same_test(runs)
    settings, found = workspace.config.exact, scenes.load(workspace.prepared("scenes"))
    scored = {name: Scored.of(run, found) for name, run in runs.items()}
    truth = scored["32s"].truth
    classes = len(found.classes)
    part = runs["32s"].record["examples"]
    source = (
        "generated scenes"
        if workspace.source == "generated"
        else f"real ({workspace.params.dataset('scenes').official}, a part)"
    )
    evidence = Evidence(
        data=f"{source}: {part['train']} training, {part['validation']} validation, {part['test']} test pictures of "
        f"{truth.shape[1]} x {truth.shape[2]}, {classes} classes",
        settings=used_settings(runs) | {"exact": settings.model_dump(mode="json")},
    )
    evidence.findings += exact_findings(declared, settings)
    evidence.findings.append(majority_finding(scored["8s"]))
    evidence.findings += upsampling_findings(declared[169], settings, _grey(found.images[: settings.pictures]))
    evidence.findings += ceiling_findings(declared[170], scenes_asked(), truth, classes)
    evidence.findings += comparison_findings(declared, scored)
    for name in STAGED:
        evidence.metrics[f"mean_iu.{name}"] = Metric.over_seeds(scored[name].values(mean_iu), "higher")
        evidence.metrics[f"boundary_iu.{name}"] = Metric.over_seeds(scored[name].values(boundary), "higher")
    evidence.tables.append(score_table(scored, {name: run.record["parameters"] for name, run in runs.items()}))
    evidence.cost = costs(runs)
    folder = workspace.evidence / "figures"
    images = found.images[runs["32s"].common("test/index")]
    evidence.figures += [draw.scores(folder, scored), draw.detail(folder, images, scored), draw.curves(folder, runs)]
    return evidence


def _grey(images: np.ndarray) -> np.ndarray:
    """(n, h, w) floats in [0, 1] of even sides."""
    height, width = (side // 2 * 2 for side in images.shape[1:3])
    return images[:, :height, :width].mean(axis=3) / 255

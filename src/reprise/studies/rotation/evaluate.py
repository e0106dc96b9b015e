"""Rotated copies of every filter: what claims 60-71 say, measured.

``templates`` answers what needs no training, ``accuracy`` what is seen of upright images; the others read what the
trained networks said of turned ones.
"""

from __future__ import annotations

from reprise.claims.declarations import Declarations
from reprise.claims.evidence import Evidence, Metric
from reprise.comparing import figures as charts
from reprise.comparing.tables import accuracies, costs, image_words, score_table
from reprise.data import cifar
from reprise.runs import check_same_test, load_runs, used_settings
from reprise.studies.rotation import figures as draw
from reprise.studies.rotation.accuracy import accuracy_findings, open_questions, rotated
from reprise.studies.rotation.invariance import angle_table, invariance_findings, merge_findings
from reprise.studies.rotation.oracles import oracles
from reprise.studies.rotation.season import damage, season_findings
from reprise.studies.rotation.templates import template_findings
from reprise.studies.rotation.transplants import transplant_findings
from reprise.studies.rotation.turned import load_probe
from reprise.workspace import Workspace

DAMAGED = 30  # images that show what interpolation loses


def evaluate(workspace: Workspace, declared: Declarations) -> Evidence:
    """Measures every variant and answers claims 60-71."""
    runs = load_runs(workspace)
    check_same_test(runs)
    probe = load_probe(workspace, runs)
    layers = rotated(runs)
    names = ["baseline", *layers]
    images = cifar.load(workspace.prepared("cifar")).test_images
    lost = damage(images[probe.index[:DAMAGED]], probe.angles)
    words = image_words(workspace.source, workspace.params.dataset("cifar").official, runs["baseline"])
    evidence = Evidence(
        data=f"{words}; {len(probe.index):,} test images turned to {len(probe.angles)} angles",
        settings=used_settings(runs) | {"probe": probe.settings},
    )
    evidence.findings += template_findings(declared)
    evidence.findings += accuracy_findings(declared, runs, layers)
    evidence.findings += invariance_findings(declared, runs, probe, layers)
    evidence.findings += transplant_findings(declared[68], runs, probe)
    evidence.findings += season_findings(declared[69], runs, probe, names, lost)
    evidence.findings += [*open_questions(runs, layers), *merge_findings(runs, probe), *oracles(runs, layers)]
    evidence.metrics |= accuracies(runs, ("baseline", "4_rot_1", "8_rot_4"))
    for name in ("baseline", "4_rot_4"):
        evidence.metrics[f"angles_right.{name}"] = Metric.over_seeds(probe.share(name).mean(axis=1), "higher")
    evidence.tables += [score_table(runs), angle_table(probe)]
    evidence.cost = costs(runs)
    folder = workspace.evidence / "figures"
    shares = {name: probe.share(name) for name in names}
    transplanted = {name: right.mean(axis=2) for name, right in probe.transplanted.items()}
    evidence.figures += [
        draw.mosaic(folder),
        draw.calculus(folder),
        charts.curves(folder, [runs[name] for name in names]),
        charts.accuracy_dots(folder, list(runs.values()), "baseline"),
        draw.single_image(folder, {name: probe.single[name] for name in names}, probe.angles),
        draw.boxes(folder, "invariance", shares, "Share of angles that are right"),
        draw.boxes(
            folder,
            "transplants",
            {"baseline": shares["baseline"]} | transplanted,
            "The same with the baseline's weights in rotated networks",
        ),
        draw.season(folder, {name: probe.right[name] for name in names}, probe.angles, lost),
    ]
    return evidence

"""Calibration and confidence: what claims 29-41 say, measured on trained networks.

Every method is fitted on validation logits and judged on test logits, with 15 bins, as in Guo et al. (2017). How long
the fits take is in ``benchmarks/calibration.py`` and printed by ``reprise calibration``: times have no place in
evidence that must come out the same twice.
"""

from __future__ import annotations

from reprise.claims.declarations import Declarations
from reprise.claims.evidence import Evidence
from reprise.comparing.tables import costs
from reprise.runs import Probed, check_same_test, load_runs, used_settings
from reprise.studies.confidence import figures as draw
from reprise.studies.confidence import tables
from reprise.studies.confidence.capacity import (
    calibration_findings,
    capacity_findings,
    measure_findings,
    overfitting_findings,
)
from reprise.studies.confidence.correlation import correlation_findings
from reprise.studies.confidence.densities import densities
from reprise.studies.confidence.distortions import density_findings
from reprise.studies.confidence.fitting import fitting_findings
from reprise.studies.confidence.inflation import inflation_findings
from reprise.studies.confidence.methods import method_findings
from reprise.studies.confidence.scores import measure, reliability_curves
from reprise.studies.confidence.variants import EPOCH_CURVES, MAIN, NEEDED
from reprise.sweeps import read_sweep
from reprise.workspace import Workspace


def evaluate(workspace: Workspace, declared: Declarations) -> Evidence:
    """Measures every variant and answers claims 29-41.

    Raises:
        ValueError: a variant that a claim needs is not in params.yaml.
    """
    missing = sorted(NEEDED - set(workspace.config.variants))
    if missing:
        raise ValueError(
            f"pipelines/confidence/params.yaml: variants has no {', '.join(missing)}, which claims 29-35 compare"
        )
    runs = load_runs(workspace)
    check_same_test(runs)
    every = {name: measure(run, Probed.of(workspace, name)) for name, run in runs.items()}
    main = every[MAIN]
    confidences = densities(main)
    family = read_sweep(workspace, "error", "ece")
    _, tests, classes = main.logits.shape
    evidence = Evidence(
        data=f"{images_of(workspace)}: {main.run['examples']['train']:,} training, {len(main.validation_labels):,} "
        f"validation and {tests:,} test images of {classes} classes; {len(every)} networks, {tables.seeds_of(every)} "
        f"seeds each; {len(family)} small ones of one seed",
        settings=used_settings(runs) | {"probe": Probed.of(workspace, MAIN).record["settings"]},
    )
    evidence.findings += inflation_findings(declared[29], main, every)
    evidence.findings += density_findings(declared[30], main, confidences)
    evidence.findings += calibration_findings(declared[31], every)
    evidence.findings += fitting_findings(every)
    evidence.findings += measure_findings(every)
    evidence.findings += capacity_findings(declared[33], every)
    evidence.findings += overfitting_findings(declared[34], every)
    evidence.findings += correlation_findings(declared[35], family, every)
    evidence.findings += method_findings(declared[41], every, main)
    evidence.metrics |= tables.metrics(every)
    evidence.tables += [
        tables.method_table(every, images_of(workspace)),
        tables.network_table(every),
        tables.change_table(every),
    ]
    evidence.cost = costs(runs)
    folder = workspace.evidence / "figures"
    evidence.figures += [
        draw.reliability(folder, MAIN, main, reliability_curves(main)),
        draw.methods(folder, every),
        draw.capacity(folder, every),
        draw.epochs(folder, [runs[name] for name in EPOCH_CURVES]),
        draw.scatter(folder, every, family),
        draw.distortions(folder, confidences),
    ]
    return evidence


def images_of(workspace: Workspace) -> str:
    """Which images, in words."""
    if workspace.source == "generated":
        return "generated"
    return {"cifar10": "CIFAR-10", "cifar100": "CIFAR-100"}[workspace.params.dataset("cifar").official]

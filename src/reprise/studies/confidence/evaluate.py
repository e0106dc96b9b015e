"""Calibration and confidence: what claims 29-41 say, measured on trained networks.

Every method is fitted on validation logits and judged on test logits, with 15 bins, as in Guo et al. (2017); see
``reprise.studies.confidence`` for what was trained. How long the fits take is in ``benchmarks/calibration.py`` and
printed by ``reprise calibration``: times have no place in evidence that must come out the same twice.
"""

from __future__ import annotations

import numpy as np

from reprise.claims.evidence import Evidence, Metric, Table
from reprise.runs import Probed, load_runs, used_settings
from reprise.studies.confidence import figures as draw
from reprise.studies.confidence import findings
from reprise.studies.confidence.methods import method_findings
from reprise.studies.confidence.published import ECE, METHODS
from reprise.studies.confidence.scores import LEAST_NLL, Scores, densities, floor_remark, measure
from reprise.workspace import Workspace

EPOCH_CURVES = ("resnet", "resnet_wide", "resnet_no_decay")


def evaluate(workspace: Workspace) -> Evidence:
    """Measures every variant and answers claims 29-41.

    Raises:
        ValueError: a variant that a claim needs is not in params.yaml.
    """
    needed = {findings.MAIN, *EPOCH_CURVES, *(name for pair in findings.CONTRASTS.values() for name in pair)}
    missing = sorted(needed - set(workspace.config.variants))
    if missing:
        raise ValueError(
            f"pipelines/confidence/params.yaml: variants has no {', '.join(missing)}, which claims 29-35 compare"
        )
    runs = load_runs(workspace)
    every = {name: measure(run, Probed(workspace.probe(name))) for name, run in runs.items()}
    main = every[findings.MAIN]
    confidences = densities(main)
    seeds, tests, classes = main.logits.shape
    evidence = Evidence(
        data=f"{images_of(workspace)}: {main.run['examples']['train']:,} training, {len(main.validation_labels):,} "
        f"validation and {tests:,} test images of {classes} classes; {len(every)} networks, {seeds} seeds each",
        settings=used_settings(runs) | {"probe": Probed(workspace.probe(findings.MAIN)).record["settings"]},
    )
    evidence.findings += findings.inflation_findings(main, every)
    evidence.findings += findings.density_findings(main, confidences)
    evidence.findings += findings.calibration_findings(every)
    evidence.findings += findings.capacity_findings(every)
    evidence.findings += method_findings(every, main)
    evidence.metrics |= _metrics(every)
    evidence.tables += [_method_table(every, images_of(workspace)), _network_table(every), _change_table(every)]
    evidence.cost = {
        name: {key: s.run[key] for key in ("parameters", "epochs", "examples")} for name, s in every.items()
    }
    folder = workspace.evidence / "figures"
    evidence.figures += [
        draw.reliability(folder, findings.MAIN, main),
        draw.methods(folder, every),
        draw.capacity(folder, every),
        draw.epochs(folder, [runs[name] for name in EPOCH_CURVES]),
        draw.scatter(folder, every),
        draw.distortions(folder, confidences),
    ]
    return evidence


def _metrics(every: dict[str, Scores]) -> dict[str, Metric]:
    def mean(values: list[np.ndarray], better: str) -> Metric:
        return Metric.over_seeds(np.mean(values, axis=0), better)

    return {
        "error": mean([s.error for s in every.values()], "lower"),
        "ece.uncalibrated": mean([s.ece for s in every.values()], "lower"),
        **{
            f"ece.{name}": mean([s.measures[name]["ece"] for s in every.values()], "lower")
            for name in ("histogram", "isotonic", "temperature", "vector")
        },
        "nll.temperature": mean([s.measures["temperature"]["nll"] for s in every.values()], "lower"),
    }


def images_of(workspace: Workspace) -> str:
    """Which images, in words."""
    if workspace.source == "generated":
        return "generated"
    return {"cifar10": "CIFAR-10", "cifar100": "CIFAR-100"}[workspace.params.dataset("cifar").official]


def _method_table(every: dict[str, Scores], images: str) -> Table:
    rows = [
        (f"{images} (ours)", name, *(f"{100 * s.measures[m]['ece'].mean():.2f}" for m in METHODS))
        for name, s in every.items()
    ]
    for name, row in ECE.items():
        data, _, network = name.partition(", ")
        rows.append((f"{data} (paper)", network, *(f"{row[method]:.2f}" for method in METHODS)))
    seeds, n, _ = next(iter(every.values())).logits.shape
    caption = (
        f"ECE in %, 15 bins. Ours: mean over {seeds} seeds, {n:,} test images. Paper: Guo et al. (2017), Table 1. "
        f"{floor_remark(every.values(), METHODS)} "
        "Fit times differ from run to run: `reprise calibration` prints them, benchmarks/calibration.py compares them."
    )
    return Table("ECE by method", ("data", "network", *METHODS), tuple(rows), caption)


def _network_table(every: dict[str, Scores]) -> Table:
    rows = []
    for name, s in every.items():
        temperature = s.measures["temperature"]
        rows.append(
            (
                name,
                f"{s.run['parameters']:,}",
                f"{100 * s.error.mean():.2f}",
                f"{100 * s.ece.mean():.2f}",
                f"{100 * s.measures[LEAST_NLL]['ece'].mean():.2f}",
                f"{100 * s.measures['uncalibrated']['mce'].mean():.1f} → {100 * temperature['mce'].mean():.1f}",
                f"{s.measures['uncalibrated']['nll'].mean():.3f} → {temperature['nll'].mean():.3f}",
                f"{s.temperature.mean():.2f}",
            )
        )
    columns = ("network", "parameters", "error %", "ECE %", "ECE %, least NLL", "MCE %", "NLL", "T")
    caption = (
        "Last epoch, means over seeds; arrows: by temperature scaling. “Least NLL”: the weights of the epoch with "
        f"the least validation loss. {floor_remark(every.values())} The MCE rests on bins that hold few images."
    )
    return Table("Networks", columns, tuple(rows), caption)


def _change_table(every: dict[str, Scores]) -> Table:
    rows = []
    for method in METHODS:
        means = {
            key: np.mean([s.measures[method][key] for s in every.values()])
            for key in ("error", "nll", "brier", "changed")
        }
        share = f"{100 * means['changed']:.2f}"
        rows.append((method, f"{100 * means['error']:.2f}", share, f"{means['nll']:.3f}", f"{means['brier']:.3f}"))
    caption = (
        f"Test images, mean over {len(every)} networks and their seeds. A probability of 0 counts as 2.2e-16 in NLL."
    )
    return Table(
        "What else changes", ("method", "error %", "changed predictions %", "NLL", "Brier"), tuple(rows), caption
    )

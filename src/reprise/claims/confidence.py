"""Calibration and confidence: what claims 29-41 say, measured on trained networks.

Every method is fitted on validation logits and judged on test logits, with 15 bins, as in Guo et al. (2017); see
``reprise.studies.confidence`` for what was trained. How long the fits take is in ``benchmarks/calibration.py`` and
printed by ``reprise calibration``: times have no place in evidence that must come out the same twice.
"""

from __future__ import annotations

import numpy as np

from reprise.claims import _confidence_figures as draw
from reprise.claims import _confidence_findings as findings
from reprise.claims._confidence_methods import method_findings
from reprise.claims._confidence_published import METHODS, ROWS
from reprise.claims._confidence_scores import LEAST_NLL, Scores, densities, floor_remark, measure
from reprise.claims.evidence import Evidence, Metric, Table
from reprise.data import cifar
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
        raise ValueError(f"params.yaml: confidence.variants has no {', '.join(missing)}, which claims 29-35 compare")
    images = cifar.load(workspace.prepared("cifar"))
    every = {name: measure(workspace, images, name) for name in workspace.config.variants}
    main = every[findings.MAIN]
    confidences = densities(main)
    seeds, tests, classes = main.logits.shape
    evidence = Evidence(
        title="Calibration and confidence",
        group="Calibration and confidence",
        about=_about(workspace.source == "generated"),
        data=f"{images_of(workspace)}: {main.run['examples']['train']:,} training, {len(main.validation_labels):,} "
        f"validation and {tests:,} test images of {classes} classes; {len(every)} networks, {seeds} seeds each",
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
        draw.epochs(folder, {name: workspace.run(name) / "history.csv" for name in EPOCH_CURVES}),
        draw.scatter(folder, every),
        draw.distortions(folder, confidences),
    ]
    return evidence


def _metrics(every: dict[str, Scores]) -> dict[str, Metric]:
    def mean(values: list[np.ndarray], better: str) -> Metric:
        per_seed = np.mean(values, axis=0)
        spread = float(per_seed.std(ddof=1)) if len(per_seed) > 1 else 0.0
        return Metric(float(per_seed.mean()), better, spread, len(per_seed))

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
    rows += [(f"{row.data} (paper)", row.network, *(f"{value:.2f}" for value in row.ece)) for row in ROWS]
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


def _about(generated: bool) -> str:
    place = (
        "Here the images are generated stand-ins for CIFAR-10, so the paper's numbers are to be compared in kind, not "
        "in size."
        if generated
        else "The images are those of CIFAR."
    )
    return (
        "A network's softmax says how sure it is. It is *calibrated* if, of all predictions made with confidence 0.7, "
        "seven in ten are right. The reliability diagram plots accuracy over confidence; the **expected calibration "
        "error** (ECE) is the mean distance from its diagonal, weighted by how many images lie in each bin, and the "
        "**maximum** (MCE) the largest.\n\n"
        "Guo et al. found that recent networks are too sure, the more so the deeper, the wider and the less "
        "regularised they are: once the training images are all classified rightly, the loss can only fall by "
        "growing logits. They compared seven remedies that are fitted on held-out images. The simplest divides all "
        "logits by one number, the temperature, and so never changes a prediction. Binning methods replace each "
        "class's probability by an "
        "observed share; vector and matrix scaling fit an affine map.\n\n"
        "Subramanya et al. distrust the softmax for another reason: multiplying its input by 1.3 makes it surer and no "
        "better. They fit a Gaussian to the logits of each class and take the posterior of the class as confidence, "
        "which should fall on distorted images. The source prints its denominator with the wrong index; with that "
        "every class gets the same confidence.\n\n"
        "Networks are judged at their last epoch, as in the paper, and not where the validation loss was least: "
        "stopping there is a remedy by itself. " + place
    )

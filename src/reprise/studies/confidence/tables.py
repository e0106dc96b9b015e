"""Tables of all networks, and the metrics that the gate watches."""

from __future__ import annotations

import numpy as np

from reprise.claims.evidence import Metric, Table
from reprise.runs import same_seeds
from reprise.studies.confidence.comparisons import floor_remark
from reprise.studies.confidence.published import ECE, METHODS
from reprise.studies.confidence.scores import LEAST_NLL, Scores


def metrics(every: dict[str, Scores]) -> dict[str, Metric]:
    """Means over the networks."""

    def mean(values: list[np.ndarray], better: str) -> Metric:
        return Metric.over_seeds(np.mean(same_seeds(*values), axis=0), better)

    return {
        "test_error": mean([s.error for s in every.values()], "lower"),
        "ece.uncalibrated": mean([s.ece for s in every.values()], "lower"),
        **{
            f"ece.{name}": mean([s.measures[name]["ece"] for s in every.values()], "lower")
            for name in ("histogram", "isotonic", "temperature", "vector")
        },
        "nll.temperature": mean([s.measures["temperature"]["nll"] for s in every.values()], "lower"),
    }


def method_table(every: dict[str, Scores], images: str) -> Table:
    """ECE by network and method, the paper's networks below ours."""
    rows = [
        (f"{images} (ours)", name, *(f"{100 * s.measures[m]['ece'].mean():.2f}" for m in METHODS))
        for name, s in every.items()
    ]
    for name, row in ECE.items():
        data, _, network = name.partition(", ")
        rows.append((f"{data} (paper)", network, *(f"{row[method]:.2f}" for method in METHODS)))
    n = len(next(iter(every.values())).labels)
    caption = (
        f"ECE in %, 15 bins. Ours: mean over {seeds_of(every)} seeds, {n:,} test images. "
        f"Paper: Guo et al. (2017), Table 1. {floor_remark(every.values(), METHODS)} "
        "Fit times differ from run to run: `reprise calibration` prints them, benchmarks/calibration.py compares them."
    )
    return Table("ECE by method", ("data", "network", *METHODS), tuple(rows), caption)


def seeds_of(every: dict[str, Scores]) -> str:
    """How many seeds the networks have, in words."""
    counts = {len(s.logits) for s in every.values()}
    return f"{min(counts)} to {max(counts)}" if len(counts) > 1 else str(*counts)


def network_table(every: dict[str, Scores]) -> Table:
    """Error and calibration by network, before and after temperature scaling."""
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


def change_table(every: dict[str, Scores]) -> Table:
    """What each method does beside calibrating, mean over networks."""
    rows = []
    for method in METHODS:
        means = {
            key: np.mean([s.measures[method][key].mean() for s in every.values()])
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

"""Scores of every variant, as a table and as the metrics that the gate watches."""

from __future__ import annotations

import numpy as np

from reprise.claims.evidence import Metric, Table
from reprise.metrics.segmentation import precision_recall
from reprise.statistics import SHARE, Effect
from reprise.studies.ultrasound.pixels import Calibration
from reprise.studies.ultrasound.scores import Scores


def metrics(scores: dict[str, Scores], measured: dict[str, dict[str, Calibration]]) -> dict[str, Metric]:
    """Dice, mean intersection over union and the pixels' calibration error of every variant."""
    found = {}
    for name, variant in scores.items():
        for label, values, better in (
            ("dice", variant.by_seed(variant.dice), "higher"),
            ("mean_iu", variant.mean_iu, "higher"),
            ("pixel_ece", measured[name]["pixels"].before["ECE"], "lower"),
        ):
            found[f"{label}.{name}"] = Metric.over_seeds(values, better)
    return found


def score_table(scores: dict[str, Scores]) -> Table:
    """A row a variant, below one for predicting nothing."""
    rows = []
    first = next(iter(scores.values()))
    nothing = first.effect((~first.present).astype(float), possible=SHARE)
    rows.append(("predict nothing", _with_interval(nothing), *("–",) * 6))
    for name, s in scores.items():
        effect = s.effect(s.dice, possible=SHARE)
        of_seeds = (s.seed == seed for seed in range(s.seeds))
        presence = [precision_recall(s.present[own], s.predicted_present[own]) for own in of_seeds]
        precision, recall = (_mean_of_defined(values) for values in zip(*presence, strict=True))
        rows.append(
            (
                name,
                _with_interval(effect),
                f"{s.soft.mean():.3f}",
                f"{s.iou.mean():.3f}",
                f"{s.pixel_accuracy.mean():.4f}",
                f"{s.mean_iu.mean():.3f}",
                f"{precision} / {recall}",
                f"{len(s.index)}",
            )
        )
    columns = ("variant", "dice [95 %]", "soft dice", "IU", "pixel acc.", "mean IU", "nerve P / R", "n")
    groups = len(np.unique(first.subject))
    caption = (
        f"Test frames of {first.seeds} seeds, each with other subjects; intervals over {groups} subjects and seeds."
    )
    return Table("Scores", columns, tuple(rows), caption)


def _mean_of_defined(values: tuple[float, ...]) -> str:
    """Precision is undefined for a seed that never says yes; a dash where no seed ever does."""
    defined = [value for value in values if value == value]
    return f"{np.mean(defined):.2f}" if defined else "–"


def _with_interval(effect: Effect) -> str:
    return f"{effect.value:.3f} [{effect.low:.3f}, {effect.high:.3f}]"

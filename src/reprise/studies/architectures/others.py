"""Claim 119: the networks that the source only names: sizes, and published accuracy for their size."""

from __future__ import annotations

from reprise.claims.evidence import Finding
from reprise.models.zoo import CATALOGUE
from reprise.statistics import exact
from reprise.studies.architectures.counting import Counted
from reprise.studies.architectures.sizes import parameters

NAMED = ("NiN", "FractalNet", "DenseNet-121", "SqueezeNet 1.0", "SqueezeNet 1.1")


def findings(counted: dict[str, Counted]) -> list[Finding]:
    """Parameters of each, and what the smallest reaches by the published accuracies."""
    rated = {name: entry for name, entry in CATALOGUE.items() if entry.accuracy is not None}
    smallest = min(rated, key=lambda name: counted[name].parameters)
    per_million = {name: entry.accuracy / counted[name].parameters * 1e6 for name, entry in rated.items()}
    best = max(per_million, key=per_million.__getitem__)
    others = [value for name, value in per_million.items() if not name.startswith("SqueezeNet")]
    return [
        *(parameters(119, name, counted) for name in NAMED),
        Finding(
            119,
            f"Parameters of the smallest ImageNet network here ({smallest}) over AlexNet's (2014) of like accuracy",
            exact(counted[smallest].parameters / counted["AlexNet (2014)"].parameters, len(rated)),
            published=f"top-1 {rated[smallest].accuracy} % and {rated['AlexNet (2014)'].accuracy} % (torchvision)",
            note="Accuracies are published ones; nothing was trained on ImageNet here.",
            figures=("architectures_costs",),
        ),
        Finding(
            119,
            f"Published top-1 points per million parameters: {best} over the best of the other families",
            exact(per_million[best] / max(others), len(rated), unit="times"),
            note="Accuracy per parameter favours whatever is small; it says nothing of accuracy alone.",
            figures=("architectures_costs",),
        ),
    ]

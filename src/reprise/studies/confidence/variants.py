"""Which networks are looked at alone, which are compared, and which curves are drawn."""

from __future__ import annotations

from reprise.studies.confidence.scores import Scores

MAIN = "resnet"
CONTRASTS = {
    "depth": ("resnet_deep", "resnet"),
    "width": ("resnet_wide", "resnet"),
    "batch norm": ("minivgg_norm", "minivgg"),
    "less decay": ("resnet_no_decay", "resnet_more_decay"),
}  # the first of each should be less well calibrated
STATED = ("depth", "width", "less decay")  # by the source; batch norm by the paper that it summarises
COMPANION = ("resnet_no_decay", "resnet")  # less decay, beside the pair of which the second is too unsure
EPOCH_CURVES = ("resnet", "resnet_wide", "resnet_no_decay")
NEEDED = {MAIN, *EPOCH_CURVES, *(name for pair in CONTRASTS.values() for name in pair)}


def modern(scores: dict[str, Scores]) -> list[Scores]:
    """The residual networks with batch norm."""
    return [s for s in scores.values() if s.settings["network"] == "resnet" and s.settings["batch_norm"]]

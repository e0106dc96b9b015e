"""Every layer sees all earlier ones through gates that are learned (claims 49-59).

Source: "Learning connectivity" (raghakot). Each of eight layers (conv, conv, pool, dropout, twice) gets all earlier
outputs, resized to the smallest, multiplied by the sigmoid of a learned weight and concatenated. The write-up reports
that sigmoid gates matter, that their start and the way of resizing do not, and plots the gates over 200 epochs: the
gate of the raw image closes wherever it competes with features, the last two connections close almost entirely.

What is varied: merge (concat, pad, sum, max, squeeze), resizing, one gate an input or one a feature map, starts, with
and without the sigmoid; closed gates removed and the rest trained afresh; and plain networks: the sequential mini-VGG,
and one as large as the connected network (29.56 M parameters against 1.25 M is no comparison).

Cost: ``small`` half a minute to two minutes a variant on two cores; ``full`` is for a GPU.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, model_validator

from reprise.config import Strict, StudyConfig, VariantName, merge
from reprise.studies._images import SHAPE, ImageSettings, image_data

if TYPE_CHECKING:
    from torch import nn

    from reprise.tasks.classify import Classify
    from reprise.training import TrainingData
    from reprise.workspace import Workspace

__all__ = ["DATA", "LAYERS", "PARAMETERS", "SHAPE", "Config", "ConnectivitySettings", "build", "data", "task"]

DATA = "cifar"
PARAMETERS = {"sequential": 1_250_666, "concat": 29_558_518, "per_feature": 29_562_082}
LAYERS = 8


class Pruning(Strict):
    """Which connections are removed: those that another variant's training closed."""

    variant: str
    threshold: float = Field(gt=0, lt=1)


class ConnectivitySettings(ImageSettings):
    """What a variant can turn."""

    network: Literal["connected", "sequential", "matched"] = "connected"
    width: int = Field(32, ge=1)
    merge: Literal["concat", "pad", "sum", "max", "squeeze"] = "concat"
    resize: Literal["area", "nearest", "bilinear", "bicubic"] = "bilinear"
    per_feature: bool = False
    init: float | Literal["normal", "feed_forward"] = 1.0
    sigmoid: bool = True
    pooled: bool = False
    prune: Pruning | None = None


class Config(StudyConfig):
    """The section ``connectivity`` of params.yaml.

    Variants that prune read the gates of another one, ``prune_from``, so they stand apart in the file, under
    ``pruned``, and are trained after it; here ``variants`` holds both.
    """

    base: ConnectivitySettings
    variants: dict[VariantName, ConnectivitySettings]
    prune_from: str | None = None
    pruned: dict[VariantName, ConnectivitySettings] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _join(cls, values: Any) -> Any:
        """Runs before the base class lays ``base`` under each variant."""
        if not isinstance(values, dict) or not all(
            isinstance(values.get(k), dict) for k in ("base", "variants", "pruned")
        ):
            return values
        base, variants, source = values["base"], values["variants"], values.get("prune_from")
        if source not in variants:
            raise ValueError(f"prune_from: found {source!r}, expected one of the variants {', '.join(variants)}")
        twice = sorted(set(variants) & set(values["pruned"]))
        if twice:
            raise ValueError(f"pruned: {', '.join(twice)}: a variant has this name already")
        pruned = {
            name: merge(merge(base, {"prune": {"variant": source}}), override or {})
            for name, override in values["pruned"].items()
        }
        return values | {"variants": variants | pruned, "pruned": pruned}


def data(workspace: Workspace, settings: ConnectivitySettings, seed: int) -> TrainingData:
    """CIFAR-10; for a pruned network also the connections that stay, from the gates of the same seed."""
    structure = None
    if settings.prune is not None:
        structure = kept(workspace, settings.prune, seed)
    return image_data(workspace, settings, structure=structure)


def kept(workspace: Workspace, prune: Pruning, seed: int) -> list[list[bool]]:
    """For each of the eight merges which inputs stay: those whose last gate is at least the threshold.

    The latest layer's output always stays, so that the network stays connected.

    Raises:
        FileNotFoundError: the other variant has not been trained.
    """
    history = workspace.run(prune.variant) / "history.csv"
    if not history.is_file():
        raise FileNotFoundError(f"{history} is missing: pruning reads the gates of {prune.variant}; train that first")
    with history.open(encoding="utf-8", newline="") as stream:
        last = [row for row in csv.DictReader(stream) if int(row["seed"]) == seed][-1]
    return [
        [j == i + 1 or float(last[f"gate_{i}_{j}"]) >= prune.threshold for j in range(i + 2)] for i in range(LAYERS)
    ]


def build(
    settings: ConnectivitySettings, shape: tuple[int, ...], structure: list[list[bool]] | None = None
) -> nn.Module:
    """The connected network, the sequential one, or a sequential one with as many parameters as the connected."""
    from reprise.models.connected import ConnectedNet
    from reprise.models.minivgg import MiniVGG

    if settings.network == "sequential":
        return MiniVGG(size=shape[0], width=settings.width, hidden=16 * settings.width, conv_bias=False)
    connected = ConnectedNet(
        size=shape[0],
        width=settings.width,
        hidden=16 * settings.width,
        merge=settings.merge,
        resize=settings.resize,
        per_feature=settings.per_feature,
        init=settings.init,
        sigmoid=settings.sigmoid,
        pooled=settings.pooled,
        allowed=structure,
    )
    if settings.network == "connected":
        return connected
    wanted = sum(parameter.numel() for parameter in connected.parameters())
    hidden = matched_hidden(wanted, settings.width, shape[0])
    return MiniVGG(size=shape[0], width=settings.width, hidden=hidden, conv_bias=False)


def matched_hidden(wanted: int, width: int, size: int) -> int:
    """The hidden units at which a mini-VGG with the same convolutions has about ``wanted`` parameters.

    They go where the connected network has them: 29.2 of its 29.56 M lie before its first dense layer. Wider
    convolutions would match the number too, at some forty times the arithmetic. Parameters are
    ``63 w**2 + 27 w + (2 w s**2 + 11) h + 10``, with s the side of the last maps.
    """
    side = ((size - 2) // 2 - 2) // 2
    return max(16 * width, round((wanted - 63 * width**2 - 27 * width - 10) / (2 * width * side**2 + 11)))


def task(model: nn.Module, settings: ConnectivitySettings, seed: int) -> Classify:
    """Cross-entropy; every gate is written to history.csv every epoch."""
    from reprise.tasks.classify import Gated

    return Gated(model, settings, seed) if settings.network == "connected" else _plain(model, settings, seed)


def _plain(model: nn.Module, settings: ConnectivitySettings, seed: int) -> Classify:
    from reprise.tasks.classify import Classify

    return Classify(model, settings, seed)

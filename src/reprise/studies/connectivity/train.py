"""Networks whose layers see all earlier ones through gates, and plain ones to compare them with (claims 49-59)."""

from __future__ import annotations

from torch import Tensor, nn

from reprise.data import cifar
from reprise.data.parts import TrainingData
from reprise.models.connected import ConnectedNet
from reprise.models.minivgg import MiniVGG
from reprise.networks import adopt as adopt_all
from reprise.runs import Run
from reprise.studies.connectivity.settings import LAYERS, ConnectivitySettings
from reprise.tasks.classify import Classify, Gated
from reprise.workspace import Workspace

Structure = list[list[bool]] | None


def data(workspace: Workspace, settings: ConnectivitySettings, seed: int) -> TrainingData:
    """CIFAR-10; for a pruned network also the connections that stay, from the gates of the same seed."""
    structure = None
    if settings.prune is not None and settings.start is not None:
        structure = kept(Run.of(workspace, settings.start), settings.prune, seed)
    return cifar.training_data(workspace.prepared("cifar"), settings.protocol, most_classes=10, structure=structure)


def kept(run: Run, threshold: float, seed: int) -> list[list[bool]]:
    """For each of the eight merges which inputs stay: those whose last gate is at least the threshold.

    The latest layer's output always stays, so that the network stays connected.

    Raises:
        FileNotFoundError: the other variant has not been trained.
    """
    last = {name: column[-1] for name, column in run.history[seed].items()}
    return [[j == i + 1 or bool(last[f"gate_{i}_{j}"] >= threshold) for j in range(i + 2)] for i in range(LAYERS)]


def build(settings: ConnectivitySettings, shapes: dict[str, tuple[int, ...]], structure: Structure = None) -> nn.Module:
    """The connected network, the sequential one, or a sequential one with as many parameters as the connected."""
    size = shapes["image"][0]
    if settings.network == "sequential":
        return MiniVGG(size=size, width=settings.width, hidden=16 * settings.width, conv_bias=False)
    connected = ConnectedNet(
        size=size,
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
    return MiniVGG(
        size=size, width=settings.width, hidden=matched_hidden(wanted, settings.width, size), conv_bias=False
    )


def matched_hidden(wanted: int, width: int, size: int) -> int:
    """The hidden units at which a mini-VGG with the same convolutions has about ``wanted`` parameters.

    They go where the connected network has them: 29.2 of its 29.56 M lie before its first dense layer. Wider
    convolutions would match the number too, at some forty times the arithmetic. Parameters are
    ``63 w**2 + 27 w + (2 w s**2 + 11) h + 10``, with s the side of the last maps.
    """
    side = ((size - 2) // 2 - 2) // 2
    return max(16 * width, round((wanted - 63 * width**2 - 27 * width - 10) / (2 * width * side**2 + 11)))


def adopt(model: nn.Module, weights: dict[str, Tensor], settings: ConnectivitySettings) -> None:
    """A pruned network takes the other's gates into account (see ``data``) and none of its weights."""
    if settings.prune is None:
        adopt_all(model, weights)


def task(model: nn.Module, settings: ConnectivitySettings, seed: int) -> Classify:
    """Cross-entropy; every gate is written to history.csv every epoch."""
    return (Gated if settings.network == "connected" else Classify)(model, settings, seed)

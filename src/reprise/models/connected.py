"""The learned-connectivity network of the CIFAR-10 study (claims 49-59): every layer sees all earlier ones, gated.

The mini-VGG's eight layers (two convolutions, pool, dropout, twice; no biases). After each, a GatedConnections merges
the images and all outputs so far, pools' and dropouts' included, into the next layer's input.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from reprise.layers import GatedConnections
from reprise.layers.gates import Init, Merge, Resize
from reprise.models.dropout import Dropout
from reprise.models.minivgg import glorot

LAYERS = ("conv", "conv", "pool", "dropout", "conv", "conv", "pool", "dropout")
PADDINGS = {0: 1, 1: 0, 4: 1, 5: 0}


class ConnectedNet(nn.Module):
    """Eight layers, eight merges, two dense layers.

    With its defaults the published network: concatenations of 35, 67, 134, 268, 332, 396, 792 and 1584 maps, 57,024
    features before the dense layers, 29,558,518 parameters of which 44 are gates (3,608 with ``per_feature``).

    ``allowed`` builds a smaller network: inputs that it closes are not computed, not concatenated and have no gate, and
    layers that no longer reach the output are left out (claim 58). Sizes stay those of the full network.

    ``merge="pad"`` keeps every merge at the size of the images; with the published dense layer that alone would be 830
    million parameters, so choose ``pooled``.

    Args:
        classes: number of logits.
        channels: of the images.
        size: side of the images, 10 pixels or more.
        width: filters of the first two convolutions; the others have twice as many.
        hidden: units of the first dense layer.
        merge: see GatedConnections; ``squeeze`` goes back to as many maps as the latest input has.
        resize: how larger inputs shrink.
        per_feature: one gate per feature map rather than one per input.
        init: of the gates' weights; the published figure started from 1.0, the listing from 0.5.
        sigmoid: False multiplies by the raw weights (claim 51).
        dropout: after the two pools, and after the first dense layer.
        allowed: for each of the eight merges, which of its 2, 3, .. 9 inputs stay (the images first, the latest layer
            last); None for all.
        pooled: averages each map before the dense layers.

    Raises:
        ValueError: ``allowed`` does not fit, or leaves a merge that is needed without inputs.
    """

    def __init__(
        self,
        classes: int = 10,
        channels: int = 3,
        size: int = 32,
        width: int = 32,
        hidden: int = 512,
        merge: Merge = "concat",
        resize: Resize = "bilinear",
        per_feature: bool = False,
        init: Init = 1.0,
        sigmoid: bool = True,
        dropout: tuple[float, float, float] = (0.25, 0.25, 0.5),
        allowed: Sequence[Sequence[bool]] | None = None,
        pooled: bool = False,
    ) -> None:
        super().__init__()
        if size < 10:
            raise ValueError(f"size={size}: two pools leave nothing of images smaller than 10 x 10")
        allowed = _checked(allowed)
        live = _live(allowed)
        self.inputs = [[j for j, kept in enumerate(row) if kept] if live[i] else [] for i, row in enumerate(allowed)]
        self.sizes: list[int] = []
        self.layers, self.connections = nn.ModuleList(), nn.ModuleList()
        maps, side, outputs, sides = channels, size, [channels], [size]
        for i, kind in enumerate(LAYERS):
            needed = any(i + 1 in row for row in self.inputs)
            layer, produced, side = self._layer(i, kind, maps, side, width, dropout)
            self.layers.append(layer if needed else None)
            outputs.append(produced)
            sides.append(side)
            self.sizes.append(max(sides) if merge == "pad" else min(sides))
            chosen = [outputs[j] for j in self.inputs[i]]
            if live[i]:
                self.connections.append(
                    GatedConnections(chosen, merge, resize, per_feature, init, sigmoid, features=chosen[-1])
                )
                maps, side = self.connections[-1].out_channels, self.sizes[-1]
            else:
                self.connections.append(None)
        self.pooled = pooled
        self.hidden = nn.Linear(maps * (1 if pooled else side**2), hidden)
        self.drop = Dropout(dropout[2])
        self.output = nn.Linear(hidden, classes)
        self.apply(glorot)

    def forward(self, images: Tensor) -> Tensor:
        """(n, channels, size, size) -> logits (n, classes)."""
        outputs: list[Tensor | None] = [images]
        fitted: dict[tuple[int, int], Tensor] = {}  # (input, side): merges of the same side share it, gates differ
        x = images
        for layer, connection, inputs, side in zip(self.layers, self.connections, self.inputs, self.sizes, strict=True):
            outputs.append(None if layer is None else layer(x))
            if connection is not None:
                for j in inputs:
                    if (j, side) not in fitted:
                        fitted[j, side] = connection.fit(outputs[j], (side, side))
                x = connection([fitted[j, side] for j in inputs], (side, side))
        x = x.mean(dim=(2, 3)) if self.pooled else x.flatten(1)
        return self.output(self.drop(F.relu(self.hidden(x))))

    def gates(self) -> list[dict[int, Tensor]]:
        """For each of the eight merges: input number -> the current value of its gate, () or (channels,), detached."""
        return [
            {} if connection is None else dict(zip(inputs, connection.gates(), strict=True))
            for connection, inputs in zip(self.connections, self.inputs, strict=True)
        ]

    @staticmethod
    def _layer(
        i: int, kind: str, maps: int, side: int, width: int, dropout: tuple[float, float, float]
    ) -> tuple[nn.Module, int, int]:
        """The layer, its maps and their side."""
        if kind == "pool":
            return nn.MaxPool2d(2), maps, side // 2
        if kind == "dropout":
            return Dropout(dropout[i // 4]), maps, side
        filters = width * (1 + i // 4)
        conv = nn.Conv2d(maps, filters, 3, padding=PADDINGS[i], bias=False)
        return nn.Sequential(conv, nn.ReLU()), filters, side - 2 + 2 * PADDINGS[i]


def open_connections(gates: Sequence[dict[int, Tensor]], threshold: float) -> list[list[bool]]:
    """The ``allowed`` of a pruned network (claim 58): gates at or above ``threshold``, and each merge's strongest.

    Args:
        gates: of a trained ConnectedNet; those per feature map count with the mean of their absolute values.
        threshold: compared with absolute gate values, so that negative raw weights count as open.
    """
    allowed = []
    for i, row in enumerate(gates):
        strength = {j: float(value.abs().mean()) for j, value in row.items()}
        strongest = max(strength, key=strength.__getitem__, default=None)
        allowed.append([j in strength and (strength[j] >= threshold or j == strongest) for j in range(i + 2)])
    return allowed


def _checked(allowed: Sequence[Sequence[bool]] | None) -> list[list[bool]]:
    if allowed is None:
        return [[True] * (i + 2) for i in range(len(LAYERS))]
    found = [len(row) for row in allowed]
    if found != [i + 2 for i in range(len(LAYERS))]:
        raise ValueError(f"allowed needs eight rows of 2, 3, .. 9 entries; found rows of {found}")
    return [[bool(kept) for kept in row] for row in allowed]


def _live(allowed: list[list[bool]]) -> list[bool]:
    """Which merges reach the output: merge i feeds layer i + 1, whose output is input i + 2 of the merges after it."""
    live = [False] * len(LAYERS)
    live[-1] = True
    for i in reversed(range(len(LAYERS) - 1)):
        live[i] = any(live[k] and allowed[k][i + 2] for k in range(i + 1, len(LAYERS)))
    empty = [i for i in range(len(LAYERS)) if live[i] and not any(allowed[i])]
    if empty:
        raise ValueError(f"allowed closes every input of merge {empty[0]}, whose output is needed")
    return live

"""LSTMs over the pixels of an image: along rows, and along diagonals from both sides (van den Oord et al., 2016).

All have ``forward`` for whole images, and ``start`` and ``step`` for one pixel after the other, which keep states.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from reprise.layers.masked import Cache, MaskedConv2d


def skew(images: Tensor) -> Tensor:
    """(n, c, h, w) -> (n, c, h, w + h - 1): each row begins a pixel further right than the one above, zeros around.

    A diagonal of the image is a column of what comes out.
    """
    height, width = images.shape[-2:]
    wide = F.pad(images, (0, height)).flatten(2)  # rows of w + h: read as rows of one less, each is moved by one
    return wide[..., : height * (width + height - 1)].unflatten(2, (height, width + height - 1))


def unskew(skewed: Tensor) -> Tensor:
    """The inverse of ``skew``: (n, c, h, w + h - 1) -> (n, c, h, w)."""
    height, across = skewed.shape[-2:]
    width = across - height + 1
    flat = F.pad(skewed.flatten(2), (0, height))
    return flat.unflatten(2, (height, across + 1))[..., :width]


def gates(total: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
    """Pre-activations (n, 4 features, ...) and memory (n, features, ...) -> new state and memory."""
    out, keep, put, content = total.chunk(4, dim=1)
    memory = keep.sigmoid() * memory + put.sigmoid() * content.tanh()
    return out.sigmoid() * memory.tanh(), memory


class RowLSTM(nn.Module):
    """(n, in_features, h, w) -> (n, features, h, w): a row after the other, a state from three of the row above.

    Args:
        in_features: of the input.
        features: of the states.
        colours: of a pixel, see `reprise.layers.masked`.
    """

    def __init__(self, in_features: int, features: int, colours: int = 1) -> None:
        super().__init__()
        self.features = features
        self.inputs = MaskedConv2d(in_features, 4 * features, 3, "B", colours, repeats=4, rows=1)
        self.states = nn.Conv1d(features, 4 * features, 3, padding=1, bias=False)

    def forward(self, images: Tensor) -> Tensor:
        """The whole image, one step a row."""
        given = self.inputs(images)
        state = memory = given.new_zeros(len(images), self.features, images.shape[3])
        rows = []
        for row in given.unbind(dim=2):
            state, memory = gates(row + self.states(state), memory)
            rows.append(state)
        return torch.stack(rows, dim=2)

    def start(self, count: int, height: int, width: int) -> Cache:
        """States and memories of the row above and of this one; before the first row they are zero."""
        zeros = self.states.weight.new_zeros(count, self.features, width)
        rows = {name: zeros.clone() for name in ("state", "memory", "above")}
        below = self.states.weight.new_zeros(count, 4 * self.features, width)
        return self.inputs.start(count, height, width) | rows | {"below": below, "row": 0}

    def step(self, cache: Cache, inputs: Tensor, i: int, j: int) -> Tensor:
        """One pixel; the row above is convolved once, when its last pixel is done."""
        if cache["row"] < i:
            cache["below"], cache["above"], cache["row"] = self.states(cache["state"]), cache["memory"].clone(), i
        total = self.inputs.step(cache, inputs, i, j) + cache["below"][:, :, j]
        state, cache["memory"][:, :, j] = gates(total, cache["above"][:, :, j])
        cache["state"][:, :, j] = state
        return state


class DiagonalLSTM(nn.Module):
    """(n, in_features, h, w) -> (n, features, h, w): each state from the left and the upper neighbour's.

    All pixels of a diagonal at once: the image is skewed, and its columns follow each other. Arguments: see RowLSTM.
    """

    def __init__(self, in_features: int, features: int, colours: int = 1) -> None:
        super().__init__()
        self.features = features
        self.inputs = MaskedConv2d(in_features, 4 * features, 1, "B", colours, repeats=4)
        self.states = nn.Conv1d(features, 4 * features, 2, bias=False)  # of the upper neighbour and the left one

    def forward(self, images: Tensor) -> Tensor:
        """The whole image, one step a diagonal."""
        height = images.shape[2]
        given = skew(self.inputs(images))
        state = memory = given.new_zeros(len(images), self.features, height)
        row, columns = torch.arange(height, device=images.device), []
        for number, column in enumerate(given.unbind(dim=3)):
            state, memory = gates(column + self.states(F.pad(state, (1, 0))), memory)
            begun = number >= row
            state, memory = state * begun, memory * begun  # no state before a row begins
            columns.append(state)
        return unskew(torch.stack(columns, dim=3))

    def start(self, count: int, height: int, width: int) -> Cache:
        """States by place, with a row and a column of zeros before the first."""
        shape = count, self.features, height + 1, width + 1
        states = {name: self.states.weight.new_zeros(shape) for name in ("state", "memory")}
        return self.inputs.start(count, height, width) | states | {"mix": self.states.weight.flatten(1).t()}

    def step(self, cache: Cache, inputs: Tensor, i: int, j: int) -> Tensor:
        """One pixel, from what is kept of its two neighbours."""
        states = cache["state"]
        both = torch.stack([states[:, :, i, j + 1], states[:, :, i + 1, j]], dim=2).flatten(1)
        total = self.inputs.step(cache, inputs, i, j) + both @ cache["mix"]
        state, memory = gates(total, cache["memory"][:, :, i + 1, j])
        states[:, :, i + 1, j + 1], cache["memory"][:, :, i + 1, j + 1] = state, memory
        return state


class DiagonalBiLSTM(nn.Module):
    """Two diagonal LSTMs, from the left and from the right; arguments: see RowLSTM.

    What comes from the right is moved a row down, so that no pixel sees those to its right.
    """

    def __init__(self, in_features: int, features: int, colours: int = 1) -> None:
        super().__init__()
        self.left = DiagonalLSTM(in_features, features, colours)
        self.right = DiagonalLSTM(in_features, features, colours)

    def forward(self, images: Tensor) -> Tensor:
        """The whole image."""
        right = self.right(images.flip(3)).flip(3)
        return self.left(images) + F.pad(right, (0, 0, 1, -1))

    def start(self, count: int, height: int, width: int) -> Cache:
        """Of both, and the inputs and the answers of the row above."""
        weight = self.left.states.weight
        row = weight.new_zeros(count, self.left.inputs.weight.shape[1], width)
        above = weight.new_zeros(count, self.left.features, width)
        both = {"left": self.left.start(count, height, width), "right": self.right.start(count, height, width)}
        return both | {"inputs": row, "above": above, "row": 0}

    def step(self, cache: Cache, inputs: Tensor, i: int, j: int) -> Tensor:
        """One pixel; what comes from the right is done for a whole row, when its last pixel is known."""
        if cache["row"] < i:
            width = cache["inputs"].shape[2]
            for place in range(width):
                given = cache["inputs"][:, :, width - 1 - place]
                cache["above"][:, :, width - 1 - place] = self.right.step(cache["right"], given, i - 1, place)
            cache["row"] = i
        cache["inputs"][:, :, j] = inputs
        return self.left.step(cache["left"], inputs, i, j) + cache["above"][:, :, j]

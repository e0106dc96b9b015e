"""Claims 106, 107 and 109 against PyTorch: sizes of every geometry, and values on random tensors."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from reprise.studies.convolution.lesson.linear import conv2d, transposed_conv2d
from reprise.studies.convolution.lesson.sizes import (
    conv_output_size,
    conv_output_size_as_written,
    output_padding_for,
    transposed_output_size,
    transposed_output_size_as_written,
)
from reprise.studies.convolution.settings import Grid

Geometry = tuple[int, int, int, int]  # size n, kernel k, stride s, padding p


@dataclass(frozen=True)
class Sizes:
    """Which rules give the right size, one entry a geometry.

    Attributes:
        strides: (geometries,) whole numbers.
        paddings: (geometries,) whole numbers.
        whole: whether the stride divides what the kernel leaves of the padded input: (geometries,) of bools.
        right: whether our formula for a convolution's output is right; it and those below are (geometries,) of bools.
        padded_right: whether the source's is, with N the padded input and without rounding.
        plain_right: whether the source's is, which has no padding in it.
        back_right: whether our formula, and PyTorch, give the input's size back from the forward remainder.
        written_right: whether the source's formula for the way back does.
        default_right: whether no output padding at all does.
    """

    strides: np.ndarray
    paddings: np.ndarray
    whole: np.ndarray
    right: np.ndarray
    padded_right: np.ndarray
    plain_right: np.ndarray
    back_right: np.ndarray
    written_right: np.ndarray
    default_right: np.ndarray


@dataclass(frozen=True)
class Gaps:
    """Largest differences on random tensors, (cases,) each.

    Attributes:
        forward: of our convolution from PyTorch's.
        back: of our transposed convolution from PyTorch's.
        adjoint: of ⟨Ax, y⟩ from ⟨x, Aᵀy⟩, relative to the norms.
    """

    forward: np.ndarray
    back: np.ndarray
    adjoint: np.ndarray


def geometries(grid: Grid) -> list[Geometry]:
    """Every (n, k, s, p) whose kernel fits and whose padding is no wider than the kernel's reach."""
    ranges = (range(1, grid.size + 1), range(1, grid.kernel + 1), range(1, grid.stride + 1), range(grid.padding + 1))
    return [(n, k, s, p) for n, k, s, p in itertools.product(*ranges) if n + 2 * p >= k and p < k]


def compare_sizes(chosen: list[Geometry]) -> Sizes:
    """Sizes by our formulas, by the source's, and by PyTorch's own layers (run on shapes alone)."""
    import torch
    import torch.nn.functional as F

    rows = []
    for n, k, s, p in chosen:
        kernel = torch.empty(1, 1, k, k, device="meta")
        layer = F.conv2d(torch.empty(1, 1, n, n, device="meta"), kernel, stride=s, padding=p)
        o = layer.shape[2]
        extra = output_padding_for(n, k, s, p)
        returned = F.conv_transpose2d(layer, kernel, stride=s, padding=p, output_padding=extra).shape[2]
        rows.append(
            (
                (n + 2 * p - k) % s == 0,
                conv_output_size(n, k, s, p) == o,
                conv_output_size_as_written(n + 2 * p, k, s) == o,
                conv_output_size_as_written(n, k, s) == o,
                transposed_output_size(o, k, s, p, extra) == returned == n,
                transposed_output_size_as_written(o, k, s, p) == n,
                s * (o - 1) + k - 2 * p == n,
            )
        )
    _, _, strides, paddings = np.array(chosen).T
    return Sizes(strides, paddings, *np.array(rows).T)


def compare_values(chosen: list[Geometry], count: int) -> Gaps:
    """Both directions and the adjoint identity on random tensors, each of another geometry."""
    import torch
    import torch.nn.functional as F

    rng = np.random.default_rng(106)
    rows = []
    for index in rng.choice(len(chosen), size=count):
        n, k, s, p = chosen[index]
        x, kernels = rng.normal(size=(2, 3, n, n)), rng.normal(size=(4, 3, k, k))
        forward = conv2d(x, kernels, stride=s, padding=p)
        y = rng.normal(size=forward.shape)
        extra = output_padding_for(n, k, s, p)
        back = transposed_conv2d(y, kernels, s, p, extra)
        kernels_, x_, y_ = (torch.from_numpy(array) for array in (kernels, x, y))
        theirs = F.conv2d(x_, kernels_, stride=s, padding=p).numpy()
        theirs_back = F.conv_transpose2d(y_, kernels_, stride=s, padding=p, output_padding=extra).numpy()
        apart = abs((forward * y).sum() - (x * back).sum())
        rows.append(
            (
                np.abs(forward - theirs).max(),
                np.abs(back - theirs_back).max(),
                apart / (np.linalg.norm(forward) * np.linalg.norm(y) + 1e-300),
            )
        )
    return Gaps(*np.array(rows).T)

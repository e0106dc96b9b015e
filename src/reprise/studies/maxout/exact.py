"""Claims 42 and 44: the source's function against the definition, against pooling and dropout, and what it can be."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from reprise.claims.declarations import Declarations
from reprise.claims.evidence import Finding, equals, primary
from reprise.layers.maxout import Maxout, maxout
from reprise.statistics import exact
from reprise.studies.maxout import lesson

MOST, PIECES, POINTS = 24, range(1, 9), 4001
SHAPES = {"dense (examples, channels)": (3,), "images (examples, height, width, channels)": (2, 3, 2)}
FIGURE = "maxout-convex"


def right(shape: tuple[int, ...], axis: int | None = None) -> np.ndarray:
    """(MOST, MOST) bool: whether the listing does as it should with so many channels (rows) and units (columns).

    Args:
        shape: of the inputs without their channels.
        axis: of the channels, as the listing takes it; None puts them last.
    """
    found = np.zeros((MOST, MOST), dtype=bool)
    for channels in range(1, MOST + 1):
        place = len(shape) if axis is None else axis
        inputs = np.random.default_rng([42, channels]).standard_normal((*shape[:place], channels, *shape[place:]))
        for units in range(1, MOST + 1):
            try:
                given = lesson.listing(inputs, units, axis)
            except ValueError:
                found[channels - 1, units - 1] = channels % units != 0
                continue
            wanted = None if channels % units else lesson.definition(inputs, units, place)
            found[channels - 1, units - 1] = wanted is not None and np.array_equal(given, wanted)
    return found


def apart(images: bool) -> float:
    """Largest difference of maxout from PyTorch's pooling along the channels, over all numbers of pieces."""
    furthest = 0.0
    for pieces in PIECES:
        rng, units = np.random.default_rng([44, pieces]), 6
        x = torch.from_numpy(rng.standard_normal((5, units * pieces, *((4, 3) if images else ()))))
        window = (pieces, 1, 1) if images else (pieces, 1)
        pooled = (F.max_pool3d if images else F.max_pool2d)(x[:, None] if images else x[:, None, :, None], window)
        pooled = pooled.reshape(5, units, *x.shape[2:])
        furthest = max(furthest, float((maxout(x, units) - pooled).abs().max()))
    return furthest


def fit(pieces: int) -> np.ndarray:
    """(POINTS,) what a maxout unit with the best pieces gives for x from -1 to 1."""
    unit = Maxout(1, 1, pieces).double()
    slopes, intercepts = lesson.square_pieces(pieces)
    with torch.no_grad():
        unit.linear.weight.copy_(torch.from_numpy(slopes)[:, None])
        unit.linear.bias.copy_(torch.from_numpy(intercepts))
        return unit(torch.linspace(-1, 1, POINTS, dtype=torch.float64)[:, None])[:, 0].numpy()


def error(pieces: int) -> float:
    """The largest error of that fit to x²."""
    return float(np.abs(fit(pieces) - np.linspace(-1, 1, POINTS) ** 2).max())


def passed_on(operation: str, pieces: int = 4, channels: int = 64) -> tuple[int, float]:
    """How many values come out for each example, and which share of the inputs is among them unchanged."""
    x = torch.from_numpy(np.random.default_rng(44).standard_normal((200, channels)))
    if operation == "maxout":
        out = maxout(x, channels // pieces)
    elif operation == "max pooling":
        out = F.max_pool1d(x[:, None], pieces)[:, 0]
    else:
        kept = np.random.default_rng(45).random(x.shape) >= 1 - 1 / pieces
        out = x * torch.from_numpy(kept)
    return out.shape[1], float(np.isin(x.numpy(), out.numpy()).mean())


def findings(declared: Declarations) -> list[Finding]:
    """Both claims."""
    counts = np.arange(1, MOST + 1)
    divides = counts[:, None] % counts == 0
    parted = [float(right(shape, axis=1)[divides].mean()) for shape in ((2,), (2, 3, 2))]
    found = [
        primary(declared[42], exact(float(right(shape).mean()), MOST**2), of=words) for words, shape in SHAPES.items()
    ]
    found.append(
        Finding(
            42,
            "The same with feature maps whose channels come first (axis=1), pairs that divide only",
            exact(parted[1], int(divides.sum())),
            equals(1),
            kind="slip",
            defect=22,
            note="The reshape puts the pieces' axis last: with axis=1 it groups pixels and not channels, unless "
            f"each group is one channel; of dense inputs, whose second axis is the last, {parted[0]:.0%} are right. "
            "TensorFlow's own (tf.contrib.layers.maxout) reshapes alike. Before that it fills in sizes that are not "
            "known (None); the listing hands them on as they are, and is asked about known shapes alone.",
        )
    )
    found += [
        primary(declared[44], exact(apart(images), len(PIECES)), of=words, figures=(FIGURE,))
        for words, images in (("dense inputs", False), ("feature maps", True))
    ]
    for operation in ("maxout", "max pooling", "dropout"):
        count, share = passed_on(operation)
        found.append(
            Finding(
                44,
                f"Values that {operation} gives for 64 inputs, four pieces or three quarters dropped",
                exact(count, 200, "values"),
                note=f"{share:.2f} of the inputs are passed on unchanged: by maxout and pooling the largest of each "
                "group, by dropout any, and its output keeps the dimension.",
            )
        )
    found.append(
        Finding(
            44,
            "Largest error of a maxout unit's fit to x² on [-1, 1], times 2 k², k from 1 to 8: the furthest from 1",
            exact(max((error(k) * 2 * k**2 for k in PIECES), key=lambda ratio: abs(ratio - 1))),
            equals(1, 1e-9),
            kind="oracle",
            oracle="Chebyshev: no k pieces come nearer than 1 / (2 k²)",
            figures=(FIGURE,),
        )
    )
    return found

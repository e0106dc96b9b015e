"""``reprise inversion``: what each layer of a network still knows of the user's own picture."""

from __future__ import annotations

import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from reprise.files import check_writable
from reprise.inside.gradients import activations
from reprise.inside.invert import invert, peak_signal_to_noise
from reprise.inside.painting import network_for
from reprise.inside.pictures import SMALLEST, check_format, read_colour, spared, write_colour
from reprise.inside.style import Features

LARGEST = 2048  # pixels of the longer side
GAP = 4  # white pixels between pictures


def inverted(
    picture: Path,
    out: Path,
    weights: Path | None = None,
    size: int = 160,
    steps: int = 200,
    smoothness: float = 1.0,
    progress: bool = False,
) -> str:
    """Inverts each layer that style transfer asks and writes a sheet; Ctrl-C writes the layers that are done.

    Args:
        picture: the file.
        out: the sheet: the picture, then a column a layer, without (above) and with total variation (below).
        weights: a file of a pretrained network; by default the network that ``reprise style`` paints with.
        size: longer side of the picture, pixels.
        steps: of Adam, for every inversion.
        smoothness: weight of the total variation.
        progress: on the terminal.

    Returns:
        A line a layer: the peak signal-to-noise ratio (dB) and the distance of the features, in both forms.

    Raises:
        ValueError: a picture, a file of weights or a setting that cannot be used.
        OSError: a file cannot be read or written.
    """
    if not SMALLEST <= size <= LARGEST or steps < 1 or not 0 <= smoothness < float("inf"):
        raise ValueError(f"expected --size {SMALLEST} to {LARGEST}, --steps from 1, --smoothness from 0")
    check_format(out)
    spared(out, picture)
    check_writable(out)
    truth = read_colour(picture, size)
    model, layers, words = network_for(weights)
    depth = {name: place for place, (name, _) in enumerate(model.named_modules())}
    names = sorted(set(layers), key=lambda layer: depth.get(layer, -1))
    columns, rows, stopped = [torch.cat([truth, torch.ones_like(truth)], dim=2)], [], ""
    for name in names:
        if progress:
            print(f"\rlayer {name} ({len(rows) + 1} of {len(names)})   ", end="", file=sys.stderr, flush=True)
        try:
            images, row = _both(activations(model, [name]), truth, steps, smoothness)
        except KeyboardInterrupt:
            if not rows:
                raise
            stopped = f", stopped after {len(rows)} layers"
            break
        columns.append(images)
        rows.append(f"{name:20} {row}")
    if progress:
        print(file=sys.stderr)
    write_colour(out, _side_by_side(columns))
    h, w = truth.shape[-2:]
    head = f"{'layer':20} plain: dB  features    smooth: dB  features"
    return "\n".join([f"{out}: {w} x {h}, {words}{stopped}", head, *rows])


def _both(features: Features, truth: Tensor, steps: int, smoothness: float) -> tuple[Tensor, str]:
    def ask(images: Tensor) -> Tensor:
        return features(images)[0]

    with torch.no_grad():
        targets = ask(truth)
    images, words = [], []
    for weight in (0.0, smoothness):
        found = invert(ask, targets, tuple(truth.shape[1:]), steps, smoothness=weight)
        images.append(found.images)
        words.append(f"{float(peak_signal_to_noise(found.images, truth)[0]):9.2f}  {float(found.distance[0]):8.4f}")
    return torch.cat(images, dim=2), "      ".join(words)


def _side_by_side(columns: list[Tensor]) -> Tensor:
    return torch.cat([F.pad(each, (GAP,) * 4, value=1.0) for each in columns], dim=3)

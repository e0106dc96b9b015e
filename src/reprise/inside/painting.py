"""``reprise style``: one picture in the style of another, with a network from a file or one that was trained here."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import torch
from torch import Tensor, nn

from reprise.files import check_writable
from reprise.inside.gradients import activations
from reprise.inside.pictures import SMALLEST, check_format, read_colour, spared, write_colour
from reprise.inside.pretrained import load_pretrained
from reprise.inside.style import Aim, Features, Weighting, transfer
from reprise.inside.trained import check_trained
from reprise.registry import has_part, import_part, known_studies
from reprise.workspace import Workspace

AT_ONCE = 10  # steps between two looks
LARGEST = 8192  # pixels of the longer side: beyond, no machine holds a network's features
HEAVIEST = 1e12  # weight: beyond, single precision says nothing of the other loss


def paint(
    content: Path,
    style: Path,
    out: Path,
    weights: Path | None = None,
    size: int = 512,
    steps: int = 200,
    content_weight: float = 1.0,
    style_weight: float = 1e4,
    noise: bool = False,
    progress: bool = False,
) -> str:
    """Paints and writes the picture; Ctrl-C writes what there is.

    Args:
        content, style: the two pictures.
        out: where the result goes.
        weights: a file of a pretrained network; by default the first network of the study that trains one for this.
        size: longer side of all three pictures.
        steps: of L-BFGS.
        content_weight: of the mean squared difference of features, relative to the content's own mean square.
        style_weight: of the style's loss, relative to what the content picture begins with.
        noise: begin with noise, as the source does, and not with the content picture.
        progress: on the terminal.

    Returns:
        What was done, in a sentence or two.

    Raises:
        ValueError: a picture, a file of weights or a setting that cannot be used.
        OSError: a file cannot be read or written.
    """
    weights_fit = all(0 <= each <= HEAVIEST for each in (content_weight, style_weight))
    if not SMALLEST <= size <= LARGEST or steps < 1 or not weights_fit or content_weight + style_weight == 0:
        raise ValueError(
            f"expected --size {SMALLEST} to {LARGEST}, --steps from 1, and weights of 0 to {HEAVIEST:g}, one above 0"
        )
    check_format(out)
    spared(out, content, style)
    check_writable(out)
    pictures = read_colour(content, size), read_colour(style, size)
    model, layers, words = network_for(weights)
    features = activations(model, layers)
    aim = Aim.of(features, *pictures)
    start = torch.rand(pictures[0].shape, generator=torch.Generator().manual_seed(0)) if noise else pictures[0]
    held = _Held(steps, progress, start)
    weighting = _relative(features, aim, pictures[0], content_weight, style_weight)
    try:
        transfer(features, aim, start, weighting, steps, at_once=min(AT_ONCE, steps), heard=held)
    except KeyboardInterrupt:
        if not held.done:
            raise
    finally:
        held.close()
    write_colour(out, held.image)
    h, w = held.image.shape[-2:]
    stopped = "" if held.done == steps else f", stopped after {held.done} of {steps} steps"
    return f"{out}: {w} x {h}, {words}{stopped}; style loss {held.style[0]:.4g} -> {held.style[-1]:.4g}"


class _Held:
    """The last picture and its losses, and a line on the terminal."""

    def __init__(self, steps: int, progress: bool, image: Tensor) -> None:
        self.steps, self.progress, self.image = steps, progress, image
        self.done, self.style, self.begun = 0, [], time.monotonic()

    def __call__(self, done: int, content: float, style: float, image: Tensor) -> None:
        self.done, self.image = done, image
        self.style.append(style)
        if self.progress:
            left = (time.monotonic() - self.begun) / done * (self.steps - done) if done else 0.0
            words = f"\rstep {done}/{self.steps}  content {content:.3g}  style {style:.3g}  {left:.0f} s left   "
            print(words, end="", file=sys.stderr, flush=True)

    def close(self) -> None:
        if self.progress:
            print(file=sys.stderr)


def _relative(features: Features, aim: Aim, content: Tensor, content_weight: float, style_weight: float) -> Weighting:
    """Weights that mean the same whatever the network and the size: both losses in units of their own."""
    with torch.no_grad():
        answers = features(content)
        scale = answers[0].square().sum()
        style = aim.losses(answers).style
    if not (scale > 0 and style > 0):
        raise ValueError("the network says nothing of these pictures, or both are the same")
    return Weighting(content_weight / float(scale), style_weight / 1e4 * 10 / float(style))


def network_for(weights: Path | None) -> tuple[nn.Module, tuple[str, ...], str]:
    """The network, its layers (the content's first), and what it is in words."""
    if weights is not None:
        model = load_pretrained(weights)
        return model, model.layers, f"{model.name} ({weights.name})"
    able = [name for name in known_studies() if has_part(name, "painter")]
    for name in able:
        workspace = Workspace(name)
        for variant in workspace.config.variants:
            if workspace.run(variant).is_dir():
                check_trained(workspace, variant)
        try:
            model, layers = import_part(name, "painter").painter(workspace)
        except FileNotFoundError:
            continue
        return model, layers, f"a network of the study {name}, trained on {workspace.source} images"
    raise ValueError(
        "no network is trained here yet: `reprise repro " + " ".join(able) + "` trains one, or give --weights FILE"
    )

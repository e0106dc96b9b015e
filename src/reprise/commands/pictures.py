"""Commands that look into networks, and paint with them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

app = typer.Typer()
PANEL = "On your own data"
Weights = Annotated[
    Path | None,
    typer.Option(help="VGG-16, VGG-19 or SqueezeNet 1.1: .safetensors, .npz, .h5 (default: one trained here)."),
]


@app.command(rich_help_panel=PANEL)
def style(
    content: Annotated[Path, typer.Argument(help="Picture that is painted anew.")],
    style: Annotated[Path, typer.Argument(help="Picture in whose style.")],
    out: Annotated[Path, typer.Option(help="Where the result goes: .png, .jpg, .tif, .webp or .bmp.")],
    weights: Weights = None,
    size: Annotated[int, typer.Option(help="Longer side, pixels.")] = 512,
    steps: Annotated[int, typer.Option(help="Iterations of L-BFGS.")] = 200,
    content_weight: Annotated[float, typer.Option(help="Of the content.")] = 1.0,
    style_weight: Annotated[float, typer.Option(help="Of the style.")] = 1e4,
    noise: Annotated[bool, typer.Option("--noise", help="Begin with noise, not with the content picture.")] = False,
) -> None:
    """Paint one picture in the style of another (Gatys et al., 2016). Ctrl-C keeps what there is.

    Example: reprise style photo.jpg painting.jpg --out result.png --weights squeezenet.npz --size 256
    """
    from reprise.inside.painting import paint

    options = {"content_weight": content_weight, "style_weight": style_weight, "noise": noise}
    typer.echo(paint(content, style, out, weights, size, steps, progress=sys.stderr.isatty(), **options))


@app.command(rich_help_panel=PANEL)
def saliency(
    picture: Annotated[Path, typer.Argument(help="Picture that is asked about.")],
    network: Annotated[str, typer.Argument(help="STUDY/VARIANT of a trained network that classifies images.")],
    out: Annotated[Path, typer.Option(help="PNG: the picture as the network sees it, and its map.")],
    method: Annotated[
        Literal["gradient", "integrated", "smooth", "occlusion"], typer.Option(help="How pixels are weighed.")
    ] = "integrated",
    label: Annotated[int | None, typer.Option(help="Class to explain (default: the one it names).")] = None,
    seed: Annotated[int, typer.Option(help="Which of the variant's networks.")] = 0,
) -> None:
    """Show which pixels of a picture a trained network's answer depends on.

    Example: reprise saliency cat.jpg rotation/baseline --out map.png
    """
    from reprise.inside.explaining import explain

    typer.echo(explain(picture, network, out, method, label, seed))


@app.command(rich_help_panel=PANEL)
def inversion(
    picture: Annotated[Path, typer.Argument(help="Picture whose features are inverted.")],
    out: Annotated[Path, typer.Option(help="Where the sheet goes: .png, .jpg, .tif, .webp or .bmp.")],
    weights: Weights = None,
    size: Annotated[int, typer.Option(help="Longer side, pixels.")] = 160,
    steps: Annotated[int, typer.Option(help="Of Adam, for every layer and form.")] = 200,
    smoothness: Annotated[float, typer.Option(help="Weight of the total variation, in the lower row.")] = 1.0,
) -> None:
    """Show what a network's layers still know of a picture (Mahendran and Vedaldi, 2015). Ctrl-C keeps what there is.

    The sheet has the picture, then a column a layer: the inversion alone, and below it with total variation. Printed
    are the peak signal-to-noise ratio (dB, more is nearer to the picture) and how far the features are, relative to
    their size.

    Example: reprise inversion photo.jpg --out layers.png --weights squeezenet.npz
    """
    from reprise.inside.inverting import inverted

    typer.echo(inverted(picture, out, weights, size, steps, smoothness, progress=sys.stderr.isatty()))

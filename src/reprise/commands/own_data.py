"""Commands for anyone's own data: they need no pipeline."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

app = typer.Typer()
PANEL = "On your own data"


@app.command(rich_help_panel=PANEL)
def duplicates(
    images: Annotated[Path, typer.Argument(help="Folder of pictures: whatever Pillow decodes, any depth, any sizes.")],
    masks: Annotated[
        Path | None, typer.Option(help="Folder of masks: adds whether a pair's labels contradict (see above).")
    ] = None,
    threshold: Annotated[float | None, typer.Option(help="Distance below which two are a pair (hash's own).")] = None,
    hash: Annotated[
        Literal["blocks", "strips", "robust"],
        typer.Option(help="blocks: per-block histograms; strips: what the source ran; robust: finds the hard ones."),
    ] = "blocks",
    scope: Annotated[
        Literal["all", "subject"], typer.Option(help="subject: only names with the same part before _.")
    ] = "all",
    out: Annotated[Path | None, typer.Option(help="CSV: image_a,image_b,distance,inconsistent.")] = None,
    sheet: Annotated[Path | None, typer.Option(help="PNG that shows the worst pairs side by side.")] = None,
    most_pairs: Annotated[int, typer.Option(min=0, help="More pairs are an error: nothing is written.")] = 1_000_000,
) -> None:
    """Find near-duplicate pictures, and labels that contradict each other.

    Example: reprise duplicates photos --hash robust --out pairs.csv --sheet pairs.png

    Pictures that are equal at the size compared are always a pair, at distance 0. A file that cannot be read is named,
    left out and counted; so is a mask that cannot be used, whose pairs have an empty `inconsistent`. That is no failure
    (exit code 0) unless nothing is left to compare. Several pages or frames in one file are refused. Whole numbers of
    more than 8 bits are read by one range for all pictures. Hidden files and linked folders are passed over and
    counted.

    Masks: black is background, and so is what is transparent; everything else is filled, by the colours shown. Formats
    that lose detail (JPEG, lossy WebP, AVIF): up to 16 of 255 is black, from half of the brightest on is filled. A mask
    of one colour is empty where it is black and full where it is white or 1. What is ambiguous is refused: no black
    beside other colours, a photograph, noise.

    In the CSV, ./ stands before a name that a spreadsheet would take for a formula: the same file in the folder.
    """
    from reprise.data.finder import find_duplicates

    found = find_duplicates(images, masks, threshold, hash, scope, out, sheet, sys.stderr.isatty(), most_pairs)
    if found.problems:
        typer.echo(found.complaints(), err=True)
    typer.echo(found)

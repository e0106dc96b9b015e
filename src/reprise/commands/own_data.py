"""Commands for anyone's own data: they need no pipeline."""

from __future__ import annotations

import sys
from contextlib import ExitStack
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
    labels: Annotated[
        str | None, typer.Option(help="`folders` (cats/1.jpg is a cat) or a CSV image,label: adds the same.")
    ] = None,
    against: Annotated[Path | None, typer.Option(help="Second folder: only pairs between the two (leakage).")] = None,
    threshold: Annotated[float | None, typer.Option(help="Distance below which two are a pair (hash's own).")] = None,
    hash: Annotated[
        Literal["robust", "blocks", "strips"],
        typer.Option(help="robust: finds the hard ones; blocks: per-block histograms; strips: what the source ran."),
    ] = "robust",
    scope: Annotated[
        Literal["all", "subject"], typer.Option(help="subject: only names with the same part before _.")
    ] = "all",
    mirrored: Annotated[bool, typer.Option("--mirrored", help="Also mirror images, left for right.")] = False,
    cropped: Annotated[bool, typer.Option("--cropped", help="Also copies cut to 55-96 % of each side (slow).")] = False,
    out: Annotated[Path | None, typer.Option(help="CSV: image_a,image_b,distance,inconsistent.")] = None,
    listing: Annotated[
        Path | None, typer.Option("--list", help="CSV of groups, what to keep or remove: group,image,action,instead...")
    ] = None,
    sheet: Annotated[Path | None, typer.Option(help="PNG: the nearest pairs and the doubtful ones.")] = None,
    most_pairs: Annotated[int, typer.Option(min=0, help="More pairs are an error: nothing is written.")] = 1_000_000,
    scheduler: Annotated[
        str, typer.Option(metavar="ADDRESS|local:N|slurm:N", help="Compare on the nodes of a Dask cluster.")
    ] = "",
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 if a file cannot be used.")] = False,
) -> None:
    """Find near-duplicate pictures, and labels that contradict each other.

    Example: reprise duplicates photos --list groups.csv --sheet pairs.png

    Does the test set leak? reprise duplicates train --against test --list leaks.csv

    Pictures that are equal at the size compared are always a pair, at distance 0. A file that cannot be read is named,
    left out and counted; so is a mask that cannot be used, whose pairs have an empty `inconsistent`. That is no failure
    (exit code 0) without --strict, unless nothing is left to compare. Several pages or frames in one file are refused.
    Whole numbers of more than 8 bits are read by one range for all pictures. Hidden files and linked folders are passed
    over and counted.

    The list keeps the picture of most pixels and removes its near-duplicates, then goes on with what is left: something
    near all that goes is kept. Of equally many pixels a format that loses nothing (PNG, TIFF, BMP...) is kept, then the
    larger file, then the shorter name. Between two folders it lists what of the first is near something in the second.

    Masks: black is background, and so is what is transparent; everything else is filled, by the colours shown. Formats
    that lose detail (JPEG, lossy WebP, AVIF): up to 16 of 255 is black, from half of the brightest on is filled. A mask
    of one colour is empty where it is black and full where it is white or 1. What is ambiguous is refused: no black
    beside other colours, a photograph, noise.

    With --scheduler pictures are opened here, and nodes search the pairs, with the same answer. Nodes elsewhere have to
    see the current folder, in which the features lie meanwhile.

    In the CSV, ./ stands before a name that a spreadsheet would take for a formula: the same file in the folder.
    """
    from reprise.data.finder import find_duplicates

    more = {"against": against, "labels": labels, "listing": listing, "mirrored": mirrored, "cropped": cropped}
    shown = sys.stderr.isatty()
    with ExitStack() as stack:
        if scheduler:
            from reprise.repro.searching import searching

            more["search"] = stack.enter_context(searching(scheduler))
        found = find_duplicates(images, masks, threshold, hash, scope, out, sheet, shown, most_pairs, **more)
    if found.problems:
        typer.echo(found.complaints(), err=True)
    typer.echo(found)
    if len(found.pairs) and not found.written:
        typer.echo("Which they are: --list FILE.csv names them, --sheet FILE.png shows them", err=True)
    raise typer.Exit(int(strict and bool(found.problems)))

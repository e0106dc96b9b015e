"""Commands that score predictions for anyone's own data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()
PANEL = "On your own data"


@app.command(rich_help_panel=PANEL)
def scores(
    truth: Annotated[Path, typer.Argument(help="Folder of label pictures: grey or palette PNG, class numbers.")],
    predicted: Annotated[Path, typer.Argument(help="Folder of predicted ones, by the same names.")],
    classes: Annotated[
        int | None, typer.Option(min=1, max=255, help="Labels beyond are errors (largest found).")
    ] = None,
    ignore: Annotated[int, typer.Option(min=0, max=255, help="Label of the truth that counts nowhere.")] = 255,
    distance: Annotated[int | None, typer.Option(min=1, help="Pixels of the boundary (2 % of the diagonal).")] = None,
    out: Annotated[Path | None, typer.Option(help="CSV: class,pixels,accuracy,iu,dice,boundary_iu.")] = None,
    worst: Annotated[
        Path | None, typer.Option(help="PNG: truth, prediction and mistakes of the worst pictures.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Score segmentations: accuracy, IU, dice and boundary IU of every class, and their means.

    Example: reprise scores truth predicted --classes 21 --out scores.csv --worst worst.png

    Counts are added over all pictures before they are divided, as the FCN paper does. Label pictures are read by their
    numbers: of a palette the index counts. Names without a fellow, sizes that differ and labels out of range are errors
    that name every file.
    """
    from json import dumps

    from reprise.data.scoring import COLUMNS, score_folders
    from reprise.files import shown

    found = score_folders(truth, predicted, classes, ignore, out, worst, distance)
    if json:
        rows = [dict(zip(COLUMNS, row, strict=True)) for row in found.rows]
        typer.echo(dumps({"summary": found.summary, "classes": rows, "pictures": dict(found.pictures)}, indent=2))
    else:
        typer.echo(found)
    for path in (out, worst):
        if path is not None:
            typer.echo(f"wrote {shown(path)}", err=True)


@app.command(rich_help_panel=PANEL)
def detection_scores(
    truth: Annotated[Path, typer.Argument(help="COCO's annotations: images, categories, annotations.")],
    predicted: Annotated[Path, typer.Argument(help="COCO's results: a list of image_id, category_id, bbox, score.")],
    masks: Annotated[
        bool, typer.Option("--masks", help="Compare segmentations (polygons or runs), not boxes.")
    ] = False,
    per_class: Annotated[bool, typer.Option("--per-class", help="Average precision of every class too.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Score detections by COCO's rules: the same twelve numbers as pycocotools, several times faster.

    Example: reprise detection-scores instances.json detections.json

    All that is wrong with a file is told at once: unknown pictures and classes, boxes that are reversed or not finite,
    masks that do not fit their picture, ids that stand twice. Nothing is scored then, and the exit code is 1. Boxes
    without area or outside their picture are counted and scored as they are, as COCO does.
    """
    from json import dumps

    from reprise.data.detection_report import report

    found = report(truth, predicted, masks)
    for remark in found.truth.remarks:
        typer.echo(f"{truth}: {remark}", err=True)
    typer.echo(dumps(found.as_json(), indent=2) if json else found.text(per_class))

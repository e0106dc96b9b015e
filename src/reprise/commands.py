"""Further commands for your own data, part of ``reprise`` like those in ``reprise.cli``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()


@app.command()
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

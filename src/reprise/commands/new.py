"""``reprise new``: what is begun from a working example."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(name="new", rich_help_panel="The pipeline", help="Begin a study of your own.", no_args_is_help=True)


@app.command("study")
def new_study(
    name: Annotated[str, typer.Argument(help="Of its folders and stages: lower-case letters, digits, _.")],
    claim: Annotated[str, typer.Option(help="What is claimed, one sentence.")],
    title: Annotated[str | None, typer.Option(help="The claim in a few words (default: the name).")] = None,
    source: Annotated[str, typer.Option(help="Who says so; a source of its own in the report.")] = "Our own",
) -> None:
    """Write a claim of your own and a working study of it: settings, declaration, measurement, stages and a test.

    Example: reprise new study coin --title "A coin is fair" --claim "Heads come up half of the time."

    The claim goes into src/reprise/claims/own.csv, beside the catalogue, and gets the next free number. The study
    measures a placeholder, and is inconclusive until measure.py is yours and the line that says so is deleted. All
    files that were written or changed are listed, and what to do next: edit, `git add`, `reprise run NUMBER`, `reprise
    repro`.
    """
    from reprise.closure import write_deps
    from reprise.scaffold import new_study as write
    from reprise.scaffold import next_steps

    number, files = write(name, claim, source, title)
    if sys.stderr.isatty():
        typer.echo("working out what every stage reads: ten seconds and more on a busy machine", err=True)
    changed = write_deps([Path("dvc.yaml"), *sorted(Path("pipelines").glob("*/dvc.yaml"))])
    files = sorted({*files, *changed})
    for path in files:
        typer.echo(path)
    typer.echo(next_steps(name, number, files), err=True)

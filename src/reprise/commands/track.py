"""``reprise track``: MLflow shows what DVC holds."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    name="track", rich_help_panel="The pipeline", help="MLflow: a projection of what DVC holds.", no_args_is_help=True
)


@app.command("init")
def track_init() -> None:
    """Create the database once, before anything runs side by side."""
    from reprise.tracking import initialise

    typer.echo(initialise(Path()))


@app.command("sync")
def track_sync() -> None:
    """Rebuild all runs from DVC's outputs; twice in a row changes nothing."""
    from reprise.tracking import sync

    counts = sync(Path(), progress=_dots())
    typer.echo(f"{counts['made']} runs made, {counts['kept']} kept, {counts['removed']} removed")


@app.command("views")
def track_views(
    study: Annotated[str, typer.Argument(help="Of which study; default: the runs table of every one.")] = "",
    at: Annotated[str, typer.Option(help="Where MLflow's pages are.")] = "http://127.0.0.1:5000",
) -> None:
    """Print the addresses of each study's runs table, and of a study's comparisons: filters that can be shared.

    Of a study that trains nothing these are its claims. Views without a run are left out.

    Example: reprise track views unet
    """
    from reprise.registry import nearest
    from reprise.tracking import views

    found = views(Path())
    if study and study not in found:
        raise ValueError(f"no runs of {study!r}{nearest(study, found)}; `reprise track sync` brings them")
    rows = found[study] if study else {name: next(iter(each.values())) for name, each in found.items()}
    for name, address in rows.items():
        typer.echo(f"{name}\t{at.rstrip('/')}/{address}")
    typer.echo("What is not here `reprise track sync` brings. MLflow's Columns menu adds measures.", err=True)


def _dots() -> Callable[[str], None]:
    return (lambda name: print(name, file=sys.stderr)) if sys.stderr.isatty() else (lambda name: None)

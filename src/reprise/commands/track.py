"""``reprise track``: MLflow shows what DVC holds."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

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


def _dots() -> Callable[[str], None]:
    return (lambda name: print(name, file=sys.stderr)) if sys.stderr.isatty() else (lambda name: None)

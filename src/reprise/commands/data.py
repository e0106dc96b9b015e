"""``reprise data``: what sets there are, where official files go, whether they are whole."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    name="data",
    rich_help_panel="The pipeline",
    help="Data sets: what there is, where official files go, whether they are whole.",
    no_args_is_help=True,
)


@app.command("list")
def data_list() -> None:
    """Data sets, where their official files go, and whether they are there."""
    from reprise.data.sets import show_sets

    show_sets(Path("data/raw"))


@app.command("check")
def data_check(name: Annotated[str, typer.Argument(help="Name of a data set.")]) -> None:
    """Read the official files as `prepare` would, and report everything that is wrong at once.

    Pictures and masks are read as `reprise duplicates --help` says, but all or nothing.
    """
    from reprise.data.sets import check_set

    typer.echo(check_set(name, Path("data/raw")))


@app.command("fetch")
def data_fetch(name: Annotated[str, typer.Argument(help="Name of a data set.")]) -> None:
    """Download official files, resuming and checking sums."""
    from reprise.data.sets import fetch_set

    typer.echo(fetch_set(name, Path("data/raw"), progress=sys.stderr.isatty()))

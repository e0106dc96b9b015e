"""Commands that show and keep what was found."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()
PANEL = "What was found"


@app.command(rich_help_panel=PANEL)
def ledger(
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    verdict: Annotated[
        list[str] | None, typer.Option(help="Only these: reproduced, contradicted, inconclusive, untested.")
    ] = None,
    kind: Annotated[list[str] | None, typer.Option(help="Only these: measured, arithmetic, stand-in, built.")] = None,
    study: Annotated[str, typer.Option(help="Only this study's claims.")] = "",
    id: Annotated[list[int] | None, typer.Option(help="Only this claim; may be repeated.")] = None,
    search: Annotated[str, typer.Option(help="Only claims that hold all of these words.")] = "",
    best: Annotated[
        bool, typer.Option("--best", help="From each claim's best run, kept ones among them, as the report leads with.")
    ] = False,
) -> None:
    """One row a claim of the run at hand: verdict, kind, effect, interval, n, data, scale; power from 200 columns.

    Example: reprise ledger --search "max pooling" --kind measured --best
    """
    from reprise.report.terminal import show_ledger

    show_ledger(
        as_json=json,
        verdicts=tuple(verdict or ()),
        kinds=tuple(kind or ()),
        study=study,
        ids=tuple(id or ()),
        search=search,
        best=best,
    )


@app.command(rich_help_panel=PANEL)
def gate(
    against: Annotated[
        str | None, typer.Option(help="Git revision to compare with (default: origin/main, else HEAD).")
    ] = None,
) -> None:
    """Compare metrics with another revision; a regression exits with 1."""
    from reprise.gate import gate as run_gate

    raise typer.Exit(run_gate(against, Path()))


@app.command(rich_help_panel=PANEL)
def keep(
    folder: Annotated[Path, typer.Argument(help="For example reports/full.")],
    machine: Annotated[str, typer.Option(help="What it ran on, in words.")] = "",
) -> None:
    """Keep this run's ledger, metrics, figures and wall times in a folder of their own, with commit and machine.

    Studies that are not done, or whose evidence is not of the code, parameters and data that stand here, are left out
    and named. Example: reprise keep reports/real --machine "two cores of an AMD EPYC"
    """
    from reprise.archive import keep as run

    for line in run(folder, machine):
        typer.echo(line)


@app.command(rich_help_panel=PANEL)
def site(
    folder: Annotated[Path, typer.Argument(help="To be written, for example build/site.")],
    address: Annotated[str, typer.Option(help="Where it will be served, https://...; previews of links need it.")] = "",
) -> None:
    """Write the report as a folder that any web server can serve: whole addresses, each function linked at this commit.

    Example: reprise site build/site --address https://example.org/reprise
    """
    from reprise.report.site import write_site

    for line in write_site(folder, address):
        typer.echo(line)


@app.command(rich_help_panel=PANEL)
def show(
    claim: Annotated[int, typer.Argument(min=1, help="Number of the claim, as `reprise ledger` lists it.")],
) -> None:
    """One claim on one screen: the source's words, the declaration, the measurement, the verdict, and how to run it.

    Example: reprise show 110
    """
    from reprise.report.claim import show_claim
    from reprise.unwritten import not_in_ledger, studies_beside_ledger

    studies = studies_beside_ledger(claim)
    show_claim(claim, studies=studies)
    if studies:
        typer.echo(not_in_ledger(claim, studies), err=True)

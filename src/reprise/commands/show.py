"""``reprise show``, also of a claim that the ledger does not have yet."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer()
PANEL = "What was found"


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

"""``reprise calibration``: saved predictions, and what was fitted on them for new ones."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperGroup


class _Compared(TyperGroup):
    """``reprise calibration FILE`` is ``reprise calibration compare FILE``."""

    def resolve_command(self, ctx, args):
        if args and args[0] not in self.commands:
            args = ["compare", *args]
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx, args):
        if args and args[0].startswith("-") and args[0] not in ("--help", *ctx.help_option_names):
            args = ["compare", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    name="calibration",
    cls=_Compared,
    rich_help_panel="On your own data",
    no_args_is_help=True,
    help="""Calibrate saved predictions by seven methods, compare them, and apply what was fitted to new ones.

    Example: reprise calibration predictions.npz --out diagrams --save fitted.json

    Then: reprise calibration apply fitted.json new.npz --out probabilities.npz

    `reprise calibration FILE` is `reprise calibration compare FILE`; its help says what the file holds.""",
)


@app.command()
def compare(
    predictions: Annotated[Path, typer.Argument(help=".npz with logits, labels; optionally val_logits, val_labels.")],
    bins: Annotated[int, typer.Option(min=1, max=1000, help="Equal-width bins, (low, high].")] = 15,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    out: Annotated[Path | None, typer.Option(help="Folder for reliability diagrams (needs Matplotlib).")] = None,
    save: Annotated[Path | None, typer.Option(help="JSON file for what was fitted, the temperature among it.")] = None,
    multilabel: Annotated[
        bool, typer.Option("--multilabel", help="Labels (n, k) of 0 and 1 are k answers, also with one 1 a row.")
    ] = False,
    probabilities: Annotated[
        bool, typer.Option("--probabilities", help="The array logits holds probabilities: take their logarithm.")
    ] = False,
) -> None:
    """Calibrate saved predictions by seven methods and compare them.

    Example: reprise calibration predictions.npz --out diagrams --save fitted.json

    Classes: logits (n, k), labels (n,) from 0 on. Binary: logits (n,), one number before a sigmoid, labels (n,) of 0
    and 1. Several labels: logits (n, k), labels (n, k) of 0 and 1; every label is calibrated by itself, but for the one
    temperature. Without val_logits and val_labels one half is fitted, and the other measured. The interval of the ECE
    allows for chance, which alone makes an ECE larger than 0. A compressed array is read where it expands to no more
    than 64 MiB, or to 20 times what it takes. Beyond 20,000 classes, methods that fit each by itself are left out.
    """
    import sys
    from json import dumps

    from reprise.calibration.own_data import as_text, report

    found = report(predictions, bins, out, save, multilabel, probabilities, progress=sys.stderr.isatty())
    for sentence in found["warnings"]:
        typer.echo(f"warning: {sentence}", err=True)
    typer.echo(dumps(found, indent=2) if json else as_text(found))


@app.command()
def apply(
    fitted: Annotated[Path, typer.Argument(help="JSON file that --save wrote.")],
    logits: Annotated[Path, typer.Argument(help=".npz with logits of the same kind; labels, if there are some.")],
    method: Annotated[
        str, typer.Option(help="histogram, isotonic, BBQ, Platt, temperature, vector, matrix or uncalibrated.")
    ] = "temperature",
    out: Annotated[Path | None, typer.Option(help=".npz to write: the array probabilities.")] = None,
) -> None:
    """Calibrate new logits by what was fitted before.

    Example: reprise calibration apply fitted.json new.npz --out probabilities.npz

    Where the file holds labels as well, the calibration error on them is printed.
    """
    from reprise.calibration.saved import apply as run

    done = run(fitted, logits, method, out)
    for sentence in done.warnings:
        typer.echo(f"warning: {sentence}", err=True)
    typer.echo(f"{len(done.probabilities):,} rows calibrated by {method}" + (f", written to {out}" if out else ""))
    if done.measured is not None:
        value, low, high, chance = (100 * share for share in done.measured)
        typer.echo(
            f"ECE {value:.2f} % [{low:.2f}, {high:.2f}]; perfect calibration would show {chance:.2f} % by chance"
        )

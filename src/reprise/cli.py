"""``reprise``: use the parts on your own data, look at the ledger, run the pipeline.

Every command imports what it needs when it runs, so that ``--help`` answers at once.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

import typer

app = typer.Typer(
    help="Deep-learning folklore, re-run: each claim ends as a verdict with its evidence and interval.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
data_app = typer.Typer(
    help="Data sets: what there is, where official files go, whether they are whole.", no_args_is_help=True
)
track_app = typer.Typer(help="MLflow: a projection of what DVC holds.", no_args_is_help=True)
app.add_typer(data_app, name="data")
app.add_typer(track_app, name="track")


def main() -> None:
    """Entry point: errors that a user can mend are one line and exit code 1."""
    try:
        app()
    except (ValueError, OSError) as error:  # a closed pipe ends in typer, quietly
        print(f"reprise: {error}", file=sys.stderr)
        raise SystemExit(1) from None


@app.command()
def duplicates(
    images: Annotated[Path, typer.Argument(help="Folder of pictures (TIFF, PNG, JPEG; colour or grey; any sizes).")],
    masks: Annotated[
        Path | None, typer.Option(help="Folder of masks: adds whether a pair's labels contradict.")
    ] = None,
    threshold: Annotated[float | None, typer.Option(help="Distance below which two are a pair (hash's own).")] = None,
    hash: Annotated[
        Literal["blocks", "strips", "robust"],
        typer.Option(help="blocks: per-block histograms; strips: what the source ran; robust: finds the hard ones."),
    ] = "blocks",
    scope: Annotated[
        Literal["all", "subject"], typer.Option(help="subject: only names with the same part before _.")
    ] = "all",
    out: Annotated[Path | None, typer.Option(help="CSV: image_a,image_b,distance,inconsistent.")] = None,
    sheet: Annotated[Path | None, typer.Option(help="PNG that shows the worst pairs side by side.")] = None,
) -> None:
    """Find near-duplicate pictures, and labels that contradict each other.

    Example: reprise duplicates photos --hash robust --out pairs.csv --sheet pairs.png
    """
    from reprise.data.finder import find_duplicates

    summary = find_duplicates(images, masks, threshold, hash, scope, out, sheet, progress=sys.stderr.isatty())
    typer.echo(summary)


@app.command()
def calibration(
    predictions: Annotated[Path, typer.Argument(help=".npz with logits (n, k), labels (n,); val_logits, val_labels.")],
    bins: Annotated[int, typer.Option(min=1, max=1000, help="Equal-width bins, (low, high].")] = 15,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    out: Annotated[Path | None, typer.Option(help="Folder for reliability diagrams.")] = None,
) -> None:
    """Calibrate saved predictions by seven methods and compare them.

    Example: reprise calibration predictions.npz --out diagrams
    """
    from json import dumps

    from reprise.calibration.report import as_text, report

    found = report(predictions, bins=bins, out=out)
    typer.echo(dumps(found, indent=2) if json else as_text(found))


@app.command()
def submission(
    variant: Annotated[str, typer.Argument(help="Trained variant of the study `ultrasound`.")] = "cleaned_has_mask",
    out: Annotated[Path, typer.Option(help="CSV: img,pixels.")] = Path("submission.csv"),
    check: Annotated[
        Path | None, typer.Option(help="Read a submission file back instead and say what it holds.")
    ] = None,
) -> None:
    """Write Kaggle's run-length file (column-major, 1-indexed) from a variant's test predictions."""
    from reprise.data.submission import read_submission, submission_from_run

    if check is not None:
        masks = read_submission(check)
        typer.echo(f"{check}: {len(masks)} images, {sum(mask.any() for mask in masks.values())} with a mask")
        return
    typer.echo(submission_from_run(variant, out))


@app.command()
def ledger(
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    verdict: Annotated[
        list[str] | None, typer.Option(help="Only these: reproduced, contradicted, inconclusive, untested.")
    ] = None,
    study: Annotated[str, typer.Option(help="Only this study's claims.")] = "",
) -> None:
    """One row a claim: verdict, effect, interval, n, data, scale."""
    from reprise.report.terminal import show_ledger

    show_ledger(as_json=json, verdicts=tuple(verdict or ()), study=study)


@app.command()
def gate(
    against: Annotated[
        str | None, typer.Option(help="Git revision to compare with (default: origin/main, else HEAD).")
    ] = None,
) -> None:
    """Compare metrics with another revision; a regression exits with 1."""
    from reprise.gate import gate as run_gate

    raise typer.Exit(run_gate(against, Path()))


@app.command("set")
def set_params(
    assignments: Annotated[list[str], typer.Argument(help="KEY=VALUE, for example data.source=real scale=full.")],
) -> None:
    """Change params.yaml, keeping its comments; all of it, or nothing where it would not be valid."""
    from reprise.config import set_value

    set_value(Path("params.yaml"), *assignments)


@app.command()
def check() -> None:
    """Validate params.yaml: every section, at the scale that is set."""
    from reprise.config import load

    params = load()
    params.check()
    typer.echo(
        f"params.yaml: {len(params.studies)} studies, {len(params.datasets)} data sets, scale {params.scale}: valid"
    )


@app.command()
def deps(
    check: Annotated[bool, typer.Option("--check", help="Only say what would change.")] = False,
) -> None:
    """Write the code part of every stage's deps: the files that its module imports."""
    from reprise.closure import write_deps

    changed = write_deps([Path("dvc.yaml"), *sorted(Path("pipelines").glob("*/dvc.yaml"))], check=check)
    typer.echo("\n".join(map(str, changed)) or "up to date")
    raise typer.Exit(int(check and bool(changed)))


@app.command()
def repro(
    targets: Annotated[
        list[str] | None,
        typer.Argument(help="Stages, with or without @cell; NAME or NAME:stage of pipelines/NAME; dvc.yaml files."),
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Stages at a time.")] = 1,
) -> None:
    """Run the pipeline like `dvc repro`, several independent stages at a time, the longest first.

    Ctrl-C ends all of it within seconds; what was finished stays. Each stage's output is in data/logs.
    """
    from reprise.repro.scheduler import repro as run

    raise typer.Exit(run(targets or [], jobs))


@app.command()
def keep(
    folder: Annotated[Path, typer.Argument(help="For example reports/full.")],
    machine: Annotated[str, typer.Option(help="What it ran on, in words.")] = "",
) -> None:
    """Keep this run's ledger, metrics, figures and wall times in a folder of their own, with commit and machine."""
    from reprise.archive import keep as run

    typer.echo(run(folder, machine))


@track_app.command("init")
def track_init() -> None:
    """Create the database once, before anything runs side by side."""
    from reprise.tracking import initialise

    typer.echo(initialise(Path()))


@track_app.command("sync")
def track_sync() -> None:
    """Rebuild all runs from DVC's outputs; twice in a row changes nothing."""
    from reprise.tracking import sync

    counts = sync(Path(), progress=_dots())
    typer.echo(f"{counts['made']} runs made, {counts['kept']} kept, {counts['removed']} removed")


@data_app.command("list")
def data_list() -> None:
    """Data sets, where their official files go, and whether they are there."""
    from reprise.data.sets import show_sets

    show_sets(Path("data/raw"))


@data_app.command("check")
def data_check(name: Annotated[str, typer.Argument(help="Name of a data set.")]) -> None:
    """Read the official files as `prepare` would, and report everything that is wrong at once."""
    from reprise.data.sets import check_set

    typer.echo(check_set(name, Path("data/raw")))


@data_app.command("fetch")
def data_fetch(name: Annotated[str, typer.Argument(help="Name of a data set.")]) -> None:
    """Download official files, resuming and checking sums."""
    from reprise.data.sets import fetch_set

    typer.echo(fetch_set(name, Path("data/raw"), progress=sys.stderr.isatty()))


def _dots() -> Callable[[str], None]:
    return (lambda name: print(name, file=sys.stderr)) if sys.stderr.isatty() else (lambda name: None)


if __name__ == "__main__":
    main()

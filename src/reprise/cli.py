"""``reprise``: use the parts on your own data, look at the ledger, run the pipeline.

Every command imports what it needs when it runs, so that ``--help`` answers at once.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

import typer

from reprise.inside import commands

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
app.command()(commands.style)
app.command()(commands.saliency)


def main() -> None:
    """Entry point: errors that a user can mend are one line and exit code 1."""
    try:
        app()
    except (ValueError, OSError) as error:  # a closed pipe ends in typer, quietly
        from reprise.files import shown

        print("reprise:", "\n".join(map(shown, str(error).split("\n"))), file=sys.stderr)
        raise SystemExit(1) from None
    except RuntimeError as error:
        if "home directory" not in str(error):
            raise
        print("reprise: this user has no home directory; set HOME to a folder that can be written", file=sys.stderr)
        raise SystemExit(1) from None


@app.command()
def duplicates(
    images: Annotated[Path, typer.Argument(help="Folder of pictures: whatever Pillow decodes, any depth, any sizes.")],
    masks: Annotated[
        Path | None, typer.Option(help="Folder of masks: adds whether a pair's labels contradict (see above).")
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
    most_pairs: Annotated[int, typer.Option(min=0, help="More pairs are an error: nothing is written.")] = 1_000_000,
) -> None:
    """Find near-duplicate pictures, and labels that contradict each other.

    Example: reprise duplicates photos --hash robust --out pairs.csv --sheet pairs.png

    Pictures that are equal at the size compared are always a pair, at distance 0. A file that cannot be read is named,
    left out and counted; so is a mask that cannot be used, whose pairs have an empty `inconsistent`. That is no failure
    (exit code 0) unless nothing is left to compare. Several pages or frames in one file are refused. Whole numbers of
    more than 8 bits are read by one range for all pictures. Hidden files and linked folders are passed over and
    counted.

    Masks: black is background, and so is what is transparent; everything else is filled, by the colours shown. Formats
    that lose detail (JPEG, lossy WebP, AVIF): up to 16 of 255 is black, from half of the brightest on is filled. A mask
    of one colour is empty where it is black and full where it is white or 1. What is ambiguous is refused: no black
    beside other colours, a photograph, noise.

    In the CSV, ./ stands before a name that a spreadsheet would take for a formula: the same file in the folder.
    """
    from reprise.data.finder import find_duplicates

    found = find_duplicates(images, masks, threshold, hash, scope, out, sheet, sys.stderr.isatty(), most_pairs)
    if found.problems:
        typer.echo(found.complaints(), err=True)
    typer.echo(found)


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
    variant: Annotated[str, typer.Argument(help="Trained variant of a study that segments.")] = "cleaned_has_mask",
    study: Annotated[str, typer.Option(help="Which study (default: the one that can write such a file).")] = "",
    out: Annotated[Path, typer.Option(help="CSV: img,pixels.")] = Path("submission.csv"),
    check: Annotated[
        Path | None, typer.Option(help="Read a submission file back instead and say what it holds.")
    ] = None,
    size: Annotated[
        str,
        typer.Option(help="HEIGHTxWIDTH of the images in --check's file (as prepared here, else 420x580)."),
    ] = "",
) -> None:
    """Write Kaggle's run-length file (column-major, 1-indexed) from a variant's test predictions."""
    from reprise.data.submission import check_submission, parse_size
    from reprise.registry import has_part, import_part, known_studies
    from reprise.workspace import Workspace

    able = [name for name in known_studies() if has_part(name, "submission")]
    if not study and len(able) != 1:
        raise ValueError(f"--study: name one of {', '.join(able)}")
    part, workspace = import_part(study or able[0], "submission"), Workspace(study or able[0])
    if check is None:
        typer.echo(part.submit(workspace, variant, out))
    else:
        typer.echo(check_submission(check, parse_size(size) if size else part.frame_size(workspace)))


@app.command()
def ledger(
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    verdict: Annotated[
        list[str] | None, typer.Option(help="Only these: reproduced, contradicted, inconclusive, untested.")
    ] = None,
    kind: Annotated[list[str] | None, typer.Option(help="Only these: measured, arithmetic, stand-in, built.")] = None,
    study: Annotated[str, typer.Option(help="Only this study's claims.")] = "",
) -> None:
    """One row a claim: verdict, kind, effect, interval, n, power, data, scale."""
    from reprise.report.terminal import show_ledger

    show_ledger(as_json=json, verdicts=tuple(verdict or ()), kinds=tuple(kind or ()), study=study)


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
    """Change a params file, keeping its comments; all of it, or nothing where it would not be valid.

    `scale`, `data...` and `training...` stand in params.yaml, what begins with a study's name in that study's own:
    rotation.base.epochs=3 is written to pipelines/rotation/params.yaml.
    """
    from reprise.config import set_value

    for path in set_value(Path(), *assignments):
        typer.echo(f"{path}: written", err=True)


@app.command()
def check() -> None:
    """Validate params.yaml and every pipelines/*/params.yaml, at the scale that is set."""
    from reprise.config import load

    params = load()
    params.check()
    typer.echo(f"{len(params.studies)} studies, {len(params.datasets)} data sets, scale {params.scale}: valid")


@app.command()
def deps(
    check: Annotated[bool, typer.Option("--check", help="Only say what would change.")] = False,
    renew: Annotated[
        bool, typer.Option("--renew", help="Then bring locks up to date where only comments or layout changed.")
    ] = False,
) -> None:
    """Write the code part of every stage's deps: the files that its module imports, and the data that it reads.

    With --renew, locks whose files differ from what they know in comments, docstrings or layout alone are renewed
    without running anything; stages whose code differs are listed, left alone, and the exit code is 1.
    """
    from reprise.closure import write_deps

    pipelines = [Path("dvc.yaml"), *sorted(Path("pipelines").glob("*/dvc.yaml"))]
    changed = write_deps(pipelines, check=check)
    typer.echo("\n".join(map(str, changed)) or "up to date")
    if not renew or check:
        raise typer.Exit(int(check and bool(changed)))
    from reprise.renewal import renew as renew_locks

    done = renew_locks(pipelines)
    typer.echo(f"{len(done.renewed)} stages renewed: {', '.join(sorted(done.files)) or 'nothing differed'}")
    for address, why in done.must_run.items():
        typer.echo(f"must run: {address} ({why})")
    raise typer.Exit(int(bool(done.must_run)))


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
    from reprise.repro.command import repro as run

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
    """Read the official files as `prepare` would, and report everything that is wrong at once.

    Pictures and masks are read as `reprise duplicates --help` says, but all or nothing.
    """
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

"""Commands that set parameters and run stages."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()
PANEL = "The pipeline"


@app.command("set", rich_help_panel=PANEL)
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


@app.command(rich_help_panel=PANEL)
def check() -> None:
    """Validate params.yaml and every pipelines/*/params.yaml, at the scale that is set."""
    from reprise.config import load

    params = load()
    params.check()
    typer.echo(f"{len(params.studies)} studies, {len(params.datasets)} data sets, scale {params.scale}: valid")


@app.command(rich_help_panel=PANEL)
def deps(
    check: Annotated[bool, typer.Option("--check", help="Only say what would change.")] = False,
    renew: Annotated[
        bool,
        typer.Option(
            "--renew",
            help="Then bring locks up to date where only comments, layout or another scale's settings changed.",
        ),
    ] = False,
) -> None:
    """Write the code part of every stage's deps: the files that its module imports, and the data that it reads.

    With --renew, locks whose files differ from what they know in comments, docstrings or layout alone, or whose params
    differ in entries of other scales, are renewed without running anything; stages whose code or settings differ are
    listed, left alone, and the exit code is 1.
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


@app.command(rich_help_panel=PANEL)
def repro(
    targets: Annotated[
        list[str] | None,
        typer.Argument(help="Stages, with or without @cell; NAME or NAME:stage of pipelines/NAME; dvc.yaml files."),
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Stages at a time (on this machine).")] = 1,
    scheduler: Annotated[
        str, typer.Option(metavar="ADDRESS|local:N|slurm:N", help="Run stages on the nodes of a Dask cluster.")
    ] = "",
) -> None:
    """Run the pipeline like `dvc repro`, several independent stages at a time, the longest first.

    Ctrl-C ends all of it within seconds; what was finished stays. Each stage's output is in data/logs.
    """
    from reprise.repro.command import repro as run

    raise typer.Exit(run(targets or [], jobs, scheduler=scheduler))


@app.command(
    rich_help_panel=PANEL,
    add_help_option=False,
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)
def dvc(context: typer.Context) -> None:
    """Run DVC so that stages have this interpreter and this checkout's code, whichever environment is active.

    Takes what `dvc` takes. Example: reprise dvc exp run -S pipelines/unet/params.yaml:base.epochs=3
    """
    from reprise.repro.processes import environment

    code = [str(Path("src").absolute())] if Path("src/reprise").is_dir() else []
    paths = os.pathsep.join([*code, *filter(None, [os.environ.get("PYTHONPATH")])])
    command = [sys.executable, "-P", "-m", "dvc", *context.args]
    raise typer.Exit(subprocess.call(command, env=environment() | ({"PYTHONPATH": paths} if paths else {})))


@app.command(rich_help_panel=PANEL)
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

    if check is not None and size:
        typer.echo(check_submission(check, parse_size(size)))
        return
    from reprise.registry import has_part, import_part, known_studies
    from reprise.workspace import Workspace

    able = [name for name in known_studies() if has_part(name, "submission")]
    if not study and len(able) != 1:
        raise ValueError(f"--study: name one of {', '.join(able)}")
    part, workspace = import_part(study or able[0], "submission"), Workspace(study or able[0])
    if check is None:
        typer.echo(part.submit(workspace, variant, out))
    else:
        typer.echo(check_submission(check, part.frame_size(workspace)))


@app.command(rich_help_panel=PANEL)
def run(
    claim: Annotated[int, typer.Argument(min=1, help="Number of the claim, as `reprise ledger` lists it.")],
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Stages at a time.")] = 1,
) -> None:
    """Run what answers one claim, with all that it reads from and nothing else, and show the claim.

    What is up to date does not run again. The ledger and the report stay as they are: where they have something else,
    that is said, and what brings it there. Example: reprise run 110
    """
    from reprise.report.claim import show_claim, studies_of
    from reprise.repro.command import repro as run_stages
    from reprise.unwritten import not_in_ledger

    studies = studies_of(claim)
    code = run_stages([f"{name}:evaluate" for name in studies], jobs)
    if code == 0:
        show_claim(claim, studies=studies)
        if said := not_in_ledger(claim, studies):
            typer.echo(said, err=True)
    raise typer.Exit(code)

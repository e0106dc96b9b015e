"""``reprise``: use the parts on your own data, look at the ledger, run the pipeline."""

from __future__ import annotations

import importlib
import inspect
import os
import pkgutil
import sys
from importlib import metadata
from typing import Annotated

import typer

from reprise import commands

PLOTS = frozenset({"matplotlib"})
PIPELINE = frozenset(  # what the extra of that name brings, as it is imported
    {"dvc", "jinja2", "markdown_it", "markupsafe", "mlflow", "pandas", "psutil", "pydantic", "pytorch_lightning"}
    | {"ruamel", "safetensors", "skimage", "sklearn", "sympy", "torch", "torchmetrics"}
)
app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def _flowing(group: typer.Typer) -> typer.Typer:
    """The same commands, their help without line ends inside paragraphs: typer would keep those of the docstrings."""

    def joined(text: str) -> str:
        return "\n\n".join(" ".join(part.split()) for part in inspect.cleandoc(text).split("\n\n"))

    for command in group.registered_commands:
        command.help = joined(command.help or inspect.getdoc(command.callback) or "")
    if isinstance(group.info.help, str):
        group.info.help = joined(group.info.help)
    return group


for _module in pkgutil.iter_modules(commands.__path__):
    app.add_typer(_flowing(importlib.import_module(f"reprise.commands.{_module.name}").app))


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"reprise {metadata.version('reprise')}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """Deep-learning folklore, re-run: each claim ends as a verdict with its evidence and interval."""


def _said(error: ValueError | OSError) -> str:
    """An error as it may stand on a terminal; of the system's errors the file comes first, and no number."""
    from reprise.messages import shown

    if isinstance(error, OSError) and error.strerror and error.filename is not None and error.filename2 is None:
        return f"{shown(os.fsdecode(error.filename))}: {error.strerror.lower()}"
    return "\n".join(map(shown, str(error).split("\n")))


def _too_large(error: Exception) -> str:
    """That memory ran out, with the files of the command line: what is read of them takes it."""
    from reprise.messages import one_line, shown

    files = ", ".join(shown(word) for word in sys.argv[1:] if os.path.isfile(word))
    why = f"not enough memory ({one_line(error)})"
    return f"{files}: {why}; is it the file that is meant? If so, give a smaller one" if files else why


def main() -> None:
    """Entry point: errors that a user can mend are one line and exit code 1."""
    if sys.platform == "win32":  # no fcntl, no fork, no process groups
        said = "commands lock files and end processes as Linux and macOS do; on Windows run them under WSL"
        print(f"reprise: {said}", file=sys.stderr)
        raise SystemExit(1)
    try:
        app()
    except ModuleNotFoundError as error:
        name = (error.name or "").split(".")[0]
        if name not in PLOTS | PIPELINE:
            raise
        extra = "plots" if name in PLOTS else "pipeline"
        print(
            f"reprise: this needs {name}, which is not installed; in Reprise's folder: pip install '.[{extra}]'"
            + ("" if name in PLOTS else " (or make setup)"),
            file=sys.stderr,
        )
        raise SystemExit(1) from None
    except (ValueError, OSError) as error:  # a closed pipe ends in typer, quietly
        print("reprise:", _said(error), file=sys.stderr)
        raise SystemExit(1) from None
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, MemoryError) or "allocate memory" in str(error) or "out of memory" in str(error):
            print("reprise:", _too_large(error), file=sys.stderr)
        elif "home directory" in str(error):
            print("reprise: this user has no home directory; set HOME to a folder that can be written", file=sys.stderr)
        else:
            raise
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()

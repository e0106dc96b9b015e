"""A study's figures as a page shows them: inside it, so that a page is one file, and beside it, to be seen alone."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

from reprise.report.view import slug

_SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_MIME = {"svg": "image/svg+xml", "png": "image/png"}


def embedded(figure: dict[str, Any], study: str, root: Path, folder: str = "data/evidence/{study}/figures") -> Any:
    """A figure with its picture.

    Args:
        figure: name, title, alt, caption and kind, as evidence has them.
        study: whose it is.
        root: the checkout.
        folder: where it lies, relative to ``root``.

    Returns:
        The same with ``anchor``, ``file`` (that was read), ``path`` (below reports/) and ``uri`` (all of it).

    Raises:
        ValueError: its name would lead out of the folder, or it is no kind of picture that a page shows.
        FileNotFoundError: it was not drawn.
    """
    name, kind = str(figure["name"]), figure["kind"]
    if not _SAFE_NAME.fullmatch(name) or kind not in _MIME:
        raise ValueError(f"data/evidence/{study}: figure {name!r} ({kind}): not a plain name of an svg or png")
    file = root / folder.format(study=study) / f"{name}.{kind}"
    if not file.is_file():
        raise FileNotFoundError(f"{file} is missing; run: python -m reprise.stages.evaluate {study}")
    kept = folder.startswith("reports/")
    beside = folder.format(study=study).removeprefix("reports/") if kept else f"figures/{study}"
    encoded = base64.b64encode(file.read_bytes()).decode("ascii")
    return figure | {
        "anchor": f"figure-{slug(name)}",
        "file": file,
        "path": f"{beside}/{name}.{kind}",
        "uri": f"data:{_MIME[kind]};base64,{encoded}",
    }

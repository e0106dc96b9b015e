"""``reprise site``: the report as a folder that any web server can serve, its links whole.

The report itself is the same bytes from the same evidence, so it knows no address and no commit. Here they are added:
previews of shared links need whole addresses, and the function that measured a claim is linked where the repository's
remote is known and holds the file as it stands here.
"""

from __future__ import annotations

import html
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from reprise.claims.ledger import LEDGER
from reprise.files import write_text
from reprise.folders import replacing_folder, restore
from reprise.messages import shown
from reprise.report.measuring import line_of
from reprise.report.rows import ran_on_real, read_ledger

FORGES = {"github.com": "/blob/", "gitlab": "/-/blob/", "codeberg.org": "/src/commit/"}  # how they show a file
PARTS = ("index.html", "badge.svg", "claims", "studies", "figures")
_CODE = re.compile(
    r'<code class="code" data-path="([^"]+)" data-function="([^"]+)">([^<]*)</code> in <code>[^<]*</code>'
)
_PREVIEW = re.compile(r'(<meta property="og:image" content=")([^"]+)(">)')
_REMOTE = re.compile(r"(?:https://|ssh://git@|git@)(?P<host>[\w.-]+)[:/](?P<path>[\w./-]+?)(?:\.git)?/?")


def write_site(folder: Path, address: str = "", root: Path = Path()) -> list[str]:
    """Copies the report to ``folder``, with whole addresses in it.

    Args:
        folder: new, or one that an earlier call wrote.
        address: where it will be served, ``https://...``; empty: previews stay without a picture where a site asks for
            whole addresses.
        root: the checkout.

    Returns:
        Lines that say what was written.

    Raises:
        FileNotFoundError: there is no report yet.
        ValueError: ``folder`` holds something else or lies in reports/, or the address is none of the web.
    """
    reports, target = root / "reports", folder.resolve()
    restore(reports)
    for name in PARTS:
        if not (reports / name).exists():
            raise FileNotFoundError(f"{reports / name} is missing; `make results` or `reprise repro report` makes it")
    if address and (urlsplit(address).scheme not in ("http", "https") or not urlsplit(address).netloc):
        raise ValueError(f"--address {shown(address)}: expected where the pages will be, https://...")
    if target == reports.resolve() or reports.resolve() in target.parents:
        raise ValueError(f"{shown(folder)}: lies in reports/, which the pipeline writes; choose another folder")
    others = sorted({path.name for path in target.iterdir()} - {*PARTS, "real", ".nojekyll"}) if target.exists() else []
    if others:
        raise ValueError(f"{shown(folder)}: holds {shown(others[0])}, which would be lost; choose another folder")
    base = address.rstrip("/") + "/" if address else ""
    link = code_link(root)
    with replacing_folder(target) as made:
        for name in PARTS:
            copy = shutil.copytree if (reports / name).is_dir() else shutil.copyfile
            copy(reports / name, made / name)
        for figures in sorted(reports.glob("*/provenance.json")):  # of runs that were kept
            if (figures.parent / "figures").is_dir():
                shutil.copytree(figures.parent / "figures", made / figures.parent.name / "figures")
        pages = sorted(made.rglob("*.html"))
        for page in pages:
            where = page.relative_to(made).as_posix()
            write_text(page, whole_links(page.read_text(encoding="utf-8"), where, base, link))
        write_text(made / ".nojekyll", "")  # pages that GitHub serves as they are
    said = "each function that measured linked" if link is not None else "no remote is known: functions as file:line"
    lines = [f"{shown(folder)}: {len(pages)} pages{f' for {base}' if base else ''}, {said}"]
    pictures = of_real_data(root)
    if pictures:
        lines.append(f"pictures of real data are in it, publish them only where that is allowed: {', '.join(pictures)}")
    return lines


def of_real_data(root: Path) -> list[str]:
    """Pictures (PNG) of studies that read real data in this run, as a competition's frames, relative to reports/."""
    rows = read_ledger(root / LEDGER)
    studies = {name for row in rows if ran_on_real(row) for name in row["study"].split(", ")}
    reports = root / "reports"
    found = [path for name in sorted(studies) for path in sorted((reports / "figures" / name).glob("*.png"))]
    return [path.relative_to(reports).as_posix() for path in found]


def whole_links(text: str, where: str, base: str, link: Callable[[str, int], str] | None) -> str:
    """A page with whole addresses.

    Args:
        text: the page.
        where: its path in the site.
        base: the site's address, with a slash at its end; empty where it is not known.
        link: file and line -> address of the code, empty where it is not there as it stands here; None without remote.
    """
    if base:
        here = html.escape(base if where == "index.html" else urljoin(base, where), quote=True)
        text = _PREVIEW.sub(lambda found: found[1] + urljoin(here, found[2]) + found[3], text)
        text = text.replace("</title>", f'</title>\n<link rel="canonical" href="{here}">', 1)
        text = text.replace(
            '<meta property="og:type"', f'<meta property="og:url" content="{here}">\n<meta property="og:type"', 1
        )

    def placed(found: re.Match[str]) -> str:
        path, function = html.unescape(found[1]), html.unescape(found[2])
        line = line_of(path, function)
        there = link(path, line) if link is not None and line else ""
        name = f"<code>{found[3]}</code>"
        if there:
            name = f'<a class="code" href="{html.escape(there, quote=True)}">{name}</a>'
        return f"{name} in <code>{found[1]}{f':{line}' if line else ''}</code>"

    return _CODE.sub(placed, text)


def code_link(root: Path) -> Callable[[str, int], str] | None:
    """File and line -> where the remote ``origin`` shows it at this commit; None where no web page of it is known.

    A file that differs from the commit has no link.
    """
    found = _REMOTE.fullmatch(_git(root, "remote", "get-url", "origin"))
    commit = _git(root, "rev-parse", "HEAD")
    if found is None or not commit:
        return None
    between = next((there for host, there in FORGES.items() if host in found["host"]), "")
    if not between:
        return None
    changed = set(_git(root, "diff", "--name-only", "HEAD", "--", "src").splitlines())

    def link(path: str, line: int) -> str:
        there = f"https://{found['host']}/{found['path']}{between}{commit}/{path}#L{line}"
        return "" if path in changed else there

    return link


def _git(root: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False).stdout.strip()

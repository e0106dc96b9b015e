"""``reprise new study``: a claim of your own, its study and a test of it, working from the first minute.

What it measures is a placeholder, so there is no verdict until the line that says so is deleted.
"""

from __future__ import annotations

import csv
import io
import keyword
import re
from collections.abc import Iterable
from pathlib import Path
from string import Template

from reprise.claims.catalogue import HERE, OWN, Claim, claims
from reprise.files import write_text

COLUMNS = ("id", "source", "chapter", "title", "claim", "finding", "expectation")
CATALOGUE = Path("src/reprise/claims")
FILES = {
    "src/reprise/studies/$name/__init__.py": '"""The study $name: see README.md beside this file."""\n',
    "src/reprise/studies/$name/README.md": """# $title

$claim Claim $number.

**What was done.** Write here how it is measured, and why that answers the claim.
""",
    "src/reprise/studies/$name/settings.py": '''"""What the study $name can turn."""

from __future__ import annotations

from pydantic import Field

from reprise.settings import Strict


class Config(Strict):
    """pipelines/$name/params.yaml."""

    repetitions: int = Field(ge=2, description="independent repetitions of the measurement")
''',
    "src/reprise/studies/$name/declared.yaml": """# What claim $number says and would show it, before it runs.
$number:
  says: "$claim"
  place: "$source"
  basis: anything
  because_anything: our own draws decide it   # basis data, where only real data can
  measures: Share of draws above one half
  band: 0.45 to 0.55
  because: write here why this band, and no narrower one, is what the claim says
  smallest: 0.05
  planned: {n: 4000, spread: 0.5, taken_from: a share near one half}
  undecidable: fewer draws than planned
""",
    "src/reprise/studies/$name/measure.py": '''"""The measurement: replace it by your own."""

from __future__ import annotations

import numpy as np


def draws(repetitions: int, seed: int = 0) -> np.ndarray:
    """(repetitions,) booleans: whether each drawn number lies above one half."""
    return np.random.default_rng(seed).random(repetitions) > 0.5
''',
    "src/reprise/studies/$name/evaluate.py": '''"""Claim $number: what was measured, held against what was declared."""

from __future__ import annotations

from reprise.claims.declarations import Declarations
from reprise.claims.evidence import Evidence, Metric, primary
from reprise.statistics import proportion
from reprise.studies.$name.measure import draws
from reprise.studies.$name.settings import Config
from reprise.workspace import Workspace

PLACEHOLDER = (
    "a placeholder was measured: edit src/reprise/studies/$name/measure.py, "
    "then delete the line undecided=PLACEHOLDER in evaluate.py beside it"
)


def evaluate(workspace: Workspace, declared: Declarations) -> Evidence:
    """Measures and judges."""
    config: Config = workspace.config
    above = draws(config.repetitions)
    share = proportion(int(above.sum()), len(above), unit="share")
    finding = primary(
        declared[$number],
        share,
        undecided=PLACEHOLDER,  # delete this line, and PLACEHOLDER above, once measure.py measures what is claimed
    )
    return Evidence(
        data=f"{len(above):,} draws",
        findings=[finding],
        metrics={"share": Metric(share.value, "equal")},
    )
''',
    "pipelines/$name/params.yaml": "# $title: claim $number.\nrepetitions: 4000\n",
    "pipelines/$name/dvc.yaml": """# $title: claim $number.
stages:
  evaluate:
    desc: Measurements, findings and figures
    wdir: ../..
    cmd: python -m reprise.stages.evaluate $name
    params:
      - params.yaml:
          - scale
      - pipelines/$name/params.yaml:
    outs:
      - data/evidence/$name
""",
    "tests/studies/$name/test_evaluate.py": '''"""Claim $number: reproduced inside the band, contradicted outside."""

from __future__ import annotations

import pytest

from reprise.claims.evidence import primary
from reprise.evaluation import declarations
from reprise.statistics import proportion
from reprise.studies.$name.measure import draws


def test_about_half_of_all_draws_lie_above_one_half():
    assert draws(100_000).mean() == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(("above", "verdict"), [(500, "reproduced"), (700, "contradicted"), (550, "inconclusive")])
def test_what_is_measured_decides(above, verdict):
    finding = primary(declarations("$name")[$number], proportion(above, 1000))
    assert finding.verdict == verdict
''',
}


def new_study(
    name: str, claim: str, source: str, title: str | None = None, root: Path = Path()
) -> tuple[int, list[Path]]:
    """Writes a claim of your own into ``own.csv``, and a study that answers it: all of it, or nothing.

    Args:
        name: of its two folders and its stages, a Python name in lower case.
        claim: what is claimed, a sentence.
        source: who says so: becomes a source of the report.
        title: a few words; the name, where it is left out.
        root: folder of the checkout.

    Returns:
        The claim's number, and the files written, relative to ``root``.

    Raises:
        ValueError: the name is none that Python can import, or a text is empty or of several lines.
        FileExistsError: there is such a study; nothing was written.
        FileNotFoundError: ``root`` is no checkout of this repository.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]{,39}", name) or keyword.iskeyword(name):
        raise ValueError(f"{name!r} cannot name a study: at most 40 lower-case letters, digits and _, a letter first")
    texts = {"title": name.replace("_", " ").capitalize() if title is None else title, "claim": claim, "source": source}
    for field, text in texts.items():
        if not text.strip() or '"' in text or "\\" in text or not text.isprintable():
            raise ValueError(f'--{field}: expected one line without " and \\, found {text!r}')
    if not (root / CATALOGUE).is_dir():
        raise FileNotFoundError(f"{CATALOGUE} is not here; a study is added in a checkout of the repository")
    claim = claim if claim.endswith((".", "!", "?")) else f"{claim}."
    number = len(claims()) - _rows(HERE / OWN) + _rows(root / CATALOGUE / OWN) + 1  # the checkout's, wherever this runs
    words = texts | {"claim": claim, "name": name, "number": str(number)}
    written = {Path(Template(path).substitute(words)): Template(text).substitute(words) for path, text in FILES.items()}
    there = [folder for folder in sorted({path.parent for path in written}) if (root / folder).exists()]
    if there:
        raise FileExistsError(f"{there[0]} exists already; nothing was written")
    row = Claim(number, source, source, words["title"], claim, "The share is where declared.yaml puts it.", "source")
    written[CATALOGUE / OWN] = _with_row(root / CATALOGUE / OWN, row)
    for path, text in written.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        write_text(root / path, text)
    claims.cache_clear()
    return number, sorted(written)


def next_steps(name: str, number: int, files: Iterable[Path]) -> str:
    """What is to be done with a study that was just written, as lines for a terminal.

    Args:
        name: of the study.
        number: of its claim.
        files: written or changed.
    """
    folders = [Path("src/reprise/studies", name), Path("pipelines", name), Path("tests/studies", name)]
    others = [path for path in files if not any(path.is_relative_to(folder) for folder in folders)]
    return "\n".join(
        [
            f"claim {number}, next, in {folders[0]}:",
            "  declared.yaml  what would show it: first, before anything is measured",
            "  measure.py     what computes it: a placeholder, replace it",
            "  evaluate.py    hands it on; delete undecided=PLACEHOLDER there, until then there is no verdict",
            "  README.md      its page: how it is measured",
            "then",
            f"  git add {' '.join(map(str, [*folders, *others]))}",
            f"  reprise run {number}    # runs it alone and shows it",
            "  reprise repro      # brings it into the ledger and the report",
        ]
    )


def _rows(table: Path) -> int:
    """Claims of a table, 0 where there is none."""
    if not table.is_file():
        return 0
    with table.open(newline="", encoding="utf-8") as stream:
        return sum(1 for _ in csv.DictReader(stream))


def _with_row(table: Path, row: Claim) -> str:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    if not table.is_file():
        writer.writerow(COLUMNS)
    writer.writerow([getattr(row, column) for column in COLUMNS])
    return (table.read_text(encoding="utf-8") if table.is_file() else "") + stream.getvalue()

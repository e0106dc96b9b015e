"""The runs at hand, this one and those that were kept, and which of them says most about a claim."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from reprise.claims.ledger import METRICS, decided_on
from reprise.files import read_json, shown
from reprise.report.rows import ran_on_real, read_ledger

KEPT = METRICS.parent / "real"  # the last run on real data that was kept
UNSAID = {"commit": "", "committed": "", "machine": "", "changed": False, "data": [], "studies": [], "left_out": {}}
SCALES = ("smoke", "small", "medium", "full")


@dataclass(frozen=True)
class Run:
    """One run.

    Attributes:
        name: of its folder below reports/; empty for the one that the pipeline wrote last.
        rows: its ledger.
        provenance: commit, machine and more, as `reprise keep` wrote it; empty for this run.
        studies: study -> ``title``, ``data``, ``figures``, ``declared``: what a page shows beside the ledger.
        pictures: where a study's figures lie, relative to the checkout.
    """

    name: str
    rows: list[dict[str, Any]]
    provenance: dict[str, Any] = field(default_factory=dict)
    studies: dict[str, Any] = field(default_factory=dict)
    pictures: str = "data/evidence/{study}/figures"

    @cached_property
    def by_claim(self) -> dict[int, dict[str, Any]]:
        """Claim -> row."""
        return {row["id"]: row for row in self.rows}

    @property
    def made_from(self) -> list[str]:
        """``generated``, ``real``, both or neither: a claim of two studies may have run on both."""
        return sorted({kind for each in self.provenance.get("data", []) for kind in each.split(", ")})

    @property
    def slug(self) -> str:
        """Its name in an address."""
        return self.name or "this-run"


def kept_runs(root: Path) -> list[Run]:
    """What `reprise keep` kept below reports/, of the latest commit first; folders of an older form are passed over.

    Raises:
        ValueError: studies.json or provenance.json is damaged; the message says what brings it back.
    """
    found = []
    for path in sorted((root / METRICS.parent).glob("*/provenance.json")):
        folder = path.parent
        try:
            rows = read_ledger(folder / "ledger.json")
        except (ValueError, FileNotFoundError):
            continue
        provenance = UNSAID | _whole(path, _is_provenance)
        studies = _whole(folder / "studies.json", _is_study)
        rows = [row if "ran_on" in row else _told_apart(row, studies) for row in rows]
        found.append(Run(folder.name, rows, provenance, studies, f"reports/{folder.name}/figures/{{study}}"))
    return sorted(found, key=lambda run: run.provenance["committed"], reverse=True)


def _whole(path: Path, fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """What `reprise keep` wrote in a file; nothing where it is not there, as in older folders."""
    if not path.is_file():
        return {}
    try:
        found = read_json(path)
    except ValueError:
        found = None
    if not isinstance(found, dict) or not fits(found):
        again = f"`git checkout -- {shown(path)}` brings back what was committed, `reprise keep {shown(path.parent)}`"
        raise ValueError(f"{shown(path)}: not what `reprise keep` writes; {again} keeps this run there")
    return found


def _is_study(found: dict[str, Any]) -> bool:
    return all(
        isinstance(study, dict)
        and isinstance(study.get("declared"), dict)
        and all(each is None or isinstance(each, dict) for each in study["declared"].values())
        and isinstance(study.get("figures"), list)
        and all(isinstance(each, dict) and isinstance(each.get("name"), str) for each in study["figures"])
        for study in found.values()
    )


def _is_provenance(found: dict[str, Any]) -> bool:
    return all(isinstance(found[key], type(value)) for key, value in UNSAID.items() if key in found)


def answers(claim: int, here: Run, kept: list[Run]) -> list[tuple[Run, dict[str, Any]]]:
    """Every run that has something to say of a claim, with its row, the best first.

    What was judged by the declaration that stands goes before what another one judged. Then real data go before
    generated ones, which are but a stand-in for a claim about real data; of real data, the larger scale; then this run,
    and of those that were kept the one of the later commit. A run that is kept counts only where it answers the claim.

    Returns:
        At least one: this run's row, be it untested.
    """
    found = []
    for run in (here, *kept):
        row = run.by_claim.get(claim)
        if row is not None and (row["kind"] or run is here):
            found.append((run, row))
    stands = here.by_claim[claim]["declared"] if claim in here.by_claim else None
    return sorted(found, key=lambda answer: _weight(*answer, stands), reverse=True)


def best_rows(here: Run, kept: list[Run]) -> list[dict[str, Any]]:
    """The ledger with, for each claim, the row that says most about it, as ``best_row`` gives it."""
    return [best_row(row["id"], here, kept) for row in here.rows]


def best_row(claim: int, here: Run, kept: list[Run]) -> dict[str, Any]:
    """The row that says most about a claim.

    It has two fields more: ``from``, the name of the kept run that it is from, or empty; and ``here``, what this run
    says where it is but a stand-in and another leads.
    """
    run, best = answers(claim, here, kept)[0]
    row = here.by_claim[claim]
    return best | {
        "from": run.name,
        "here": row["stand_in"] or "" if run is not here and row["kind"] == "stand-in" else "",
    }


def used(rows: list[dict[str, Any]], kept: list[Run]) -> list[Run]:
    """The kept runs that a page's rows come from."""
    names = {row["from"] for row in rows}
    return [run for run in kept if run.name in names]


def _told_apart(row: dict[str, Any], studies: dict[str, Any]) -> dict[str, Any]:
    """A row that was kept before what decided a claim was told apart from what its study ran on."""
    names = [name for name in row["study"].split(", ") if name in studies]
    declared = next(filter(None, (studies[name]["declared"].get(str(row["id"])) for name in names)), None)
    ran_on = row["data_source"]
    return row | {"ran_on": ran_on, "data_source": decided_on(declared or {"kind": row["kind"]}, ran_on)}


def _weight(run: Run, row: dict[str, Any], stands: str | None) -> tuple[bool, bool, bool, int, bool, bool]:
    real = ran_on_real(row)
    scale = max((SCALES.index(each) for each in row["scale"].split(", ") if each in SCALES), default=-1)
    smoke, full = scale == 0, SCALES.index("full")
    return (
        stands is None or row["declared"] == stands,
        row["kind"] not in (None, "stand-in"),
        not smoke,  # which claims nothing
        real,
        scale if real or scale == full else 0,
        not run.name,
    )

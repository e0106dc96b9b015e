"""What is settled before a run: one readable file a study, ``declared.yaml``, apart from the code that measures.

For each claim: the source's sentence, one primary measurement, the band in which the claim puts it and why it is so
wide, the smallest effect of interest, how many seeds at which looks, and what makes it undecidable. Items that a source
only names are *built*: they say what they are checked against, and carry no verdict. A declaration's digest stands in
the evidence; where it was changed after that was seen, ``changed`` says so. What had been seen when all was first
written, the file says once, under ``seen``.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from string import Formatter
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, field_validator, model_validator

from reprise.claims.bands import Expect, parse_band
from reprise.messages import shown
from reprise.power import ALPHA, level_at, power_above, power_between
from reprise.settings import Strict
from reprise.yaml_files import parse_yaml, read_text

Basis = Literal["arithmetic", "anything", "own", "data"]
Kind = Literal["arithmetic", "measured", "stand-in", "built"]
Text = Annotated[str, Field(min_length=3)]
MOST = 9999  # of seeds; the largest number that a claim or a slip can have


class Planned(Strict):
    """How much is measured, fixed beforehand.

    Attributes:
        seeds: trained networks of each variant at most; null where nothing is trained.
        looks: numbers of seeds at which it is judged, the last is ``seeds``; one look where it is left out.
        of: variants that its measurement reads, which get more seeds while it is undecided; all where it is left out.
        n: examples or repetitions, where chance is theirs.
        spread: standard deviation over seeds (or repetitions) that the plan assumes.
        examples_error: standard error of the tested examples that it assumes, shared by all seeds.
        taken_from: the run that these come from.
    """

    seeds: int | None = Field(None, ge=2, le=MOST)
    looks: list[int] = Field(default_factory=list)
    of: list[str] = Field(default_factory=list)
    n: int | None = Field(None, ge=2, le=10**9)
    spread: float | None = Field(None, ge=0)
    examples_error: float = Field(0.0, ge=0)
    taken_from: str = ""

    @model_validator(mode="after")
    def _check(self) -> Planned:
        if (self.seeds is None) == (self.n is None):
            raise ValueError("give seeds (what is trained) or n (what is repeated), one of them")
        if self.looks and (self.looks != sorted(set(self.looks)) or self.looks[-1] != self.seeds or self.looks[0] < 2):
            raise ValueError("looks: rising numbers of seeds from 2 on, the last as many as `seeds`")
        return self

    @property
    def judged_at(self) -> tuple[int, ...]:
        """Numbers of seeds at which it is judged; none where nothing is trained."""
        return tuple(self.looks) or ((self.seeds,) if self.seeds else ())


class Change(Strict):
    """A change that was made after evidence had been seen."""

    when: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$")]
    why: Text


class Built(Strict):
    """An item that a source only names.

    Attributes:
        names: what the source names, with its place.
        oracle: what our form is checked against.
    """

    names: Text
    oracle: Text


class Declaration(Strict):
    """What one claim says, and what would show it.

    Attributes:
        claim: its number in the catalogue.
        says: the source's sentence, short.
        place: where it stands ("S2, Rotational convolutions").
        basis: ``arithmetic`` (identities, counts); ``data`` (about real data, of which generated ones are a stand-in);
            ``own`` (about real data that come with the study); or ``anything`` (about anything at all, so that
            generated data decide it; ``because_anything`` says why).
        measures: the one primary measurement, as a sentence; ``{}`` stands for which of several comparisons it is.
        band: where the claim puts it: "> 0", ">= 0.5", "-0.01 to 0.01", "= 56", "2 ± 1e-9".
        because: the reason for the band's ends.
        each: the claim makes several comparisons alike, and all must hold.
        smallest: effect of interest beyond the band's end; for a band with two ends its half width serves.
        planned: how much is measured; null where nothing is random.
        undecidable: what makes it undecidable.
        slips: numbers of the source's defects that stand beside the verdict.
        changed: after evidence was seen.
        seen: what had been seen when it was first written, as its file says.
        built: in place of all that is judged, for items that a source only names.
    """

    claim: int = Field(ge=1)
    says: str = ""
    place: str = ""
    basis: Basis = "arithmetic"
    because_anything: str = ""
    measures: str = ""
    band: str = ""
    because: str = ""
    each: bool = False
    smallest: float | None = Field(None, gt=0)
    planned: Planned | None = None
    undecidable: str = ""
    slips: list[Annotated[int, Field(ge=1, le=MOST)]] = Field(default_factory=list)
    changed: list[Change] = Field(default_factory=list)
    seen: str = ""
    built: Built | None = None

    @field_validator("band")
    @classmethod
    def _band(cls, value: str) -> str:
        if value:
            parse_band(value)
        return value

    @field_validator("measures")
    @classmethod
    def _measures(cls, value: str) -> str:
        try:
            holes = {part[1:] for part in Formatter().parse(value) if part[1] is not None}
        except ValueError:
            holes = {("?",)}
        if holes - {("", "", None)}:
            raise ValueError("braces stand for which comparison it is: write {} there, and {{ }} for braces")
        return value

    @model_validator(mode="after")
    def _whole(self) -> Declaration:
        if self.built is not None:
            judged = set(type(self).model_fields) - {"claim", "slips", "changed", "seen", "built"}
            if both := [name for name in self.model_dump(exclude_defaults=True) if name in judged]:
                raise ValueError(f"built: what a source only names is not judged, so it has no {', '.join(both)}")
            return self
        missing = [name for name in ("says", "place", "measures", "band", "because") if not getattr(self, name)]
        if self.basis == "anything" and not self.because_anything:
            missing.append("because_anything")
        if self.planned is not None and not self.undecidable:
            missing.append("undecidable")
        if missing:
            raise ValueError(f"missing: {', '.join(missing)}")
        if self.planned is not None and not self._two_ends and self.smallest is None:
            raise ValueError("smallest: what is random needs a smallest effect of interest")
        return self

    @cached_property
    def expect(self) -> Expect:
        """The band."""
        return parse_band(self.band) if self.band else Expect()

    @property
    def _two_ends(self) -> bool:
        return math.isfinite(self.expect.low) and math.isfinite(self.expect.high)

    def kind(self, source: str) -> Kind:
        """What kind of answer it gets on data from ``source``, ``generated`` or ``real``."""
        if self.built is not None:
            return "built"
        if self.basis == "arithmetic":
            return "arithmetic"
        return "stand-in" if self.basis == "data" and source != "real" else "measured"

    @property
    def looks(self) -> tuple[int, ...]:
        """Numbers of seeds at which it is judged; none where nothing is trained."""
        return self.planned.judged_at if self.planned else ()

    def level(self, seeds: int) -> float:
        """The level of an interval at so many seeds: what the plan lets that look spend."""
        found = level_at(seeds, self.looks) if self.looks else None
        return ALPHA if found is None else found

    def off_plan(self, seeds: int) -> str:
        """Why so many seeds may not be judged; empty where the plan has a look there, or needs none."""
        fits = not self.looks or seeds in self.looks
        return "" if fits else f"{seeds} seeds, planned are {' or '.join(map(str, self.looks))}"

    @property
    def power(self) -> float | None:
        """Chance to be decided for the claim at the planned number, with the assumed spread; null where unknown.

        For a band with one end: where the true effect lies ``smallest`` inside it. With two: in its middle.
        """
        plan = self.planned
        if plan is None or plan.spread is None:
            return None
        number = plan.seeds or plan.n or 0
        chance, size = power_above, self.smallest
        if self._two_ends:
            chance, size = power_between, (self.expect.high - self.expect.low) / 2
        return round(chance(number, plan.spread, size, plan.examples_error, self.level(number)), 3)

    @property
    def digest(self) -> str:
        """Changes with anything that is declared, but not with what is said of changes or had been seen.

        What is left at its default is left out, so that a field which declarations get later changes no digest.
        """
        settled = self.model_dump(mode="json", exclude={"changed", "seen"}, exclude_defaults=True)
        return hashlib.blake2b(json.dumps(settled, sort_keys=True).encode(), digest_size=8).hexdigest()


class Declarations(dict[int, Declaration]):
    """All declarations of one study, by claim.

    Attributes:
        seen: what had been seen when they were first written; empty where nothing had.
    """

    seen: str = ""

    def __missing__(self, claim: int) -> Declaration:
        raise KeyError(f"claim {claim} is not declared; declared.yaml has {', '.join(map(str, sorted(self)))}")


def read_declarations(path: Path) -> Declarations:
    """Reads a ``declared.yaml``.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not valid; the message names file, claim, field and what was found.
    """
    where = shown(path)
    raw = parse_yaml(read_text(path), where)
    if not isinstance(raw, dict):
        raise ValueError(f"{where}: expected a mapping from claims' numbers, found {_short(raw)}")
    found, seen = Declarations(), _joined(raw.pop("seen", ""))
    if not isinstance(seen, str):
        raise ValueError(f"{where}: seen: expected what had been seen in words, found {_short(seen)}")
    found.seen = seen
    for claim, fields in raw.items():
        if type(claim) is not int or not 1 <= claim <= MOST:
            raise ValueError(f"{where}: expected claims' numbers and `seen`, found {_short(claim)}")
        try:
            if not isinstance(fields, dict):
                raise ValueError(f"expected a mapping of fields, found {_short(fields)}")
            if "claim" in fields:
                raise ValueError("claim: its number is the key; take the field out")
            found[claim] = Declaration.model_validate({"seen": seen} | _joined(fields) | {"claim": claim})
        except ValueError as error:
            raise ValueError(f"{where}: claim {claim}: {_explained(error)}") from None
    return found


def _joined(node: Any) -> Any:
    """Folded text of several lines as one, and dates as text."""
    if isinstance(node, dict):
        return {key: _joined(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_joined(value) for value in node]
    if isinstance(node, date) and not isinstance(node, datetime):
        return node.isoformat()
    return re.sub(r"\s+", " ", node).strip() if isinstance(node, str) else node


def _explained(error: ValueError) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    words = []
    for item in error.errors():
        said, field = item["msg"].removeprefix("Value error, "), ".".join(map(str, item["loc"]))
        words.append(f"{shown(field)}: {said} (found {_short(item['input'])})" if field else said)
    return "; ".join(words)


def _short(value: Any) -> str:
    """What was found, as it may stand in a message."""
    try:
        words = repr(value)
    except ValueError:  # a number of more digits than Python writes out
        words = f"{type(value).__name__} of too many digits"
    return shown(words if len(words) <= 60 else f"{words[:57]}...")

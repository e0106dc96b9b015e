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
from reprise.claims.planned import Planned
from reprise.messages import shown
from reprise.power import ALPHA
from reprise.settings import Strict
from reprise.yaml_files import parse_yaml, read_text

Basis = Literal["arithmetic", "anything", "own", "data"]
Kind = Literal["arithmetic", "measured", "stand-in", "built"]
Text = Annotated[str, Field(min_length=3)]
MOST = 9999  # the largest number that a claim or a slip can have


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
        settings: dotted names in params.yaml or the study's ("data.cifar", "base.epochs") that decide what is measured.
        held: what these are, at every scale; filled in where it is evaluated, and part of the digest.
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
    settings: list[str] = Field(default_factory=list)
    held: dict[str, Any] = Field(default_factory=dict)
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
        return self.planned.level(seeds) if self.planned else ALPHA

    def off_plan(self, seeds: int, n: int | None = None) -> str:
        """Why so many seeds, or so large an ``n``, may not be judged; empty where the plan has them, or needs none."""
        return self.planned.off(seeds, n) if self.planned else ""

    def power_of(self, comparisons: int) -> float | None:
        """Chance to be reproduced at the planned number, so many comparisons alike at once; null where unknown.

        For a band with one end: where each true effect lies ``smallest`` inside it. With two: in its middle.
        """
        return self.planned.power(self.expect, self.smallest, comparisons) if self.planned else None

    @property
    def power(self) -> float | None:
        """The same of a single comparison."""
        return self.power_of(1)

    def holding(self, params: Any, where: str) -> Declaration:
        """With the values of its ``settings``, as a params.yaml has them, for all scales.

        Args:
            params: all of params.yaml, unresolved.
            where: its name, for messages.

        Raises:
            ValueError: it has no such setting.
        """
        return self.model_copy(update={"held": {name: _looked_up(params, name, where, self) for name in self.settings}})

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
            if "held" in fields:
                raise ValueError("held: filled in from params.yaml; name what is meant under settings")
            found[claim] = Declaration.model_validate({"seen": seen} | _joined(fields) | {"claim": claim})
        except ValueError as error:
            raise ValueError(f"{where}: claim {claim}: {_explained(error)}") from None
    return found


def _looked_up(params: Any, name: str, where: str, declared: Declaration) -> Any:
    node = params
    for part in name.split("."):
        if not isinstance(node, dict) or part not in node:
            raise ValueError(f"{where}: claim {declared.claim} declares the setting {shown(name)}, which is not there")
        node = node[part]
    return node


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

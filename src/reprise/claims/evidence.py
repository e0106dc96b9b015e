"""What a study hands to the ledger: findings, metrics, tables and figures.

A *finding* holds what was measured and, where it is judged, the band that was declared for it. Nothing here knows how
it was measured.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from reprise.claims.bands import Expect, Verdict, above, below, between, equals
from reprise.claims.declarations import Declaration
from reprise.files import read_json, write_json
from reprise.statistics import Effect

__all__ = [
    "Evidence", "Expect", "Figure", "Finding", "Metric", "Table", "above", "below", "between", "equals", "joined",
    "primary", "read_evidence",
]  # fmt: skip

Kind = Literal["primary", "secondary", "oracle", "slip", "context"]
NOTHING = 1e-9  # smaller numbers are rounding, which another processor does otherwise: they are stored as 0
DIGITS = 6  # significant ones that are stored of a number without an interval
MEASURED = ("metrics", "tables", "cost")  # parts of the evidence whose numbers are rounded, beside the effects


def joined(*remarks: str) -> str:
    """A note of several remarks, the empty ones left out."""
    return "; ".join(filter(None, remarks))


@dataclass(frozen=True)
class Finding:
    """One measurement for one claim.

    Attributes:
        claim: the claim's number in the catalogue.
        measures: one sentence: what the effect is ("Mean dice, cleaned minus raw, test subjects").
        effect: the measurement with its interval.
        expect: the band that it is held against.
        kind: ``primary`` decides, and is what was declared; ``secondary`` informs, with a band of its own (of several,
            at the level divided by their number); ``oracle`` compares our code with an independent one and must hold;
            ``slip`` shows an error of the source's that stands beside the verdict (outside the band: the slip is
            there); ``context`` informs and is held against nothing.
        variant: ``text``, ``code`` or ``corrected`` where the source's forms differ.
        published: the number the source or paper gives, with where it stands.
        oracle: the independent implementation compared with.
        defect: the number of the source's defect that this shows, if it does.
        note: what a reader must know to weigh it.
        undecided: why it is measured and may not be judged here (a network that has not learned its task); a primary
            finding is then inconclusive, whatever its interval.
        figures: names of figures that show it.
    """

    claim: int
    measures: str
    effect: Effect
    expect: Expect = field(default_factory=Expect)
    kind: Kind = "context"
    variant: str = ""
    published: str = ""
    oracle: str = ""
    defect: int | None = None
    note: str = ""
    undecided: str = ""
    figures: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.claim < 1:
            raise ValueError(f"claim {self.claim}: the catalogue's numbers begin at 1")
        if self.kind != "context" and math.isinf(self.expect.low) and math.isinf(self.expect.high):
            raise ValueError(f"claim {self.claim}: a {self.kind} finding must say what it is held against")
        if self.kind == "slip" and self.defect is None:
            raise ValueError(f"claim {self.claim}: a slip must name the defect that it shows")

    @property
    def verdict(self) -> Verdict:
        """On this finding alone."""
        if self.kind == "context":
            return "untested"
        return "inconclusive" if self.undecided else self.expect.judge(self.effect, self.kind == "secondary")


def primary(declared: Declaration, effect: Effect, *, undecided: str = "", **more: Any) -> Finding:
    """The finding that decides a claim: its words and its band are those that were declared.

    Args:
        declared: the claim's declaration.
        effect: what was measured, at the level that the declaration gives (``declared.level(seeds)``).
        undecided: why it may not be judged.
        more: ``of`` fills ``{}`` in the declared words, for a claim with several comparisons alike; the rest goes to
            ``Finding``.
    """
    if declared.built is not None:
        raise ValueError(f"claim {declared.claim} is only named by its source: what is built has no primary finding")
    measures = declared.measures.format(more.pop("of", ""))
    return Finding(declared.claim, measures, effect, declared.expect, "primary", undecided=undecided, **more)


def decide(findings: Iterable[Finding]) -> Verdict:
    """What the findings of one claim say together."""
    return judge([(finding.kind, finding.verdict) for finding in findings])


def judge(found: Sequence[tuple[str, str]]) -> Verdict:
    """The verdict that the findings of one claim give.

    Several primary findings are comparisons alike, which must all hold: contradicted if one of them is (their stricter
    intervals hold for all at once), reproduced if all are, else inconclusive. Where our own code disagrees with an
    independent implementation nothing measured with it can decide.

    Args:
        found: (kind, verdict) of each.
    """
    if any(kind == "oracle" and verdict != "reproduced" for kind, verdict in found):
        return "inconclusive"
    primaries = [verdict for kind, verdict in found if kind == "primary"]
    for verdict in ("contradicted", "inconclusive", "reproduced"):
        if verdict in primaries:
            return verdict
    return "untested"


@dataclass(frozen=True)
class Metric:
    """A number that the gate watches.

    Attributes:
        value: mean over seeds.
        spread: standard deviation over seeds, 0 where nothing is random.
        n: seeds (or repetitions) behind it.
        better: ``higher``, ``lower`` or ``equal``: the direction that is no regression.
    """

    value: float
    better: Literal["higher", "lower", "equal"]
    spread: float = 0.0
    n: int = 1

    @classmethod
    def over_seeds(cls, values: np.ndarray, better: Literal["higher", "lower", "equal"]) -> Metric:
        """Mean and standard deviation of (seeds,) numbers, one a trained network or repetition."""
        values = np.asarray(values, dtype=float)
        return cls(float(values.mean()), better, float(values.std(ddof=1)) if len(values) > 1 else 0.0, len(values))


@dataclass(frozen=True)
class Table:
    """A table for the report: header, rows of text or numbers, a caption that says n, data and scale."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    caption: str = ""


@dataclass(frozen=True)
class Figure:
    """A picture in the report. ``name`` is the file's name without ending; ``alt`` says what one sees."""

    name: str
    title: str
    alt: str
    caption: str = ""
    kind: Literal["svg", "png"] = "svg"


@dataclass
class Evidence:
    """All that one study found.

    Attributes:
        data: what it was measured on, in words, with its size ("generated: 14 subjects, 560 frames of 420x580").
        findings, metrics, tables, figures: as above; figures lie beside evidence.json under ``figures/``.
        cost: parameter counts, steps, epochs: deterministic cost only.
        settings: what was used, as the stages that used it wrote it; for a study that trains nothing its parameters.
        title, about: of the study's page, from its README.md: what is claimed, what was done, what it costs.
        declared: by claim, what was declared, from its declared.yaml.
        inputs: digest of what was measured, by which the same evidence is known again.
        unasked: declared claims of which these data can say nothing, each with why: they stay untested here.
    """

    data: str
    findings: list[Finding] = field(default_factory=list)
    metrics: dict[str, Metric] = field(default_factory=dict)
    tables: list[Table] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    cost: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    title: str = ""
    about: str = ""
    declared: dict[int, Declaration] = field(default_factory=dict)
    inputs: str = ""
    unasked: dict[int, str] = field(default_factory=dict)

    def check(self) -> None:
        """One primary finding a declared claim (several only where ``each`` is declared), none for what is built or not
        asked.

        Raises:
            ValueError: it is otherwise; the message names the claim.
        """
        for claim in sorted({finding.claim for finding in self.findings}):
            if claim not in self.declared:
                raise ValueError(f"{self.title}: claim {claim} is measured and not declared; say it in declared.yaml")
        for claim, declared in self.declared.items():
            found = [finding for finding in self.findings if finding.claim == claim and finding.kind == "primary"]
            if found and (declared.built is not None or claim in self.unasked):
                why = "is built" if declared.built is not None else "is not asked of these data"
                raise ValueError(f"{self.title}: claim {claim} {why} and has a primary finding")
            if (
                declared.built is None
                and claim not in self.unasked
                and (not found or (len(found) > 1 and not declared.each))
            ):
                raise ValueError(f"{self.title}: claim {claim}: {len(found)} primary findings, declared is one")

    def _power(self, declared: Declaration, source: str) -> float | None:
        """Of all comparisons that the claim makes; none where something other than missing seeds forbids a verdict."""
        found = [each for each in self.findings if (each.claim, each.kind) == (declared.claim, "primary")]
        power = declared.power_of(len(found))
        barred = any(each.undecided not in ("", declared.off_plan(each.effect.seeds)) for each in found)
        return 0.0 if power is not None and barred and declared.kind(source) == "measured" else power

    def write(self, folder: Path, **provenance: str) -> None:
        """Writes evidence.json; every figure named must already lie in ``folder/figures``.

        Numbers are rounded to what their interval (or six digits) can say: other processors differ beyond.

        Raises:
            FileNotFoundError: a figure is named but was not drawn.
            ValueError: nothing was found (an empty page would pass for a result), or a metric has a name that DVC
                takes for something else.
        """
        if not self.findings:
            raise ValueError(f"{self.title}: no findings; a study must answer at least one claim")
        if "error" in self.metrics:
            raise ValueError(f"{self.title}: metric error: DVC takes this name for a failure; choose another")
        for figure in self.figures:
            if not (folder / "figures" / f"{figure.name}.{figure.kind}").is_file():
                raise FileNotFoundError(f"{folder}/figures/{figure.name}.{figure.kind}: named but never drawn")
        record = {name: value for name, value in vars(self).items() if name not in ("findings", "declared")}
        record = asdict(Evidence(**record)) | {"provenance": provenance}
        record["declared"] = {
            str(claim): declared.model_dump(mode="json")
            | {
                "digest": declared.digest,
                "power": self._power(declared, provenance.get("source", "")),
                "kind": declared.kind(provenance.get("source", "")),
                "verdict": decide(finding for finding in self.findings if finding.claim == claim),
            }
            for claim, declared in sorted(self.declared.items())
            if claim not in self.unasked
        }
        record["findings"] = [_row(finding) for finding in self.findings]
        write_json(folder / "evidence.json", {key: _plain(value, key in MEASURED) for key, value in record.items()})


def _row(finding: Finding) -> dict[str, Any]:
    row = asdict(finding) | {"verdict": finding.verdict, "expected": str(finding.expect)}
    row["note"] = joined(finding.note, f"not judged: {finding.undecided}" if finding.undecided else "")
    effect = row["effect"]
    ends = [effect[name] for name in ("low", "high") if math.isfinite(effect[name])]
    half = (max(ends) - min(ends)) / 2 if len(ends) == 2 else 0.0
    if half > 0:
        places = 3 - math.floor(math.log10(half))
        for name in ("value", "low", "high", "strict_low", "strict_high", "seed_spread", "examples_error"):
            effect[name] = round(effect[name], places) if math.isfinite(effect[name]) else effect[name]
    row["effect"] = _plain(effect, rounded=True)
    return row


def read_evidence(folder: Path) -> dict[str, Any]:
    """Reads what ``Evidence.write`` wrote; infinite bounds come back as None."""
    return read_json(folder / "evidence.json")


def _plain(value: Any, rounded: bool = False) -> Any:
    """What JSON has: no infinity and no NaN (both become null), Python's numbers; measured ones rounded."""
    if isinstance(value, dict):
        return {str(key): _plain(item, rounded) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, rounded) for item in value]
    if hasattr(value, "item"):
        value = value.item()
    if not isinstance(value, float):
        return value
    if not math.isfinite(value):
        return None
    if value.is_integer() or not rounded:
        return value + 0.0  # counts stay whole, and there is no -0
    return 0.0 if abs(value) < NOTHING else float(f"{value:.{DIGITS}g}")

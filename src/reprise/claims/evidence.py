"""What a study hands to the ledger: findings, metrics, tables and figures.

A *finding* holds what was expected (named before the run), what was measured, and so its verdict. Nothing here knows
how it was measured.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from reprise.files import read_json, write_json
from reprise.statistics import Effect, seeds_needed

Verdict = Literal["reproduced", "contradicted", "inconclusive", "untested"]
Kind = Literal["claim", "oracle", "context"]


@dataclass(frozen=True)
class Expect:
    """The band in which the claim puts the effect. ``closed`` bands contain their ends."""

    low: float = -math.inf
    high: float = math.inf
    closed: bool = False

    def __str__(self) -> str:
        if math.isinf(self.low) and math.isinf(self.high):
            return "no expectation"
        if math.isinf(self.high):
            return f"{'≥' if self.closed else '>'} {_number(self.low)}"
        if math.isinf(self.low):
            return f"{'≤' if self.closed else '<'} {_number(self.high)}"
        if self.low == self.high:
            return f"= {_number(self.low)}"
        low, high = _number(self.low), _number(self.high)
        if low != high:
            return f"{low} to {high}"
        return f"{_number((self.low + self.high) / 2)} ± {(self.high - self.low) / 2:.1g}"

    def judge(self, effect: Effect) -> Verdict:
        """``reproduced`` where the whole interval lies in the band, ``contradicted`` where none of it does."""
        if math.isnan(effect.low) or math.isnan(effect.high):
            return "inconclusive"
        if self.closed:
            inside = effect.low >= self.low and effect.high <= self.high
            outside = effect.high < self.low or effect.low > self.high
        else:
            inside = effect.low > self.low and effect.high < self.high
            outside = effect.high <= self.low or effect.low >= self.high
        return "reproduced" if inside else "contradicted" if outside else "inconclusive"


def _number(value: float) -> str:
    """Counts in full, measurements to six digits."""
    return f"{value:,.0f}" if float(value).is_integer() and abs(value) < 1e15 else f"{value:g}"


def joined(*remarks: str) -> str:
    """A note of several remarks, the empty ones left out."""
    return "; ".join(filter(None, remarks))


def at_once(together: int) -> str:
    """What a note says of an interval that holds for several comparisons."""
    return f"the interval holds for all {together} at once" if together > 1 else ""


def above(bound: float) -> Expect:
    """The effect is larger than ``bound``."""
    return Expect(low=bound)


def below(bound: float) -> Expect:
    """The effect is smaller than ``bound``."""
    return Expect(high=bound)


def between(low: float, high: float) -> Expect:
    """The effect lies in ``[low, high]``; for "no effect", the band that counts as none."""
    return Expect(low, high, closed=True)


def equals(value: float, tolerance: float = 0.0) -> Expect:
    """The effect is ``value``, to within ``tolerance``."""
    return Expect(value - tolerance, value + tolerance, closed=True)


@dataclass(frozen=True)
class Finding:
    """One measurement for one claim.

    Attributes:
        claim: the claim's number in the catalogue.
        measures: one sentence: what the effect is ("Mean dice, cleaned minus raw, test subjects").
        effect: the measurement with its interval.
        expect: what the claim says it should be.
        kind: ``claim`` counts for the verdict; ``oracle`` compares our code with an independent one and must hold;
            ``context`` informs and is not judged.
        variant: ``text``, ``code`` or ``corrected`` where the source's forms differ.
        published: the number the source or paper gives, with where it stands.
        oracle: the independent implementation compared with.
        defect: the number of the source's defect that this shows, if it does.
        note: what a reader must know to weigh it.
        undecided: why it is measured and may not be judged here (a network that has not learned its task); a claim
            finding is then inconclusive, whatever its interval.
        figures: names of figures that show it.
    """

    claim: int
    measures: str
    effect: Effect
    expect: Expect = field(default_factory=Expect)
    kind: Kind = "claim"
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
            raise ValueError(f"claim {self.claim}: a {self.kind} finding must say what it expects")

    @property
    def verdict(self) -> Verdict:
        """The verdict on this finding alone."""
        if self.kind == "context":
            return "untested"
        return "inconclusive" if self.undecided else self.expect.judge(self.effect)

    @property
    def seeds_needed(self) -> int | None:
        """For an inconclusive finding: how many seeds would resolve it; None where seeds alone would not."""
        needed = [seeds_needed(self.effect, bound) for bound in self._crossed]
        return max(needed) if needed and None not in needed else None

    @property
    def remedy(self) -> str:
        """What would resolve an inconclusive finding, as a sentence; empty where that cannot be said."""
        if self.seeds_needed is not None:
            return f"About {self.seeds_needed:,} seeds would resolve it."
        floor = self.effect.examples_floor
        if self.effect.seeds and any(abs(self.effect.value - bound) <= floor for bound in self._crossed):
            return f"More seeds alone would not resolve it: the examples tested leave ±{floor:.2g} by themselves."
        return ""

    @property
    def _crossed(self) -> list[float]:
        """Ends of the band that the interval of an inconclusive finding covers."""
        if self.undecided or self.verdict != "inconclusive":
            return []
        return [end for end in (self.expect.low, self.expect.high) if self.effect.low <= end <= self.effect.high]


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

    def write(self, folder: Path, **provenance: str) -> None:
        """Writes evidence.json; every figure named must already lie in ``folder/figures``.

        Raises:
            FileNotFoundError: a figure is named but was not drawn.
            ValueError: nothing was found: an empty page would pass for a result.
        """
        if not self.findings:
            raise ValueError(f"{self.title}: no findings; a study must answer at least one claim")
        for figure in self.figures:
            if not (folder / "figures" / f"{figure.name}.{figure.kind}").is_file():
                raise FileNotFoundError(f"{folder}/figures/{figure.name}.{figure.kind}: named but never drawn")
        record = asdict(self) | {"provenance": provenance}
        for finding, row in zip(self.findings, record["findings"], strict=True):
            row |= {"verdict": finding.verdict, "expected": str(finding.expect)}
            row |= {"seeds_needed": finding.seeds_needed, "remedy": finding.remedy}
            row["note"] = joined(finding.note, f"not judged: {finding.undecided}" if finding.undecided else "")
        write_json(folder / "evidence.json", _finite(record))


def read_evidence(folder: Path) -> dict[str, Any]:
    """Reads what ``Evidence.write`` wrote; infinite bounds come back as None."""
    return read_json(folder / "evidence.json")


def _finite(value: Any) -> Any:
    """JSON has no infinity and no NaN: both become null. NumPy scalars become Python's."""
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value

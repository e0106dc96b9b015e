"""How much of a claim is measured, fixed beforehand, and how likely that is to decide it."""

from __future__ import annotations

import math

from pydantic import Field, model_validator

from reprise.claims.bands import Expect
from reprise.power import ALPHA, level_at, power_jointly, power_of_share
from reprise.settings import Strict
from reprise.statistics import proportion

MOST = 9999  # of seeds
LEAST = 0.9  # of the planned n


class Planned(Strict):
    """How much is measured, fixed beforehand.

    Attributes:
        seeds: trained networks of each variant at most; null where nothing is trained.
        looks: numbers of seeds at which it is judged, the last is ``seeds``; one look where it is left out.
        of: variants that its measurement reads, which get more seeds while it is undecided; all where it is left out.
        n: examples or repetitions, where chance is theirs.
        spread: standard deviation over seeds (or repetitions) that the plan assumes: the largest of the compared pairs.
        share: of successes that the plan assumes, where a share of ``n`` independent trials with Wilson's interval
            decides; in place of ``spread``.
        examples_error: standard error of the tested examples that it assumes, shared by all seeds.
        taken_from: the run that these come from.
    """

    seeds: int | None = Field(None, ge=2, le=MOST)
    looks: list[int] = Field(default_factory=list)
    of: list[str] = Field(default_factory=list)
    n: int | None = Field(None, ge=2, le=10**9)
    spread: float | None = Field(None, ge=0)
    share: float | None = Field(None, ge=0, le=1)
    examples_error: float = Field(0.0, ge=0)
    taken_from: str = ""

    @model_validator(mode="after")
    def _check(self) -> Planned:
        if (self.seeds is None) == (self.n is None):
            raise ValueError("give seeds (what is trained) or n (what is repeated), one of them")
        if self.looks and (self.looks != sorted(set(self.looks)) or self.looks[-1] != self.seeds or self.looks[0] < 2):
            raise ValueError("looks: rising numbers of seeds from 2 on, the last as many as `seeds`")
        if self.share is not None and (self.spread is not None or self.n is None):
            raise ValueError("share: of n trials, in place of spread")
        return self

    @property
    def judged_at(self) -> tuple[int, ...]:
        """Numbers of seeds at which it is judged; none where nothing is trained."""
        return tuple(self.looks) or ((self.seeds,) if self.seeds else ())

    def level(self, seeds: int) -> float:
        """The level of an interval at so many seeds: what the plan lets that look spend."""
        found = level_at(seeds, self.judged_at) if self.judged_at else None
        return ALPHA if found is None else found

    def off(self, seeds: int, n: int | None = None) -> str:
        """Why so many seeds, or so large an ``n``, may not be judged; empty where that was planned.

        Of ``n`` a tenth may be missing, since not everything that is tried can be measured.
        """
        if self.judged_at and seeds not in self.judged_at:
            return f"{seeds} seeds, planned are {' or '.join(map(str, self.judged_at))}"
        if self.n is None or n is None or LEAST * self.n <= n <= self.n:
            return ""
        return f"n {n:,}, planned are {self.n:,}"

    def power(self, expect: Expect, smallest: float | None, comparisons: int = 1) -> float | None:
        """Chance that all comparisons come out as claimed at the planned number; null where no chance is assumed.

        Args:
            expect: the band.
            smallest: how far inside a band with one end the true effect lies; of a band with two ends the middle.
            comparisons: how many must hold.
        """
        number = self.seeds or self.n or 0
        if self.share is not None:

            def decides(successes: int) -> bool:
                return expect.judge(proportion(successes, number)) == "reproduced"

            return round(power_of_share(number, self.share, decides) ** comparisons, 3)
        if self.spread is None:
            return None
        between = math.isfinite(expect.low) and math.isfinite(expect.high)
        size = (expect.high - expect.low) / 2 if between else smallest or 0.0
        error, level = self.examples_error, self.level(number)
        return round(power_jointly(comparisons, number, self.spread, size, error, level, between), 3)

"""The numbers that the posts give: worked examples, an input, times, and what they say comes out."""

from __future__ import annotations

from pathlib import Path

from reprise.published import read_published

PUBLISHED = read_published(Path(__file__).with_name("published.csv"))


def whole_rows(table: str) -> list[dict[str, int]]:
    """A table's rows in their order, in whole numbers."""
    return [{column: int(value) for column, value in row.items()} for row in PUBLISHED.rows(table).values()]


def whole_values(table: str) -> dict[str, int]:
    """A table of whole numbers, one a row."""
    return {name: int(value) for name, value in PUBLISHED.values(table).items()}


SHIELDS_TABLE = whole_rows("shields table")  # shields, warriors, damage
SHIELDS_EXAMPLE = whole_values("shields example")  # money, and the prices of a shield and of a warrior
SHIELDS_OPTIMA = whole_rows("shields optima")  # as printed: shields, warriors
FITNESS_ENDS = whole_values("fitness ends")
SQUARES_INPUT = tuple(whole_values("squares input").values())
SQUARES_TIMES = PUBLISHED.values("squares times")
KLEIBER = PUBLISHED.values("Kleiber")["exponent"]
LETTER_CHANCE = PUBLISHED.values("typing")["chance of a letter"]

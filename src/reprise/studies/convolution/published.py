"""The shapes of the source's examples: what goes in, what is done with it, what comes out."""

from __future__ import annotations

from pathlib import Path

from reprise.published import read_published

PUBLISHED = read_published(Path(__file__).with_name("published.csv"))
Example = dict[str, dict[str, int]]  # image, filters or window, output -> size, channels, ...


def example(table: str) -> Example:
    """One worked example, in whole numbers."""
    return {name: {column: int(value) for column, value in row.items()} for name, row in PUBLISHED.rows(table).items()}


def written(shape: dict[str, int]) -> str:
    """``32×32×10``."""
    return f"{shape['size']}×{shape['size']}×{shape['channels']}"


LAYER, POOLING, GLOBAL = (example(table) for table in ("layer", "pooling", "global average pooling"))

"""What the sources and a paper give as numbers."""

from __future__ import annotations

from pathlib import Path

from reprise.published import read_published

PUBLISHED = read_published(Path(__file__).with_name("published.csv"))
GRADIENTS = PUBLISHED.rows("worked gradients")
GRAPH = PUBLISHED.values("graph")
GRADIENT_COST = int(PUBLISHED.values("cost of a gradient")["largest"])  # evaluations of the function

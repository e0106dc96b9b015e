"""What the source gives as numbers."""

from __future__ import annotations

from pathlib import Path

from reprise.published import read_published

PUBLISHED = read_published(Path(__file__).with_name("published.csv"))
SIGMOID_MIDDLE = PUBLISHED.values("sigmoid")["middle"]
HINGE = PUBLISHED.values("hinge example")

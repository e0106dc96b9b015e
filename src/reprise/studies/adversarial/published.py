"""What Goodfellow, Shlens and Szegedy (2015) report."""

from __future__ import annotations

from pathlib import Path

from reprise.published import read_published

ONE_STEP = read_published(Path(__file__).with_name("published.csv")).rows("one step")  # network -> size, error, ...

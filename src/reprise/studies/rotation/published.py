"""What the source's figures show."""

from __future__ import annotations

from pathlib import Path

from reprise.published import read_published

PUBLISHED = read_published(Path(__file__).with_name("published.csv"))
FIGURE_8 = PUBLISHED.values("figure 8")  # validation accuracy
FIGURE_9 = PUBLISHED.values("figure 9")  # % of angles right, one image
FIGURE_10 = PUBLISHED.rows("figure 10")  # the median of that over 1,000 images
FIGURE_11 = PUBLISHED.values("figure 11")  # as figure 9, with the baseline's weights
FIGURE_12 = PUBLISHED.rows("figure 12")  # as figure 10, with the baseline's weights

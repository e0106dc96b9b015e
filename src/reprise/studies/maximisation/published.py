"""What the source says that it reached."""

from __future__ import annotations

from pathlib import Path

from reprise.published import read_published

PUBLISHED = read_published(Path(__file__).with_name("published.csv"))
ACCURACY = PUBLISHED.values("accuracy")["network"]
SAVED_LOSS = PUBLISHED.values("saved loss")  # nats, of the results for a 1
CONFIDENCE = PUBLISHED.values("confidence")
CENTRAL = PUBLISHED.values("central share")  # of the squared change from each start to the saved result for a 1

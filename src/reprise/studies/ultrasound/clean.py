"""Near-duplicates, contradictory labels, and what the rules would drop, as one file (claims 83-85)."""

from __future__ import annotations

from reprise.data.duplicates import HASHES, RULES, dropped, near_duplicates, strip_histograms
from reprise.data.ultrasound import load, whole_blocks
from reprise.studies.ultrasound.cleaning import Cleaning, HashFound
from reprise.workspace import Workspace

CURVE_LIMIT = 4.0  # times a hash's own threshold: as far as the precision-recall curves look


def clean(workspace: Workspace) -> None:
    """Compares frames within each subject (as the source did), by every hash, and applies both cleaning rules."""
    settings = workspace.config.cleaning
    prepared = load(workspace.prepared("ultrasound"))
    frames = whole_blocks(prepared.frames)
    hashes = {}
    for name, hashing in HASHES.items():
        threshold = settings.threshold if name != "robust" else hashing.threshold
        features = hashing.features(frames)
        pairs, distances = near_duplicates(features, CURVE_LIMIT * threshold, groups=prepared.subject)
        hashes[name] = HashFound(pairs, distances, features.shape[1], threshold)
    slip = strip_histograms(frames, unscaled=True)
    slipped, _ = near_duplicates(slip, settings.threshold, groups=prepared.subject)
    found = hashes[settings.hash].pairs
    drops = {rule: dropped(found, prepared.masks, rule) for rule in RULES}
    Cleaning(settings.hash, settings.threshold, hashes, slipped, drops).write(workspace)

"""``python -m reprise.stages.clean STUDY``: near-duplicates, contradictory labels, and what the rules would drop.

Writes one file: the pairs of every hash, and for the hash that ``cleaning.hash`` names which frames each rule drops.
"""

from __future__ import annotations

import sys

import numpy as np

from reprise.data.duplicates import HASHES, RULES, dropped, near_duplicates, strip_histograms
from reprise.data.ultrasound import load, whole_blocks
from reprise.files import write_npz
from reprise.stages.running import stage
from reprise.workspace import Workspace

CURVE_LIMIT = 4.0  # times a hash's own threshold: as far as the precision-recall curves look


def clean(workspace: Workspace) -> None:
    """Compares frames within each subject (as the source did), by every hash, and applies both cleaning rules."""
    settings = workspace.config.cleaning
    prepared = load(workspace.prepared(workspace.study))
    frames = whole_blocks(prepared.frames)
    arrays: dict[str, np.ndarray] = {}
    for name, hashing in HASHES.items():
        threshold = settings.threshold if name != "robust" else hashing.threshold
        features = hashing.features(frames)
        pairs, distances = near_duplicates(features, CURVE_LIMIT * threshold, groups=prepared.subject)
        near = distances < threshold
        arrays |= {
            f"{name}/pairs": pairs[near],
            f"{name}/distances": distances[near],
            f"{name}/wide_pairs": pairs,
            f"{name}/wide_distances": distances,
            f"{name}/features": np.array(features.shape[1]),
            f"{name}/threshold": np.array(threshold),
        }
    slip = strip_histograms(frames, unscaled=True)
    arrays["uint8_slip/pairs"], _ = near_duplicates(slip, settings.threshold, groups=prepared.subject)
    for rule in RULES:
        arrays[f"dropped/{rule}"] = dropped(arrays[f"{settings.hash}/pairs"], prepared.masks, rule)
    write_npz(workspace.prepared(f"{workspace.study}_cleaning"), **arrays)


if __name__ == "__main__":
    with stage("clean", *sys.argv[1:]):
        clean(Workspace(sys.argv[1]))

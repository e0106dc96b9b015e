"""Ultrasound nerve segmentation: what claims 79-87 say, measured.

Predictions are post-processed as the source's were and scored at the frames' own size by Kaggle's dice; every
comparison is paired frame by frame, with intervals over test subjects and seeds at once.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from reprise.claims.declarations import Declarations
from reprise.claims.evidence import Evidence, Figure
from reprise.comparing.tables import costs
from reprise.data.ultrasound import Prepared, load
from reprise.runs import load_runs, used_settings
from reprise.studies.ultrasound import duplicates, pixels, tables
from reprise.studies.ultrasound import figures as draw
from reprise.studies.ultrasound.answers import shown
from reprise.studies.ultrasound.cleaning import Cleaning, read_cleaning
from reprise.studies.ultrasound.comparisons import comparison_findings
from reprise.studies.ultrasound.exact import exact_findings
from reprise.studies.ultrasound.listing import oracles
from reprise.studies.ultrasound.published import TRAINING_SET
from reprise.studies.ultrasound.scores import check_same_frames, score
from reprise.workspace import Workspace

HEAD = "cleaned_has_mask"  # the variant with a second head


def evaluate(workspace: Workspace, declared: Declarations) -> Evidence:
    """Measures every variant and answers claims 79-87."""
    prepared, cleaning = load(workspace.prepared("ultrasound")), read_cleaning(workspace)
    generated = workspace.source == "generated"
    runs = load_runs(workspace)
    scores = {name: score(run, prepared) for name, run in runs.items()}
    check_same_frames(scores)
    measured = {name: pixels.measure_all(run, prepared) for name, run in runs.items()}
    evidence = Evidence(
        data=data_words(prepared, workspace.source),
        settings=used_settings(runs) | {"cleaning": cleaning.settings},
    )
    evidence.findings += exact_findings(declared, prepared, generated)
    evidence.findings += duplicates.duplicate_findings(declared, prepared, cleaning, generated)
    trained = -float(runs["raw"].last("train_loss").mean())  # the loss of a network without a head is minus its dice
    evidence.findings += comparison_findings(declared, scores, generated, trained)
    evidence.findings += oracles(prepared, cleaning, runs[HEAD], scores[HEAD])
    evidence.metrics |= tables.metrics(scores, measured)
    evidence.tables += [
        tables.score_table(scores),
        pixels.table(measured),
        duplicates.hash_table(prepared, cleaning, generated),
    ]
    evidence.cost = costs(runs)
    folder, answered = workspace.evidence / "figures", shown(runs, prepared)
    evidence.figures += [
        draw.subjects(folder, scores),
        draw.curves(folder, list(runs.values())),
        draw.predictions(folder, prepared, scores[HEAD]),
        draw.distances(folder, *duplicates.distance_matrix(prepared), cleaning.threshold),
        *_of_duplicates(folder, prepared, cleaning, generated),
        draw.reliability(folder, workspace.source, answered, *pixels.reliability_curves(answered, measured)),
    ]
    return evidence


def data_words(prepared: Prepared, source: str) -> str:
    """What was measured on, with its size; of real frames also whether they are all of Kaggle's."""
    subjects, (height, width) = len(np.unique(prepared.subject)), prepared.masks.shape[1:]
    words = f"{source}: {subjects} subjects, {len(prepared.subject)} frames of {height} x {width}"
    whole = TRAINING_SET["subjects"]
    if source == "generated" or subjects >= whole:
        return words
    return f"{words} (a part of Kaggle's {whole} subjects and {TRAINING_SET['frames']:,} frames)"


def _of_duplicates(folder: Path, prepared: Prepared, cleaning: Cleaning, generated: bool) -> list[Figure]:
    """Pairs with opposite labels where there are some, and how well each hash finds pairs where that is known."""
    figures, (pairs, distances) = [], duplicates.contradictions(prepared, cleaning)
    if len(pairs):
        figures.append(draw.contradictions(folder, prepared, pairs, distances))
    if generated:
        figures.append(draw.finders(folder, duplicates.finder_curves(prepared, cleaning)))
    return figures

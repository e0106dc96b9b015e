"""Selective search on every picture, and every part beside a slow form of itself (claims 122-129)."""

from __future__ import annotations

import numpy as np

from reprise.data.annotated import load
from reprise.data.selective import selective_search
from reprise.studies.detectors.parity import measure
from reprise.studies.detectors.proposals import Searched
from reprise.workspace import Workspace


def clean(workspace: Workspace) -> None:
    """Writes the proposals of all pictures, and the largest differences of the parts from their slow forms."""
    most = workspace.config.proposals.most
    pictures = load(workspace.prepared("objects"))
    boxes = np.zeros((len(pictures.images), most, 4), np.float32)
    count = np.zeros(len(pictures.images), np.int32)
    for i, image in enumerate(pictures.images):
        found = selective_search(image)[:most]
        boxes[i, : len(found)], count[i] = found, len(found)
    Searched(boxes, count, measure(workspace.config.proposals)).write(workspace)

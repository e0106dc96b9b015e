"""What claim 124 is checked against holds, and would not if patches were joined by another similarity."""

from __future__ import annotations

import numpy as np
import pytest

from reprise.data import selective
from reprise.studies.detectors.joining import oracle


def test_joining_is_that_of_the_slow_form():
    finding = oracle()
    assert (finding.claim, finding.verdict) == (124, "reproduced")
    assert finding.effect.n >= 100


@pytest.mark.parametrize("left_out", ["colours and textures", "fit"])
def test_a_similarity_that_leaves_something_out_is_seen(monkeypatch, left_out):
    right = selective._similar

    def other(i, others, histograms, size, boxes, total):
        if left_out == "fit":
            low, high = np.minimum(boxes[i, :2], boxes[others, :2]), np.maximum(boxes[i, 2:], boxes[others, 2:])
            return right(i, others, histograms, size, boxes, total) + (high - low).prod(axis=1) / total
        return right(i, others, [0 * each for each in histograms], size, boxes, total)

    monkeypatch.setattr(selective, "_similar", other)
    assert oracle().verdict == "contradicted"


def test_histograms_that_are_not_weighed_by_size_are_seen(monkeypatch):
    right = selective._histograms
    monkeypatch.setattr(selective, "_histograms", lambda *given: right(*given) ** 2)
    assert oracle().verdict == "contradicted"

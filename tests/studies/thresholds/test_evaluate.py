"""The study of claim 3: Otsu holds, the source's script is off, and the helpers can tell."""

from __future__ import annotations

import numpy as np
import pytest
from reprise.claims.thresholds import disagree, evaluate, explained, random_images, same_optimum

from reprise.workspace import Workspace


@pytest.fixture(scope="module")
def evidence(tmp_path_factory):
    folder = tmp_path_factory.mktemp("thresholds")
    (folder / "params.yaml").write_text("scale: smoke\nthresholds: {random_images: 25}\n")
    place = Workspace("thresholds", folder)
    (place.evidence / "figures").mkdir(parents=True)
    found = evaluate(place)
    found.write(place.evidence)
    return found


def test_text_holds_and_code_does_not(evidence):
    verdicts = {(f.kind, f.variant): f.verdict for f in evidence.findings if f.kind != "context"}
    assert verdicts == {
        ("claim", "text"): "reproduced",
        ("oracle", ""): "reproduced",
        ("claim", "code"): "contradicted",
    }


def test_every_photograph_is_off(evidence):
    (table,) = evidence.tables
    assert all(ours == theirs < source for _, ours, theirs, source, *_ in table.rows)


def test_random_images_are_of_many_kinds():
    images = random_images(25)
    assert {image.dtype.kind for image in images} == {"u", "i", "f"}
    assert all(not disagree(image) and same_optimum(image) for image in images)


def test_two_values_are_explained_wholly():
    assert explained(np.array([1, 1, 9], np.uint8)) == 1.0

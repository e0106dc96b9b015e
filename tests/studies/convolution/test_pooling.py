"""Claims 110 and 111: contrasts of random edges, and which differences are judged."""

from __future__ import annotations

import numpy as np
import pytest

from reprise.evaluation import declarations
from reprise.studies.convolution import pooling
from reprise.studies.convolution.settings import Config, Grid

DECLARED = declarations("convolution")
CONFIG = Config(grid=Grid(size=4, kernel=2, stride=2, padding=1), cases=10, edges=40, rounds=2)


@pytest.fixture(scope="module")
def left():
    return pooling.contrasts(CONFIG)


def test_shares_of_every_kind_and_round(left):
    assert set(left) == {
        (kind, mode) for kind in ("step", "bright line", "dark line") for mode in ("max", "mean", pooling.SECOND)
    }
    for shares in left.values():
        assert shares.shape == (2, 40)
        assert ((shares >= 0) & (shares < 1.1)).all()  # above 1 where an edge leaves a row of the image sooner
        assert shares[1].mean() < shares[0].mean() + 0.01


def test_the_maximum_keeps_steps_and_bright_lines_and_wipes_out_dark_ones(left):
    assert np.median(left["step", "max"]) == 1
    assert left["step", "mean"][0].mean() < 1
    assert left["bright line", "max"][0].mean() > left["bright line", "mean"][0].mean()
    assert left["dark line", "max"][0].mean() < left["dark line", "mean"][0].mean()


def test_a_step_is_kept_by_every_second_pixel_as_well_as_by_the_maximum(left):
    assert left["step", pooling.SECOND][0].mean() == pytest.approx(left["step", "max"][0].mean(), abs=0.02)
    assert left["dark line", pooling.SECOND][0].mean() > left["dark line", "max"][0].mean() + 0.2


def test_the_mean_treats_bright_and_dark_alike(left):
    np.testing.assert_allclose(left["bright line", "mean"], left["dark line", "mean"], atol=1e-12)


def primaries(left):
    return [
        finding for finding in pooling.findings(DECLARED, left) if (finding.claim, finding.kind) == (110, "primary")
    ]


def test_steps_and_bright_lines_are_preserved_and_dark_lines_contradict_the_claim(left):
    found = primaries(left)
    assert [finding.verdict for finding in found] == ["reproduced", "reproduced", "contradicted"]
    assert "thin dark line" in found[2].measures
    assert {finding.effect.together for finding in found} == {3}


def test_kept_dark_lines_would_reproduce_the_claim(left):
    kept = left | {("dark line", "max"): left["bright line", "max"]}
    assert {finding.verdict for finding in primaries(kept)} == {"reproduced"}


def test_what_the_mean_leaves_of_edges_is_not_preserved(left):
    blurred = {key: left[key[0], "mean"] for key in left}
    assert {finding.verdict for finding in primaries(blurred)} == {"contradicted"}


def test_the_gate_watches_what_the_maximum_keeps_of_a_step(left):
    step = next(f for f in pooling.findings(DECLARED, left) if "step edge's contrast that max" in f.measures)
    assert pooling.metrics(left)["edge_contrast_max_minus_mean"].value == pytest.approx(step.effect.value)


def test_a_median_in_the_place_of_the_mean_is_seen(monkeypatch, left):
    monkeypatch.setattr(pooling, "global_average_pool", lambda image: np.median(image, axis=(2, 3), keepdims=True))
    count, gap = pooling.findings(DECLARED, left)[-2:]
    assert (count.kind, count.verdict) == ("primary", "reproduced")
    assert (gap.kind, gap.verdict) == ("oracle", "contradicted")

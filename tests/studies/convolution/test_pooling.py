"""Claims 110 and 111: contrasts of random edges, and which differences are judged."""

from __future__ import annotations

import numpy as np
import pytest

from reprise.studies.convolution import pooling
from reprise.studies.convolution.settings import Config, Grid

CONFIG = Config(grid=Grid(size=4, kernel=2, stride=2, padding=1), cases=10, edges=40, rounds=2)


@pytest.fixture(scope="module")
def left():
    return pooling.contrasts(CONFIG)


def test_shares_of_every_kind_and_round(left):
    assert set(left) == {(kind, mode) for kind in ("step", "bright line", "dark line") for mode in ("max", "mean")}
    for shares in left.values():
        assert shares.shape == (2, 40)
        assert ((shares >= 0) & (shares < 1.1)).all()  # above 1 where an edge leaves a row of the image sooner
        assert shares[1].mean() < shares[0].mean() + 0.01


def test_the_maximum_keeps_steps_and_bright_lines_and_wipes_out_dark_ones(left):
    assert np.median(left["step", "max"]) == 1
    assert left["step", "mean"][0].mean() < 1
    assert left["bright line", "max"][0].mean() > left["bright line", "mean"][0].mean()
    assert left["dark line", "max"][0].mean() < left["dark line", "mean"][0].mean()


def test_the_mean_treats_bright_and_dark_alike(left):
    np.testing.assert_allclose(left["bright line", "mean"], left["dark line", "mean"], atol=1e-12)


def test_swapping_the_two_poolings_contradicts_the_claim(left):
    kept = pooling.findings(left)[2]
    assert kept.verdict == "reproduced"
    assert pooling.metrics(left)["edge_contrast_max_minus_mean"].value == pytest.approx(kept.effect.value)
    swapped = {(kind, {"max": "mean", "mean": "max"}[mode]): shares for (kind, mode), shares in left.items()}
    assert pooling.findings(swapped)[2].verdict == "contradicted"


def test_a_median_in_the_place_of_the_mean_is_seen(monkeypatch, left):
    monkeypatch.setattr(pooling, "global_average_pool", lambda image: np.median(image, axis=(2, 3), keepdims=True))
    count, gap = pooling.findings(left)[-2:]
    assert count.verdict == "reproduced"
    assert gap.verdict == "contradicted"

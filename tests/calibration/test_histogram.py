"""Histogram binning against its definition written as loops, and netcal."""

from __future__ import annotations

import numpy as np
import pytest

from reprise.calibration import HistogramBinning, softmax
from reprise.metrics.calibration import brier

NETCAL_BRIER = {3: 0.2659001833079204, 20: 0.7165335852805863}  # of netcal 1.4.0's tables for draw(2000, k)


def by_definition(fit: np.ndarray, positive: np.ndarray, new: np.ndarray, bins: int) -> np.ndarray:
    """One class against the rest, bin by bin over (lo, hi]; 0 is in the first bin."""
    result = np.empty(len(new))
    for b in range(bins):
        low, high = (b / bins if b else -1), (b + 1) / bins
        inside = (fit > low) & (fit <= high)
        value = positive[inside].mean() if inside.any() else (b + 0.5) / bins
        result[(new > low) & (new <= high)] = value
    return result


@pytest.mark.parametrize("bins", [1, 2, 15])
@pytest.mark.parametrize("k", [2, 3, 40])
def test_equals_the_definition(draw, k: int, bins: int) -> None:
    logits, labels = draw(700, k)
    new, _ = draw(700, k, seed=1)
    p, q = softmax(logits), softmax(new)
    expected = np.stack([by_definition(p[:, c], labels == c, q[:, c], bins) for c in range(k)], 1)
    if k == 2:
        expected[:, 0] = 1 - expected[:, 1]
    total = expected.sum(1, keepdims=True)
    expected = np.where(total > 0, expected / np.where(total > 0, total, 1), 1 / k)
    assert HistogramBinning(bins).fit(logits, labels).transform(new) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("k", NETCAL_BRIER)
def test_brier_score_equals_that_of_netcals_table(draw, k: int) -> None:
    logits, labels = draw(2000, k)
    table = HistogramBinning().fit(logits, labels).transform(logits)
    assert brier(table, labels) == pytest.approx(NETCAL_BRIER[k], abs=1e-6)


@pytest.mark.parametrize("k", NETCAL_BRIER)
def test_equals_netcal(draw, k: int) -> None:
    binning = pytest.importorskip("netcal.binning")
    logits, labels = draw(2000, k)
    p = softmax(logits)
    theirs = binning.HistogramBinning(bins=15).fit(p, labels).transform(p)
    assert HistogramBinning().fit(logits, labels).transform(logits) == pytest.approx(theirs, abs=1e-6)
    assert brier(theirs, labels) == pytest.approx(NETCAL_BRIER[k], abs=1e-6)


def test_single_precision_equals_double_but_for_examples_on_an_edge(draw) -> None:
    logits, labels = draw(5000, 8)
    double = HistogramBinning().fit(logits, labels).transform(logits)
    single = HistogramBinning().fit(logits.astype(np.float32), labels).transform(logits.astype(np.float32))
    assert np.quantile(np.abs(double - single), 0.999) < 1e-5


def test_may_change_predictions(draw) -> None:
    logits, labels = draw(3000, 30)
    changed = HistogramBinning().fit(logits, labels).transform(logits).argmax(1) != logits.argmax(1)
    assert 0 < changed.mean() < 0.5  # claim 36: the error may rise


@pytest.mark.parametrize("bins", [0, 1.5, None])
def test_bins_must_be_a_whole_number(bins) -> None:
    with pytest.raises(ValueError, match="bins"):
        HistogramBinning(bins)

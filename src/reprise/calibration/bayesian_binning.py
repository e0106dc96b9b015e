"""Bayesian binning into quantiles, one class against the rest (claim 38; Naeini, Cooper and Hauskrecht, AAAI 2015)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import gammaln

from reprise.calibration.base import OneVersusRest
from reprise.calibration.isotonic import sort_with_truth

_NEGLIGIBLE = 1e-9  # models of a smaller posterior are left out: they cannot move a probability by more in total


class Staircase(NamedTuple):
    """A piecewise constant function: ``value[i]`` on (edges[i - 1], edges[i]]."""

    edges: np.ndarray
    value: np.ndarray


class BayesianBinning(OneVersusRest):
    """An average of equal-frequency histogram binnings with B bins, weighted by their posterior.

    As in the paper: B runs from n^(1/3) / C to C n^(1/3) with C = 10, all equally likely beforehand; a bin's share has
    a Beta prior of weight N' / B, N' = 2, around the bin's midpoint. Likelihood and mean have a closed form. The
    weighted sum over all B is one piecewise constant function, so applying it is one binary search.

    Equal probabilities are never split between bins. netcal's BBQ differs: equal-width bins and the BIC in place of the
    likelihood, as its text says.

    Attributes:
        columns: one `Staircase` a class (class 1 alone for two classes), after `fit`.
    """

    def __init__(self, reach: float = 10.0, prior: float = 2.0):
        """Settings.

        Args:
            reach: C, at least 1: how far the numbers of bins go to either side of n^(1/3).
            prior: N' > 0, the weight of the prior in examples.
        """
        if not reach >= 1 or not prior > 0:
            raise ValueError(f"reach={reach}, prior={prior}: expected reach >= 1 and prior > 0")
        self.reach, self.prior = reach, prior

    def _fit_column(self, scores: np.ndarray, positive: np.ndarray) -> Staircase:
        values, truth = sort_with_truth(scores, positive)
        values = values.astype(float)
        n = len(values)
        sizes = np.arange(*bin_range(n, self.reach))
        model = np.repeat(np.arange(len(sizes)), sizes)  # which binning a bin belongs to
        place = np.arange(len(model)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        upper = _upper_edges(values, place + 1, sizes[model])
        first = place == 0
        lower = np.where(first, 0.0, np.roll(upper, 1))
        reached = np.searchsorted(values, upper, side="right")
        below = np.where(first, 0, np.roll(reached, 1))
        cumulative = np.append(0, np.cumsum(truth, dtype=np.int64))
        ones = cumulative[reached] - cumulative[below]
        zeros = reached - below - ones
        weight = self.prior / sizes[model]
        middle = np.clip((lower + upper) / 2, 1e-12, 1 - 1e-12)
        alpha, beta = weight * middle, weight * (1 - middle)
        score = gammaln(weight) - gammaln(ones + zeros + weight) + gammaln(ones + alpha) - gammaln(alpha)
        score += gammaln(zeros + beta) - gammaln(beta)
        posterior = np.bincount(model, weights=score)
        posterior = np.exp(posterior - posterior.max())
        posterior /= posterior.sum()
        kept = posterior > _NEGLIGIBLE / len(sizes)
        posterior = np.where(kept, posterior, 0) / posterior[kept].sum()
        share = (ones + alpha) / (ones + zeros + weight) * posterior[model]
        return _sum_of_staircases(upper[kept[model]], share[kept[model]], place[kept[model]])

    def _apply_column(self, fitted: Staircase, scores: np.ndarray) -> np.ndarray:
        return fitted.value[np.searchsorted(fitted.edges, scores, side="left")]


def bin_range(n: int, reach: float) -> tuple[int, int]:
    """First and last-plus-one number of bins for n examples."""
    root = n ** (1 / 3)
    first = max(1, int(np.floor(root / reach)))
    return first, max(first, min(n, int(np.ceil(root * reach)))) + 1


def _upper_edges(values: np.ndarray, place: np.ndarray, bins: np.ndarray) -> np.ndarray:
    """Edge above the ``place``-th of ``bins`` equal-frequency bins: midway between neighbours, 1 above the last."""
    cut = np.clip(place * len(values) // bins, 1, len(values))
    after = values[np.minimum(cut, len(values) - 1)]
    return np.where(place == bins, 1.0, values[cut - 1] + (after - values[cut - 1]) / 2)


def _sum_of_staircases(upper: np.ndarray, share: np.ndarray, place: np.ndarray) -> Staircase:
    """Adds staircases given as (upper edge, value) bins one after the other; ``place`` 0 begins a new one."""
    begins = place == 0
    jump = np.diff(share, append=0)  # from this bin to the next, felt above the upper edge
    last = np.append(begins[1:], True)
    order = np.argsort(upper[~last], kind="stable")
    edges, jumps = upper[~last][order], jump[~last][order]
    value = share[begins].sum() + np.append(0.0, np.cumsum(jumps))
    final = np.append(edges[1:] > edges[:-1], True) if len(edges) else np.zeros(0, bool)
    return Staircase(edges[final], np.clip(np.append(value[0], value[1:][final]), 0, 1))

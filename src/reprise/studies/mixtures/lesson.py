"""Expectation maximisation for Gaussian mixtures: claims 1 and 2 (LAID, "clustering with Expectation Maximization").

A mixture says that each point was drawn from one of ``k`` Gaussians, but not from which:
``p(x) = Σ_j w_j N(x; μ_j, Σ_j)``. EM climbs the likelihood in two alternating steps (Dempster, Laird & Rubin 1977):

* **E**: with the parameters held, the *responsibility* of Gaussian ``j`` for point ``i`` is Bayes' rule,
  ``r_ij = w_j N(x_i; μ_j, Σ_j) / p(x_i)``;
* **M**: with the responsibilities held, weights, means and covariances are the weighted averages they imply.

No step can lower the likelihood, so the curve of log-likelihoods is both the stopping rule and a test of the code.
Two things make it work in any dimension: densities are kept as *logarithms* (a Gaussian in eight dimensions underflows
a few standard deviations out), and ``Σ = L Lᵀ`` turns the Mahalanobis distance into the length of ``L⁻¹(x - μ)``.

Both steps are one pass over the points here: while a block of differences ``x - μ`` is in the cache, it gives the
densities *and* the weighted sums that the M step needs. Measured about the old means, those sums lose no digits.

``source_code`` holds the source's own form, in two dimensions and with its faults.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np

Covariance = Literal["full", "diag", "spherical", "tied"]
Start = Literal["k-means++", "points"]
KINDS: tuple[Covariance, ...] = ("full", "diag", "spherical", "tied")


@dataclass(frozen=True)
class Mixture:
    """A Gaussian mixture.

    Attributes:
        weights: (k,) shares, summing to 1.
        means: (k, d).
        covariances: ``full`` (k, d, d), ``tied`` (d, d), ``diag`` (k, d), ``spherical`` (k,).
        kind: which of these.
    """

    weights: np.ndarray
    means: np.ndarray
    covariances: np.ndarray
    kind: Covariance = "full"

    def responsibilities(self, points: np.ndarray) -> np.ndarray:
        """(n, k): the probability that each point came from each Gaussian."""
        return np.concatenate([share.T for _, share, _ in _blocks(self, _transposed(points))])

    def log_likelihood(self, points: np.ndarray) -> float:
        """Mean log density of the points, in nats."""
        return float(np.concatenate([density for _, _, density in _blocks(self, _transposed(points))]).mean())

    def predict(self, points: np.ndarray) -> np.ndarray:
        """(n,): the Gaussian most responsible for each point."""
        return self.responsibilities(points).argmax(axis=1)


class Moments(NamedTuple):
    """What the M step needs to know, all measured about the old means.

    ``count`` (k,): Σ r; ``shift`` (k, d): Σ r (x - μ); ``scatter``: Σ r (x - μ)(x - μ)ᵀ, of which the diagonal alone
    is kept for diagonal covariances; ``log_likelihood``: summed over the points.
    """

    count: np.ndarray
    shift: np.ndarray
    scatter: np.ndarray
    log_likelihood: float


class Fit(NamedTuple):
    """A fitted mixture, the mean log-likelihood before each iteration and after the last, and whether it settled."""

    mixture: Mixture
    log_likelihoods: np.ndarray
    converged: bool


def fit(
    points: np.ndarray,
    components: int,
    kind: Covariance = "full",
    start: Start | Mixture = "k-means++",
    iterations: int = 200,
    tolerance: float = 1e-6,
    regularisation: float = 1e-6,
    restarts: int = 1,
    seed: int = 0,
) -> Fit:
    """Fits a mixture by EM; of several restarts the likeliest is kept.

    Args:
        points: (n, d) finite numbers.
        components: how many Gaussians, 1 to n.
        kind: the covariances' form.
        start: ``k-means++`` (spread-out data points), ``points`` (any data points), or a mixture to go on from.
        iterations: at most this many.
        tolerance: settled once an iteration gains less than this (nats a point); 0 runs them all.
        regularisation: added to every variance, so that a Gaussian on a single point cannot shrink to nothing.
        restarts: independent starts.
        seed: of the starts.

    Raises:
        ValueError: bad points or settings, or a covariance that collapsed.
    """
    transposed = _transposed(points)
    if not 1 <= components <= transposed.shape[1]:
        raise ValueError(f"{components} components for {transposed.shape[1]} points; choose 1 to the number of points")
    if kind not in KINDS:
        raise ValueError(f"covariance {kind!r}: expected one of {', '.join(KINDS)}")
    if iterations < 1 or restarts < 1 or tolerance < 0 or regularisation < 0:
        raise ValueError("iterations and restarts must be at least 1, tolerance and regularisation at least 0")
    rng = np.random.default_rng(seed)
    fits = []
    for _ in range(restarts):
        first = start if isinstance(start, Mixture) else starting_mixture(points, components, kind, start, rng)
        fits.append(_climb(transposed, first, iterations, tolerance, regularisation))
    return max(fits, key=lambda found: found.log_likelihoods[-1])


def starting_mixture(
    points: np.ndarray, components: int, kind: Covariance, start: Start, rng: np.random.Generator
) -> Mixture:
    """Means at data points, every covariance that of all the data, equal weights.

    ``points`` draws the data points evenly. ``k-means++`` (Arthur & Vassilvitskii 2007) draws each next one with
    probability proportional to its squared distance from those already drawn: two seldom fall into one cluster.
    """
    points = np.asarray(points, dtype=float)
    if start == "points":
        means = points[rng.choice(len(points), components, replace=False)]
    elif start == "k-means++":
        means = points[[rng.integers(len(points))]]
        nearest = np.square(points - means[0]).sum(axis=1)
        for _ in range(components - 1):
            total = nearest.sum()
            chance = nearest / total if total > 0 else None  # every point already chosen: any will do
            means = np.vstack([means, points[rng.choice(len(points), p=chance)]])
            nearest = np.minimum(nearest, np.square(points - means[-1]).sum(axis=1))
    else:
        raise ValueError(f"start {start!r}: expected 'k-means++', 'points' or a Mixture")
    spread = np.atleast_2d(np.cov(points.T, bias=True)) + 1e-12 * np.eye(points.shape[1])
    whole = {
        "full": np.repeat(spread[None], components, axis=0),
        "tied": spread,
        "diag": np.repeat(np.diag(spread)[None], components, axis=0),
        "spherical": np.full(components, np.trace(spread) / len(spread)),
    }
    return Mixture(np.full(components, 1 / components), means, whole[kind], kind)


def expectation(mixture: Mixture, transposed: np.ndarray) -> Moments:
    """The E step, already summed up for the M step. ``transposed`` is (d, n)."""
    full = mixture.kind in ("full", "tied")
    count = np.zeros(len(mixture.weights))
    shift = np.zeros_like(mixture.means)
    scatter = np.zeros((*mixture.means.shape, mixture.means.shape[1])) if full else np.zeros_like(mixture.means)
    log_likelihood = 0.0
    room: np.ndarray | None = None
    for difference, share, density in _blocks(mixture, transposed):
        room = np.empty_like(difference) if room is None else room
        weighted = np.multiply(difference, share[:, None], out=room[..., : share.shape[1]])
        count += share.sum(axis=1)
        shift += weighted.sum(axis=2)
        if full:
            scatter += weighted @ difference.transpose(0, 2, 1)
        else:
            scatter += np.einsum("kdb,kdb->kd", weighted, difference)
        log_likelihood += density.sum()
    return Moments(count, shift, scatter, float(log_likelihood))


def maximisation(mixture: Mixture, moments: Moments, regularisation: float) -> Mixture:
    """The M step: the parameters that the responsibilities imply.

    About the new mean the scatter is smaller than about the old by ``n δδᵀ`` (``δ`` the mean's move).
    """
    count = moments.count + 10 * np.finfo(float).eps  # a Gaussian that lost every point stays where it is
    move = moments.shift / count[:, None]
    weights = count / count.sum()
    if moments.scatter.ndim == 3:
        covariances = moments.scatter / count[:, None, None] - move[:, :, None] * move[:, None, :]
        if mixture.kind == "tied":
            covariances = np.einsum("k,kij->ij", weights, covariances)
        covariances = covariances + regularisation * np.eye(move.shape[1])
    else:
        covariances = moments.scatter / count[:, None] - move**2 + regularisation
        if mixture.kind == "spherical":
            covariances = covariances.mean(axis=1)
    return replace(mixture, weights=weights, means=mixture.means + move, covariances=covariances)


def _climb(transposed: np.ndarray, mixture: Mixture, iterations: int, tolerance: float, regularisation: float) -> Fit:
    history: list[float] = []
    converged = False
    for _ in range(iterations):
        moments = expectation(mixture, transposed)
        history.append(moments.log_likelihood / transposed.shape[1])
        mixture = maximisation(mixture, moments, regularisation)
        if len(history) > 1 and abs(history[-1] - history[-2]) < tolerance:
            converged = True
            break
    history.append(expectation(mixture, transposed).log_likelihood / transposed.shape[1])
    return Fit(mixture, np.array(history), converged)


def _blocks(mixture: Mixture, transposed: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yields, block by block: differences (k, d, b), responsibilities (k, b), log densities (b,).

    A block holds about 2 MB of differences: it stays in the cache between the uses made of it.
    """
    components, dimension = mixture.means.shape
    factor, log_determinant = _whitening(mixture)
    with np.errstate(divide="ignore"):  # a weight of zero is a Gaussian that takes no part
        constant = np.log(mixture.weights) + log_determinant - 0.5 * dimension * np.log(2 * np.pi)
    block = min(transposed.shape[1], max(256, 2**18 // (components * dimension)))
    room = np.empty((2, components, dimension, block))  # used again by every block: fresh pages cost more than the sums
    for begin in range(0, transposed.shape[1], block):
        points = transposed[None, :, begin : begin + block]
        difference, white = room[..., : points.shape[2]]
        np.subtract(points, mixture.means[:, :, None], out=difference)
        if factor.ndim == 3:
            np.matmul(factor, difference, out=white)
        else:
            np.multiply(factor[:, :, None], difference, out=white)
        log_joint = np.einsum("kdb,kdb->kb", white, white)
        log_joint *= -0.5
        log_joint += constant[:, None]
        largest = log_joint.max(axis=0)  # log-sum-exp: the largest term becomes exp(0), nothing overflows
        log_joint -= largest
        share = np.exp(log_joint, out=log_joint)
        total = share.sum(axis=0)
        share /= total
        yield difference, share, largest + np.log(total)


def _whitening(mixture: Mixture) -> tuple[np.ndarray, np.ndarray]:
    """``L⁻¹`` for each Gaussian, (k, d, d) or, where Σ is diagonal, (k, d); and ``log |L⁻¹|``, (k,)."""
    components, dimension = mixture.means.shape
    covariances = np.asarray(mixture.covariances, dtype=float)
    if mixture.kind in ("full", "tied"):
        try:
            root = np.linalg.cholesky(covariances.reshape(-1, dimension, dimension))
        except np.linalg.LinAlgError:
            raise ValueError("a covariance is not positive definite: raise the regularisation") from None
        factor = np.linalg.solve(root, np.broadcast_to(np.eye(dimension), root.shape))
        factor = np.broadcast_to(factor, (components, dimension, dimension))
        return factor, np.log(np.diagonal(factor, axis1=1, axis2=2)).sum(axis=1)
    if not np.all(covariances > 0):
        raise ValueError(f"a variance is {covariances.min():g}: raise the regularisation")
    scale = np.broadcast_to((covariances**-0.5).reshape(components, -1), (components, dimension))
    return scale, np.log(scale).sum(axis=1)


def _transposed(points: np.ndarray) -> np.ndarray:
    """(d, n) contiguous: one coordinate of all points lies together, as the sums over points want it."""
    points = np.asarray(points, dtype=float)
    if points.ndim != 2 or points.size == 0:
        raise ValueError(f"points has shape {points.shape}; expected (n, d) with at least one point")
    if not np.isfinite(points).all():
        raise ValueError(f"points holds {int((~np.isfinite(points)).sum())} values that are not finite")
    return np.ascontiguousarray(points.T)

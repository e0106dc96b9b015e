"""Confidence by density modelling: a Gaussian a class on the logits (claim 30; Subramanya, Srinivas and Babu, 2017)."""

from __future__ import annotations

import numpy as np
from scipy.linalg import solve_triangular

from reprise.calibration.base import Calibrator, softmax

_FLOOR = 1e-9  # of the mean variance: keeps a class with constant logits factorisable
_CHUNK = 8192


class DensityConfidence(Calibrator):
    """P(y_i | z) = N(z; mu_i, S_i) P(y_i) / sum_j N(z; mu_j, S_j) P(y_j), in log space.

    Means, full covariances and priors come from the labelled logits of the fit. The covariance is shrunk towards a
    sphere by Ledoit and Wolf's (2004) amount, so it stays invertible with fewer examples than classes and for logits
    whose rows sum to a constant.

    The source prints the denominator with i for j, and P(X | y) for P(z | y), saying that X to z is one-to-one. It is
    not (a network maps many images to one z), and the formula does not need it: all that is modelled is z.

    The normalised confidence compares classes. Far from all of them the widest wins outright, so it can be near 1
    where z is like nothing seen; `log_density` is the number that says how far away z is. For the same reason one row
    of the fit far from all others (a masked logit of -1e9) spoils its class: leave such rows out.

    Attributes:
        means: (k, k) mean logits, a row a class, after `fit`.
        covariances: (k, k, k) shrunk covariances, by class.
        priors: (k,) shares of the classes in the fit.
        shrinkages: (k,) in [0, 1], the shrinkage of each class.
    """

    def __init__(self, shrinkage: float | None = None):
        """Settings.

        Args:
            shrinkage: share in [0, 1] of the sphere in every covariance; None estimates it by class.
        """
        if shrinkage is not None and not 0 <= shrinkage <= 1:
            raise ValueError(f"shrinkage={shrinkage}: expected None or a share in [0, 1]")
        self.shrinkage = shrinkage

    def _fit(self, logits: np.ndarray, labels: np.ndarray) -> None:
        k = logits.shape[1]
        counts = np.bincount(labels, minlength=k)
        if counts.min() < 2:
            few = int(counts.argmin())
            raise ValueError(
                f"labels: class {few} has {counts[few]} examples, a density needs at least 2 of each class"
            )
        self.priors = counts / len(labels)
        self.means, self.covariances = np.empty((k, k)), np.empty((k, k, k))
        self.shrinkages = np.empty(k)
        for c in range(k):
            examples = logits[labels == c].astype(float)
            self.means[c] = examples.mean(axis=0)
            covariance, self.shrinkages[c] = shrunk_covariance(examples - self.means[c], self.shrinkage)
            self.covariances[c] = covariance
        variance = float(self.priors @ np.trace(self.covariances, axis1=1, axis2=2)) / k
        if not variance > 0:
            raise ValueError("logits: equal within every class, so there is no density to model")
        self.covariances += _FLOOR * variance * np.eye(k)
        self._factors = np.linalg.cholesky(self.covariances)

    def _transform(self, logits: np.ndarray) -> np.ndarray:
        return softmax(self._log_joint(logits)).astype(logits.dtype)

    def log_density(self, logits: np.ndarray) -> np.ndarray:
        """log p(z) = log of the sum of N(z; mu_j, S_j) P(y_j): how usual each row is.

        Args:
            logits: (n, k).

        Returns:
            (n,) nats; lower is further from what was fitted.
        """
        joint = self._log_joint(self._checked(logits))
        top = joint.max(axis=1)
        return top + np.log(np.exp(joint - top[:, None]).sum(axis=1))

    def _log_joint(self, logits: np.ndarray) -> np.ndarray:
        """(n, k) log of N(z; mu_i, S_i) P(y_i)."""
        n, k = logits.shape
        result = np.empty((n, k))
        for c in range(k):
            factor = self._factors[c]
            constant = np.log(self.priors[c]) - np.log(np.diag(factor)).sum() - 0.5 * k * np.log(2 * np.pi)
            for start in range(0, n, _CHUNK):
                away = logits[start : start + _CHUNK].astype(float) - self.means[c]
                whitened = solve_triangular(factor, away.T, lower=True, check_finite=False)
                result[start : start + _CHUNK, c] = constant - 0.5 * np.einsum("ij,ij->j", whitened, whitened)
        return result


def shrunk_covariance(centred: np.ndarray, shrinkage: float | None = None) -> tuple[np.ndarray, float]:
    """Covariance of centred examples, mixed with the sphere of the same trace.

    Args:
        centred: (n, k), mean 0.
        shrinkage: share of the sphere; None for Ledoit and Wolf's estimate of the best one.

    Returns:
        (k, k) covariance and the shrinkage.
    """
    n, k = centred.shape
    sample = centred.T @ centred / n
    sphere = np.trace(sample) / k * np.eye(k)
    if shrinkage is None:
        distance = ((sample - sphere) ** 2).sum()
        fourth = (np.einsum("ij,ij->i", centred, centred) ** 2).sum()
        noise = (fourth / n - (sample**2).sum()) / n
        shrinkage = float(min(max(noise, 0.0) / distance, 1.0)) if distance > 0 else 0.0
    return (1 - shrinkage) * sample + shrinkage * sphere, shrinkage

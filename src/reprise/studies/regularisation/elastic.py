"""Claim 156: the elastic net has both properties, exact zeros from L1 and shared weights from L2."""

from __future__ import annotations

import numpy as np

from reprise.claims.evidence import Finding, between
from reprise.statistics import exact
from reprise.studies.regularisation import lesson

ALPHAS = np.logspace(-2.5, 0.3, 40)


def diabetes() -> tuple[np.ndarray, np.ndarray]:
    """scikit-learn's diabetes data, z-scored: features (442, 10) and target (442,)."""
    from sklearn.datasets import load_diabetes

    features, target = load_diabetes(return_X_y=True, scaled=False)
    return lesson.z_score(features), lesson.z_score(target)


def gaps_to_sklearn(X: np.ndarray, y: np.ndarray) -> list[float]:
    """Largest difference of any coefficient from scikit-learn's, for twelve settings."""
    from sklearn.linear_model import ElasticNet

    gaps = []
    for alpha in (0.01, 0.1, 0.5):
        for ratio in (0.1, 0.5, 0.9, 1.0):
            theirs = ElasticNet(alpha=alpha, l1_ratio=ratio, fit_intercept=False, tol=1e-12, max_iter=100_000)
            ours = lesson.elastic_net(X, y, alpha, ratio)
            gaps.append(float(np.abs(ours - theirs.fit(X, y).coef_).max()))
    return gaps


def findings(X: np.ndarray, y: np.ndarray, gaps: list[float]) -> list[Finding]:
    """Agreement with scikit-learn and with ridge regression, and what comes from which penalty."""
    ridge = np.linalg.solve(X.T @ X / len(y) + 0.1 * np.eye(10), X.T @ y / len(y))
    twins = np.column_stack([X, X[:, 2]])  # the third feature twice
    both = lesson.elastic_net(twins, y, 0.1, 0.5)
    return [
        Finding(
            156,
            "Largest difference of any coefficient from scikit-learn's ElasticNet, twelve settings",
            exact(max(gaps), len(gaps)),
            between(0, 1e-8),
            kind="oracle",
            oracle="sklearn.linear_model.ElasticNet, tol 1e-12",
            note="Both stop when a sweep moves nothing by more than about 1e-12.",
        ),
        Finding(
            156,
            "Largest difference from the closed form of ridge regression at ρ = 0",
            exact(np.abs(lesson.elastic_net(X, y, 0.1, 0.0) - ridge).max(), 10),
            between(0, 1e-8),
            kind="oracle",
            oracle="normal equations",
        ),
        Finding(
            156,
            "From L1: coefficients that are exactly 0 (α = 0.1, ρ = ½)",
            exact(int((both == 0).sum()), len(both), "of 11"),
            figures=("regularisation-paths",),
        ),
        Finding(
            156,
            "From L2: difference between the coefficients of a feature and its copy",
            exact(abs(both[2] - both[10])),
            note=f"Each gets {both[2]:.3f}. Pure L1 leaves the split between them open (Zou and Hastie 2005).",
        ),
    ]


def coefficient_paths(X: np.ndarray, y: np.ndarray) -> dict[str, np.ndarray]:
    """Penalty -> (strengths, features) coefficients along the path."""
    return {
        name: np.array([lesson.elastic_net(X, y, a, ratio, tolerance=1e-7) for a in ALPHAS])
        for name, ratio in (("L1", 1.0), ("elastic net, ρ = ½", 0.5), ("L2", 0.0))
    }

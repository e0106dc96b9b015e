"""Isotonic regression, Platt scaling and the temperature against independent implementations (claims 37, 39, 41)."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize_scalar
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from reprise.calibration import IsotonicCalibration, PlattScaling, TemperatureScaling, softmax
from reprise.calibration.report import NLL_FLOOR
from reprise.claims.evidence import Finding, between, equals
from reprise.metrics.calibration import negative_log_likelihood
from reprise.statistics import exact
from reprise.studies.confidence.logits import example_nll, one_against_rest
from reprise.studies.confidence.scores import Scores


def isotonic_oracles(main: Scores) -> list[Finding]:
    """The fit rises with the score, and is scikit-learn's."""
    falls, apart = 0, 0.0
    for c in range(main.logits.shape[2]):
        truth = (main.validation_labels == c).astype(int)
        fitted, tested = one_against_rest(main.validation[0], c), one_against_rest(main.logits[0], c)
        ours = IsotonicCalibration().fit(fitted, truth)
        value = ours.transform(tested)[:, 1]
        falls += int((np.diff(value[np.argsort(softmax(tested)[:, 1], kind="stable")]) < 0).sum())
        ranks = np.unique(softmax(fitted)[:, 1], return_inverse=True)[1]
        theirs = IsotonicRegression().fit(ranks, truth).predict(ranks)
        apart = max(apart, float(np.abs(ours.transform(fitted)[:, 1] - theirs).max()))
    steps = exact(falls, main.logits[0].size, "steps")
    return [
        Finding(37, "Falls of the fitted function along the test scores", steps, equals(0)),
        Finding(
            37,
            "Largest difference from the reference's isotonic regression at the fitted scores, each class against the "
            "rest",
            exact(apart, main.validation[0].size, "probability"),
            between(0, 1e-6),
            kind="oracle",
            oracle="scikit-learn",
            note="on the scores' ranks, which keep apart what scikit-learn merges: scores closer than 1e-15",
        ),
    ]


def platt_oracle(main: Scores) -> Finding:
    """The fit is as likely as scikit-learn's unregularised logistic regression."""
    return Finding(
        39,
        "Largest distance of the fit's validation NLL from the reference's logistic regression",
        exact(_platt_distance(main), main.logits.shape[2], "nats"),
        between(0, 1e-6),
        kind="oracle",
        oracle="scikit-learn",
        note="plain targets 0 and 1 in both",
    )


def _platt_distance(main: Scores) -> float:
    largest = 0.0
    for c in range(main.logits.shape[2]):
        logits, truth = one_against_rest(main.validation[0], c), (main.validation_labels == c).astype(int)
        ours = PlattScaling(smooth=False).fit(logits, truth).transform(logits)
        centred = (logits[:, 1:] - logits[:, 1].mean()) / logits[:, 1].std()
        reference = LogisticRegression(C=1e12, solver="newton-cholesky", tol=1e-10, max_iter=1000).fit(centred, truth)
        theirs = reference.predict_proba(centred)
        values = [negative_log_likelihood(p, truth, NLL_FLOOR) for p in (ours, theirs)]
        largest = max(largest, abs(values[0] - values[1]))
    return largest


def temperature_oracle(main: Scores) -> Finding:
    """No temperature that Brent's search finds is likelier than ours."""
    return Finding(
        41,
        "Validation NLL at our temperature minus at the reference's optimum",
        exact(_temperature_distance(main), len(main.logits), "nats"),
        equals(0, 1e-6),
        kind="oracle",
        oracle="scipy.optimize.minimize_scalar (Brent)",
    )


def _temperature_distance(main: Scores) -> float:
    """Largest difference in size between the NLL at our optimum and at Brent's."""
    largest = 0.0
    for logits in main.validation:

        def nll(log_temperature: float, logits: np.ndarray = logits) -> float:
            return float(example_nll(logits / np.exp(log_temperature), main.validation_labels).mean())

        best = minimize_scalar(nll, bracket=(-1.0, 1.0), options={"xtol": 1e-10})
        temperature = TemperatureScaling().fit(logits, main.validation_labels).temperature
        largest = max(largest, abs(nll(float(np.log(temperature))) - best.fun))
    return largest

"""Methods against independent implementations (claims 36-41)."""

from __future__ import annotations

from math import lgamma

import numpy as np
from scipy.optimize import minimize, minimize_scalar
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from reprise.calibration import (
    BayesianBinning,
    HistogramBinning,
    IsotonicCalibration,
    MatrixScaling,
    PlattScaling,
    TemperatureScaling,
    VectorScaling,
    softmax,
)
from reprise.calibration.bayesian_binning import bin_range
from reprise.calibration.report import NLL_FLOOR
from reprise.claims.evidence import Expect, Finding, between, equals
from reprise.metrics.calibration import negative_log_likelihood
from reprise.statistics import exact
from reprise.studies.confidence.logits import example_nll, one_against_rest
from reprise.studies.confidence.scores import Scores


def histogram_oracle(main: Scores) -> Finding:
    """A score becomes the observed share of its bin; class 0 against the rest, seed 0."""
    fitted, tested = one_against_rest(main.validation[0], 0), one_against_rest(main.logits[0], 0)
    truth = (main.validation_labels == 0).astype(int)
    method = HistogramBinning()
    ours = method.fit(fitted, truth).transform(tested)[:, 1]
    theirs = _observed_shares(softmax(fitted)[:, 1], truth, softmax(tested)[:, 1], method.bins)
    return Finding(
        36,
        "Largest difference of our histogram binning from the definition, class 0 against the rest",
        exact(np.abs(ours - theirs).max(), len(tested), "probability"),
        between(0, 1e-6),
        kind="oracle",
        oracle="a loop over the bins",
    )


def _observed_shares(fit: np.ndarray, truth: np.ndarray, new: np.ndarray, bins: int) -> np.ndarray:
    """Of each new score, the share of ones among the fitted ones of its bin; the middle of a bin that had none."""
    shares = np.empty(len(new))
    for b in range(bins):
        low, high = (-1.0 if b == 0 else b / bins), (b + 1) / bins
        seen = truth[(fit > low) & (fit <= high)]
        shares[(new > low) & (new <= high)] = seen.mean() if len(seen) else (b + 0.5) / bins
    return shares


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
        Finding(
            37,
            "Falls of the fitted function along the test scores",
            steps,
            equals(0),
            kind="oracle",
            oracle="the definition: it never falls",
        ),
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


def binning_oracle(main: Scores) -> Finding:
    """The average over binnings is the one that loops over bins give; class 0 against the rest, seed 0."""
    fitted, tested = one_against_rest(main.validation[0], 0), one_against_rest(main.logits[0], 0)
    truth = (main.validation_labels == 0).astype(int)
    ours = BayesianBinning().fit(fitted, truth).transform(tested)[:, 1]
    theirs = _average_of_binnings(softmax(fitted)[:, 1], truth, softmax(tested)[:, 1])
    return Finding(
        38,
        "Largest difference of our averaged binnings from the definition, class 0 against the rest",
        exact(np.abs(ours - theirs).max(), len(tested), "probability"),
        between(0, 1e-6),
        kind="oracle",
        oracle="loops over all binnings and their bins, with math.lgamma",
    )


def _average_of_binnings(fit: np.ndarray, truth: np.ndarray, new: np.ndarray) -> np.ndarray:
    """As Naeini, Cooper and Hauskrecht (2015) define it: each binning weighted by its marginal likelihood."""
    n, values = len(fit), np.sort(fit)
    evidence, predictions = [], []
    for bins in range(*bin_range(n, 10.0)):
        weight, log_likelihood, low, predicted = 2 / bins, 0.0, -np.inf, np.empty(len(new))
        for b in range(1, bins + 1):
            cut = max(b * n // bins, 1)
            high = 1.0 if b == bins else values[cut - 1] + (values[cut] - values[cut - 1]) / 2
            inside = (fit > low) & (fit <= high)
            hits, misses = int(truth[inside].sum()), int((1 - truth)[inside].sum())
            middle = float(np.clip((max(low, 0.0) + high) / 2, 1e-12, 1 - 1e-12))
            alpha, beta = weight * middle, weight * (1 - middle)
            log_likelihood += lgamma(weight) - lgamma(weight + (hits + misses))
            log_likelihood += lgamma(alpha + hits) - lgamma(alpha) + lgamma(beta + misses) - lgamma(beta)
            predicted[(new > low) & (new <= high)] = (hits + alpha) / (hits + misses + weight)
            low = high
        evidence.append(log_likelihood)
        predictions.append(predicted)
    weights = np.exp(np.array(evidence) - max(evidence))
    return weights @ np.array(predictions) / weights.sum()


def affine_oracle(main: Scores) -> Finding:
    """Neither vector nor matrix scaling leaves a likelier fit to an independent search; seed 0."""
    logits, labels = main.validation[0], main.validation_labels
    logits = logits - logits.mean(axis=1, keepdims=True)  # vector scaling would see a row's mean
    inputs = logits[:, :-1] - logits[:, -1:]  # the softmax sees no more: scikit-learn's Newton needs full rank
    inputs = (inputs - inputs.mean(axis=0)) / inputs.std(axis=0)
    reference = LogisticRegression(C=1e12, solver="newton-cholesky", tol=1e-10, max_iter=1000).fit(inputs, labels)
    matrix = np.zeros(logits.shape)
    matrix[:, reference.classes_] = reference.predict_proba(inputs)
    pairs = (VectorScaling, _vector_reference(logits, labels)), (MatrixScaling, matrix)
    gaps = [
        negative_log_likelihood(method().fit(logits, labels).transform(logits), labels, NLL_FLOOR)
        - negative_log_likelihood(theirs, labels, NLL_FLOOR)
        for method, theirs in pairs
    ]
    return Finding(
        40,
        "Largest validation NLL of our vector and matrix scaling above the references'",
        exact(max(gaps), len(labels), "nats"),
        Expect(high=1e-6, closed=True),
        kind="oracle",
        oracle="SciPy's L-BFGS (vector), scikit-learn's multinomial regression (matrix)",
        note="below 0 where the reference stops before the optimum",
    )


def _vector_reference(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """(n, k) probabilities of the likeliest scales and shifts of the classes that a plain search finds."""
    n, classes = logits.shape
    truth = np.eye(classes)[labels]

    def nll(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        scale, shift = parameters[:classes], parameters[classes:]
        z = logits * scale + shift
        error = (softmax(z) - truth) / n
        return float(example_nll(z, labels).mean()), np.concatenate([(error * logits).sum(axis=0), error.sum(axis=0)])

    start = np.concatenate([np.ones(classes), np.zeros(classes)])
    found = minimize(nll, start, jac=True, method="L-BFGS-B", options={"maxiter": 5000, "ftol": 1e-13, "gtol": 1e-8}).x
    return softmax(logits * found[:classes] + found[classes:])


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

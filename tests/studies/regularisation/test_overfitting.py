"""Claim 155's over- and underfitting: λ is chosen on problems that it is not judged on."""

from __future__ import annotations

import numpy as np
import pytest

from reprise.studies.regularisation import overfitting
from reprise.studies.regularisation.overfitting import RIDGE, Errors
from reprise.studies.regularisation.settings import Config

CONFIG = Config(repetitions=10, scale=10.0, degree=12, points=20)


def errors(best_first: int, best_second: int) -> Errors:
    """Test errors that are least at one strength in the first half and at another in the second."""
    test = np.full((20, len(RIDGE)), 10.0)
    test[:10, best_first], test[10:, best_second] = 0.1, 0.001
    test[:, -1] *= 1 + 0.01 * np.arange(20)
    return Errors(np.linspace(1, 2, len(RIDGE)) * np.ones((20, 1)), test)


def test_the_strength_is_chosen_on_the_first_half_and_judged_on_the_second():
    over, under, _ = overfitting.findings(CONFIG, errors(best_first=20, best_second=5))
    assert over.measures.endswith(f"over that at λ = {RIDGE[20]:.2g}")
    assert over.effect.value == 0  # the second half does not know what is best in the first: no gain
    assert over.verdict != "reproduced"
    assert under.effect.value == pytest.approx(np.log10(1 + 0.01 * np.arange(10, 20)).mean())


def test_a_valley_in_both_halves_is_found():
    over, _, rise = overfitting.findings(CONFIG, errors(best_first=20, best_second=20))
    assert over.effect.value == pytest.approx(4)
    assert over.verdict == "reproduced"
    assert rise.effect.value == pytest.approx(np.log10(2))
    assert rise.kind == "context"


def test_a_noisy_sine_is_overfitted_and_underfitted_and_training_errors_rise():
    found = overfitting.fit_errors(CONFIG)
    assert found.train.shape == found.test.shape == (20, len(RIDGE))
    assert (np.diff(found.train, axis=1) > -1e-9).all()
    medians = found.medians["test error"]
    assert 0 < medians.argmin() < len(RIDGE) - 1
    assert medians.min() < medians[[0, -1]].min() / 2

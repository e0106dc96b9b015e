"""Logits with a known temperature."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from reprise.calibration import softmax

Draw = Callable[..., tuple[np.ndarray, np.ndarray]]


@pytest.fixture
def draw() -> Draw:
    """draw(n, k, temperature=2, seed=0): logits (n, k), and labels (n,) drawn from softmax(logits / temperature)."""

    def make(n: int, k: int, temperature: float = 2.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(seed)
        logits = 1.5 * rng.standard_normal((n, k))
        logits[np.arange(n), rng.integers(0, k, n)] += 3
        cumulative = softmax(logits).cumsum(axis=1)
        labels = (cumulative < rng.random((n, 1)) * cumulative[:, -1:]).sum(axis=1)
        return temperature * logits, labels

    return make

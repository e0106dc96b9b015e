"""How well a score ranks: the area under the ROC curve."""

from __future__ import annotations

import numpy as np
from scipy import stats


def auroc(positive: np.ndarray, negative: np.ndarray) -> float:
    """Probability that a positive's score is above a negative's, ties half; NaN where either is empty."""
    if not len(positive) or not len(negative):
        return float("nan")
    ranks = stats.rankdata(np.concatenate([positive, negative]))[: len(positive)]
    return float((ranks.sum() - len(positive) * (len(positive) + 1) / 2) / (len(positive) * len(negative)))

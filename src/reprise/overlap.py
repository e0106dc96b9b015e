"""Intervals over seeds each of which has its own split of the same images: splits that overlap know less.

Two random splits share images, so that their results are alike, and Student's interval, which takes them for
independent, is too short. Nadeau and Bengio (2003, "Inference for the Generalization Error") correct it: where
results of two splits have the correlation r, the variance of a mean of J of them is S² (1/J + r / (1 − r)) and not
S² / J. For r they take the share of test images that two splits have in common. That is ``tested / of`` on average:
where a split uses all images, their test over test plus training images; where there are many more, as with MNIST, it
is small. What common *training* images do beside is left out, here as there.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from reprise.statistics import LEVEL, Effect, Range, seeds_effect


def splits_effect(
    values: np.ndarray,
    tested: int,
    of: int,
    unit: str = "",
    possible: Range | None = None,
    level: float = LEVEL,
    together: int = 1,
) -> Effect:
    """Mean over seeds, each with its own random split of the same images, with the corrected Student's t interval.

    Args:
        values: (seeds,) one number a seed; paired differences for a comparison.
        tested: test images of each split.
        of: images that are split.
        unit: what it is measured in.
        possible: what the mean can be at all; by default what ``unit`` can be.
        level, together: see ``reprise.statistics``.

    Returns:
        The effect; its ``examples_error`` is the part of the error that no number of seeds takes away.

    Raises:
        ValueError: no test images, or no images beside them; or values that are no numbers or not possible.
    """
    if not 0 < tested < of:
        raise ValueError(f"{tested} test images of {of}: expected at least one, and fewer than all")
    values = np.asarray(values, dtype=float)
    alike = tested / (of - tested)  # r / (1 − r)
    middle = values.mean() if values.size else 0.0
    wide = middle + (values - middle) * (1 + values.size * alike) ** 0.5
    effect = seeds_effect(wide, unit, possible, level=level, together=together)
    spread = float(values.std(ddof=1)) if values.size > 1 else 0.0
    return replace(effect, value=float(middle), seed_spread=spread, examples_error=spread * alike**0.5)

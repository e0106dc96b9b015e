"""Claims 133 and 134 are built: no verdict, and their gradients are PyTorch's."""

from __future__ import annotations

import numpy as np

from reprise.studies.recurrence import unfolded
from reprise.studies.recurrence.recall import Echoed


def test_gradients_are_checked_and_the_loss_is_shown():
    findings = unfolded.findings(2, Echoed(np.array([1.0, 1.1, 0.9]), np.array([0.2, 0.3, 0.25])))
    assert [(f.claim, f.kind, f.verdict) for f in findings] == [
        (133, "context", "untested"),
        (133, "oracle", "reproduced"),
        (134, "oracle", "reproduced"),
    ]
    assert "accuracy after training 25.0 %" in findings[0].note

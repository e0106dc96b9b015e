"""Claim 133: training that does not lower the summed loss."""

from __future__ import annotations

import numpy as np

from reprise.studies.recurrence import unfolded
from reprise.studies.recurrence.recall import Echoed


def test_a_loss_that_does_not_fall_contradicts_training():
    findings = unfolded.findings(2, Echoed(np.array([1.0, 1.1, 0.9]), np.array([0.2, 0.3, 0.25])))
    assert findings[0].verdict == "contradicted"
    assert "accuracy after training 25.0 %" in findings[0].note

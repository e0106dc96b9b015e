"""Claim 138: what clipping must keep, and clippings that do not."""

from __future__ import annotations

import numpy as np

from reprise.studies.recurrence import clipping


def test_clipping_that_turns_the_gradient_is_told():
    clipped = clipping.measure(5)
    assert {f.verdict for f in clipping.findings(clipped)} == {"reproduced"}
    turned = clipped._replace(cosines=np.r_[clipped.cosines[:-1], 0.5])
    assert [f.verdict for f in clipping.findings(turned)][1] == "contradicted"
    idle = clipped._replace(ratios=np.r_[clipped.ratios[:-1], 3.0], untouched=np.r_[clipped.untouched[:-1], False])
    assert [f.verdict for f in clipping.findings(idle)] == ["contradicted", "reproduced", "contradicted", "reproduced"]

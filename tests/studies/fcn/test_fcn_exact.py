"""What the study of FCNs measures without training can fail, and does where it should."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from reprise.claims.evidence import decide
from reprise.evaluation import declarations
from reprise.studies.fcn import convolutions
from reprise.studies.fcn.ceilings import ceiling_findings, through
from reprise.studies.fcn.settings import Exact
from reprise.studies.fcn.upsampling import Doubling, gap_to_resizing, upsampling_findings

DECLARED = declarations("fcn")
EXACT = Exact(width=2, dense=8, pictures=8, starts=3, steps=60)


def smooth_pictures():
    from scipy import ndimage

    noise = np.random.default_rng(0).normal(0, 1, (8, 32, 32))
    return ndimage.gaussian_filter(noise, (0, 2, 2)) + 0.5


def test_sizes_dense_layers_loss_and_scores_hold():
    findings = convolutions.exact_findings(DECLARED, EXACT)
    for claim in (167, 168):
        assert decide(f for f in findings if f.claim == claim) == "reproduced"
    assert all(f.verdict == "reproduced" for f in findings if f.kind == "oracle")
    (slip,) = (f for f in findings if f.kind == "slip")
    assert slip.verdict == "contradicted"  # the slip is there
    assert "4 of 97 sides" in next(f.note for f in findings if f.claim == 168)


def test_a_crop_that_is_off_would_be_counted(monkeypatch):
    from reprise.models import fcn

    monkeypatch.setitem(fcn.LAST_OFFSET, 8, 80)
    assert convolutions.sizes()[0] > 50


def test_labels_seen_at_a_stride_lose_what_is_finer_and_keep_what_is_coarser():
    labels = np.zeros((64, 96), np.uint8)
    labels[:, 32:] = 1
    assert (through(labels, 8, 2) != labels).mean() < 0.06
    labels[:, 30:34] = 2  # a line of four pixels
    assert 2 not in through(labels, 32, 3)
    assert 2 in through(labels, 4, 3)
    np.testing.assert_array_equal(through(labels, 1, 3), labels)
    with pytest.raises(ValueError, match="found label 7"):
        through(np.full((8, 8), 7), 8, 3)


def test_claim_170_is_reproduced_by_fine_labels_and_not_by_labels_as_coarse_as_the_stride():
    rng = np.random.default_rng(0)
    fine = np.kron(rng.integers(0, 3, (10, 24, 24)), np.ones((4, 4), int)).astype(np.uint8)
    (finding,) = ceiling_findings(DECLARED[170], fine, 3)
    assert finding.verdict == "reproduced"
    coarse = np.zeros((10, 96, 96), np.uint8)
    coarse[:, :48] = 1  # half and half: seen alike at every stride
    (finding,) = ceiling_findings(DECLARED[170], coarse, 3)
    assert finding.verdict != "reproduced"
    with pytest.raises(ValueError, match="no test picture has an outline"):
        ceiling_findings(DECLARED[170], np.zeros((2, 32, 32), np.uint8), 3)


def test_a_filter_is_learned_from_noise_and_not_judged_where_learning_was_cut_off():
    pictures = smooth_pictures()
    found = upsampling_findings(DECLARED[169], EXACT.model_copy(update={"steps": 3000}), pictures)
    assert found[0].verdict == "reproduced"
    idle = upsampling_findings(DECLARED[169], EXACT.model_copy(update={"steps": 1}), pictures)
    assert idle[0].effect.value > 2
    assert idle[0].verdict == "inconclusive"
    assert "cut off after 1 steps" in idle[0].undecided
    assert idle[1].effect.value < 1  # where it would have ended
    assert gap_to_resizing() < 1e-6


def test_no_filter_near_the_least_one_has_a_smaller_error():
    asked = Doubling(smooth_pictures())
    least = asked.least()
    error = asked.error(least, learning=True)
    generator = torch.Generator().manual_seed(0)
    for size in (1e-3, 1e-2, 1e-1):
        assert asked.error(least + size * torch.randn(1, 1, 4, 4, generator=generator), learning=True) > error
    assert asked.error(asked.bilinear(), learning=True) > error

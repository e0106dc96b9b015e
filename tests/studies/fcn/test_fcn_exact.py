"""What the study of FCNs measures without training can fail, and does where it should."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from reprise.claims.evidence import decide
from reprise.data.scene_shapes import CLASSES
from reprise.evaluation import declarations
from reprise.studies.fcn import convolutions
from reprise.studies.fcn.ceilings import ceiling_findings, scenes_asked, through
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
    assert decide(f for f in findings if f.claim == 167) == "reproduced"
    published, described = (f for f in findings if f.claim == 168)
    assert (published.verdict, published.effect.value) == ("reproduced", 0)
    assert (described.verdict, described.effect.value) == ("contradicted", 97 - 4)  # 64, 96, 128 and 160 come back
    assert all(f.verdict == "reproduced" for f in findings if f.kind == "oracle")
    (slip,) = (f for f in findings if f.kind == "slip")
    assert slip.verdict == "contradicted"  # the slip is there
    assert "4 of 97 sides" in described.note


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
    coarse = np.zeros((10, 96, 96), np.uint8)
    coarse[:, :48] = 1  # half and half: seen alike at every stride
    finding, beside = ceiling_findings(DECLARED[170], fine, coarse, 3)
    assert finding.verdict == "reproduced"
    assert (beside.kind, beside.effect.n) == ("context", 10)
    finding, _ = ceiling_findings(DECLARED[170], coarse, fine, 3)
    assert finding.verdict != "reproduced"
    idle = np.zeros((2, 32, 32), np.uint8)
    assert len(ceiling_findings(DECLARED[170], fine, idle, 3)) == 1
    with pytest.raises(ValueError, match="no picture that decides has an outline"):
        ceiling_findings(DECLARED[170], idle, fine, 3)


def test_pictures_that_networks_are_tested_on_may_have_fewer_classes_than_the_scenes_that_decide():
    scenes = np.zeros((4, 64, 64), np.uint8)
    scenes[:, ::8] = len(CLASSES) - 1
    pictures = np.zeros((3, 32, 32), np.uint8)
    pictures[:, 16:] = 1
    finding, beside = ceiling_findings(DECLARED[170], scenes, pictures, 2)
    assert (finding.effect.n, beside.effect.n) == (4, 3)


def test_as_many_scenes_decide_as_are_planned_whatever_networks_are_trained_on():
    asked = scenes_asked(DECLARED[170])
    assert asked.shape == (30, 96, 96)
    assert not DECLARED[170].off_plan(0, len(asked))


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

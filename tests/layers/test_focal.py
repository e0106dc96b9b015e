"""The focal loss against its formula, cross-entropy, and what torchvision's gave."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from reprise.layers.focal import focal_loss

TORCHVISION = np.load(Path(__file__).with_name("torchvision.npz"))
LOGITS, TARGETS = (torch.from_numpy(TORCHVISION[name]) for name in ("logits", "targets"))


def test_with_gamma_0_it_is_the_cross_entropy_bit_for_bit():
    expected = F.binary_cross_entropy_with_logits(LOGITS, TARGETS, reduction="none")
    assert torch.equal(focal_loss(LOGITS, TARGETS, gamma=0, alpha=None), expected)


@pytest.mark.parametrize("gamma", [0, 1, 2, 5])
def test_it_is_that_of_torchvision(gamma):
    torch.testing.assert_close(
        focal_loss(LOGITS, TARGETS, gamma), torch.from_numpy(TORCHVISION[f"focal_{gamma}"]), rtol=1e-4, atol=1e-7
    )


def test_without_alpha_it_is_that_of_torchvision():
    expected = torch.from_numpy(TORCHVISION["focal_2_even"])
    torch.testing.assert_close(focal_loss(LOGITS, TARGETS, 2, None), expected, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("gamma", [0.5, 2.0])
@pytest.mark.parametrize("target", [0.0, 1.0])
def test_it_is_the_formula_of_the_paper_in_double_precision(gamma, target):
    logits = torch.linspace(-12, 12, 49).double()
    right = torch.sigmoid(logits) if target else 1 - torch.sigmoid(logits)
    weight = 0.25 if target else 0.75
    expected = -weight * (1 - right) ** gamma * right.log()
    found = focal_loss(logits, torch.full_like(logits, target), gamma)
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=0)


def test_extreme_logits_give_finite_losses_and_gradients():
    logits = torch.tensor([-1e4, -90, 0, 90, 1e4]).repeat(2).requires_grad_()
    focal_loss(logits, torch.tensor([0.0, 1]).repeat_interleave(5)).sum().backward()
    assert torch.isfinite(logits.grad).all()


def test_an_easy_negative_counts_a_thousand_times_less_than_in_the_cross_entropy():
    """The paper's example: p_t = 0.968 with gamma 2."""
    logit = torch.logit(torch.tensor([1 - 0.968])).double()
    plain, focal = (focal_loss(logit, torch.zeros(1), gamma, None).item() for gamma in (0, 2))
    assert plain / focal == pytest.approx(1 / 0.032**2, rel=1e-5)

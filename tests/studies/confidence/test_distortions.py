"""What a verdict on densities hangs on is named; diagonal densities stand beside full ones."""

from __future__ import annotations

import numpy as np
import pytest

from reprise.evaluation import declarations
from reprise.studies.confidence.densities import MEASURES, Densities, densities
from reprise.studies.confidence.distortions import NAMES, density_findings
from reprise.studies.confidence.settings import STRENGTHS

DECLARED = declarations("confidence")[30]


def made(main, **falls):
    """Densities whose confidence falls by so much more than the softmax's, by kind of distortion; 0.3 others."""
    rng, seeds = np.random.default_rng(0), len(main.logits)
    clean = {name: np.full((seeds, len(main.labels)), 0.9) for name in MEASURES}
    shapes = {kind: (seeds, len(STRENGTHS[kind]), 40) for kind in NAMES}
    views, lower = ({kind: 0.6 + 0.001 * rng.standard_normal(shapes[kind]) for kind in NAMES} for _ in range(2))
    lower = {kind: view - falls.get(kind, 0.0) for kind, view in lower.items()}
    return Densities(clean, {name: views if name == "softmax" else lower for name in MEASURES})


def test_the_kind_of_distortion_that_a_verdict_hangs_on_is_named(pair):
    found = density_findings(DECLARED, pair[0], made(pair[0], blur=-0.2))
    assert found[0].verdict == "inconclusive"
    assert "Gaussian blur decides: without it this would be inconclusive" in found[0].undecided
    assert found[0].undecided.count("decides") == 1
    every = density_findings(DECLARED, pair[0], made(pair[0], **dict.fromkeys(NAMES, -0.2)))
    assert (every[0].verdict, every[0].undecided) == ("contradicted", "")


def test_without_blur_the_mean_is_over_the_other_kinds(pair):
    found = density_findings(DECLARED, pair[0], made(pair[0], blur=-0.2, jpeg=0.3))
    assert found[0].effect.value == pytest.approx(0.025, abs=1e-3)
    rest = [f for f in found if f.kind == "context" and f.measures.endswith("without Gaussian blur")]
    assert [f.effect.value for f in rest] == pytest.approx([0.1, 0.1], abs=1e-3)
    assert "JPEG compression -0.06" in rest[0].note


def test_a_confidence_that_rises_is_not_said_to_fall(pair):
    found = density_findings(DECLARED, pair[0], made(pair[0], **dict.fromkeys(NAMES, -0.5)))
    assert "confidence by density rises by 0.200, that of softmax falls by 0.300" in found[0].note


def test_diagonal_densities_are_gaussians_of_one_variance_a_logit(pair):
    main = pair[0]
    found = densities(main).clean["diagonal"][1]
    fitted, labels = main.validation[1], main.validation_labels
    joint = np.empty((len(main.labels), 10))
    for c in range(10):
        own = fitted[labels == c]
        mean, variance = own.mean(axis=0), own.var(axis=0) + 1e-9 * fitted.var(axis=0).max()
        square = ((main.logits[1] - mean) ** 2 / variance).sum(axis=1)
        joint[:, c] = np.log(len(own) / len(labels)) - 0.5 * np.log(variance).sum() - 0.5 * square
    share = np.exp(joint - joint.max(axis=1, keepdims=True))
    np.testing.assert_allclose(found, share.max(axis=1) / share.sum(axis=1), rtol=1e-9)

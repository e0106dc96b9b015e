"""The study ``maxout``: the source's lines as they stand, what other functions fail, and networks of both kinds."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import copy_params
from tests.studies import made_up

from reprise import config
from reprise.evaluation import evaluate_study
from reprise.stages.sweep import sweep as run_sweep
from reprise.studies.maxout import exact, lesson, trained
from reprise.studies.maxout import sweep as study_sweep
from reprise.sweeps import Sweep, read_sweep
from reprise.workspace import Workspace

STUDY = "maxout"
LISTING = lesson.listing  # also where it is replaced


@pytest.fixture(scope="module")
def space(tmp_path_factory):
    return made_up.swept(tmp_path_factory.mktemp(STUDY), STUDY)


@pytest.fixture(scope="module")
def evidence(space):
    return evaluate_study(space)


def test_it_answers_its_claims_and_every_oracle_holds(evidence):
    assert {finding.claim for finding in evidence.findings} == {42, 43, 44}
    assert made_up.verdicts(evidence, 42) == ["reproduced"] * 2
    assert made_up.verdicts(evidence, 44) == ["reproduced"] * 2
    assert made_up.verdicts(evidence, 43) == []
    oracles = [finding.verdict for finding in evidence.findings if finding.kind == "oracle"]
    assert oracles == ["reproduced"] * 3


@pytest.mark.parametrize(
    "wrong",
    [
        lambda inputs, units, axis=None: inputs.reshape(*inputs.shape[:-1], -1, units).max(
            axis=-2
        ),  # every unit-th one
        lambda inputs, units, axis=None: LISTING(inputs[..., : inputs.shape[-1] // units * units], units),
        lambda inputs, units, axis=None: -LISTING(-inputs, units),
    ],
    ids=["strided groups", "channels left over are dropped", "minimum"],
)
def test_another_function_is_not_right_everywhere(monkeypatch, wrong):
    monkeypatch.setattr(lesson, "listing", wrong)
    assert exact.right((3,)).mean() < 1


def test_with_channels_first_the_listing_groups_pixels():
    x = np.arange(8.0).reshape(1, 4, 2)  # four channels of two pixels
    assert lesson.definition(x, 2, axis=1).tolist() == [[[2, 3], [6, 7]]]
    assert lesson.listing(x, 2, axis=1).tolist() == [[[1, 3], [5, 7]]]


def test_pooling_over_other_groups_is_told_apart(monkeypatch):
    monkeypatch.setattr(exact, "maxout", lambda x, units: x.unflatten(1, (-1, units)).amax(dim=1))
    assert exact.apart(images=False) > 0.1
    assert exact.apart(images=True) > 0.1


@given(st.integers(1, 6), st.integers(0, 1000))
def test_no_pieces_drawn_at_random_come_nearer_to_the_parabola(pieces, seed):
    rng, x = np.random.default_rng(seed), np.linspace(-1, 1, 2001)
    slopes, intercepts = lesson.square_pieces(pieces)
    moved = slopes + 0.1 * rng.standard_normal(pieces), intercepts + 0.1 * rng.standard_normal(pieces)
    error = np.abs((moved[0] * x[:, None] + moved[1]).max(axis=1) - x**2).max()
    assert error >= exact.error(pieces) * (1 - 1e-9)


def test_dropout_keeps_the_dimension_and_maxout_does_not():
    assert exact.passed_on("maxout") == exact.passed_on("max pooling") == (16, 0.25)
    count, share = exact.passed_on("dropout")
    assert count == 64
    assert share == pytest.approx(0.25, abs=0.02)


@pytest.mark.parametrize("kind", study_sweep.KINDS)
def test_networks_differ_in_their_units_alone(space, kind):
    settings = space.config.learning
    x = torch.rand(3, 1, 28 // settings.shrink, 28 // settings.shrink)
    made = {units: study_sweep.network(settings, kind, units)() for units in study_sweep.UNITS}
    assert all(model(x).shape == (3, 10) for model in made.values())
    counts = [sum(each.numel() for each in model.parameters()) for model in made.values()]
    last = sum(each.numel() for each in made["maxout"][-1].parameters())
    assert counts[0] - last == settings.pieces * (counts[1] - last)


def test_a_diverged_network_is_wrong_everywhere(space):
    sweep = read_sweep(space)
    columns = dict(sweep.columns)
    columns["test_accuracy"] = np.full(len(sweep), np.nan)
    assert trained.error(Sweep(columns, sweep.settings), "dense", "maxout").tolist() == [1.0, 1.0]


def test_the_paper_s_scores_stand_beside_ours(evidence):
    shown = " ".join(finding.published for finding in evidence.findings)
    assert "0.94%, Goodfellow" in shown
    assert "0.45%, Goodfellow" in shown


def test_more_images_than_prepared_are_refused(space, tmp_path):
    copy_params(tmp_path)
    config.set_value(tmp_path, "scale=smoke", f"{STUDY}.learning.tested=4000")
    other = Workspace(STUDY, tmp_path)
    other.prepared("digits").parent.mkdir(parents=True)
    other.prepared("digits").symlink_to(space.prepared("digits").absolute())
    with pytest.raises(ValueError, match=r"60 images, 4000 are asked for; raise data\.digits"):
        run_sweep(other)

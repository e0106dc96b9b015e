"""What claims 84 and 87 are checked against holds, and would not if a hash, a pair or a mask were another."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from reprise.data.ultrasound import load
from reprise.runs import load_runs
from reprise.studies.ultrasound import listing
from reprise.studies.ultrasound.cleaning import read_cleaning
from reprise.studies.ultrasound.scores import score


@pytest.fixture
def asked(generated):
    """Frames, pairs, and the variant with a head, which says no to every frame."""
    workspace, _ = generated
    prepared, run = load(workspace.prepared("ultrasound")), load_runs(workspace)["cleaned_has_mask"]
    return prepared, read_cleaning(workspace), run, score(run, prepared)


def verdicts(asked):
    return [(finding.claim, finding.verdict) for finding in listing.oracles(*asked)]


def test_hashes_pairs_and_zeroed_masks_are_those_of_their_oracles(asked, generated):
    assert verdicts(asked) == [(84, "reproduced"), (84, "reproduced"), (87, "reproduced")]
    found = [finding for finding in generated[1].findings if finding.claim in (84, 87) and finding.kind == "oracle"]
    assert [finding.verdict for finding in found] == ["reproduced"] * 3


def test_bins_that_end_elsewhere_are_seen(asked, monkeypatch):
    right = listing.strip_histograms
    monkeypatch.setattr(listing, "strip_histograms", lambda frames: right(frames // 2))
    assert verdicts(asked)[0] == (84, "contradicted")


def test_a_pair_that_is_not_found_or_too_many_are_seen(asked):
    prepared, cleaning, *rest = asked
    listed, found, _ = listing.both_searches(prepared, cleaning)
    assert listed == found != set()
    strips = cleaning.hashes["strips"]
    for low, high in ((0.0, 0.0), (0.0, 9.0)):
        hashes = cleaning.hashes | {"strips": replace(strips, wide_distances=np.clip(strips.wide_distances, low, high))}
        other = replace(cleaning, hashes=hashes)
        assert (verdicts((prepared, other, *rest))[1] == (84, "reproduced")) == (high > 0)


def test_masks_that_are_not_zeroed_are_seen(asked):
    prepared, cleaning, run, head = asked
    assert (head.dice != head.loud_dice).any()
    assert verdicts((prepared, cleaning, run, replace(head, dice=head.loud_dice)))[2] == (87, "contradicted")

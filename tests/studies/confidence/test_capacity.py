"""Networks that are too unsure are named; variants of equal settings are two."""

from __future__ import annotations

from dataclasses import replace

from reprise.studies.confidence.capacity import capacity_findings
from reprise.studies.confidence.variants import CONTRASTS, modern


def test_a_network_that_is_too_unsure_is_named(pair, evidence):
    unsure = replace(pair[1], logits=pair[1].logits / 50)
    names = {name for two in CONTRASTS.values() for name in two}
    every = dict.fromkeys(names, pair[0]) | {"resnet_more_decay": unsure}
    notes = [f.note for f in capacity_findings(every) if f.kind == "claim"]
    assert ["resnet_more_decay is underconfident (-0." in note for note in notes] == [False, False, False, True]
    assert not any("underconfident" in f["note"] for f in evidence["findings"])


def test_variants_of_equal_settings_are_two(pair):
    one = pair[0]
    twin = replace(one, labels=one.labels.copy(), logits=one.logits.copy())
    assert twin not in [one]
    assert modern({"one": one, "twin": twin}) == [one, twin]

"""Claims 112 and 113: nothing differs, half of the values come back from a bed of nails, and errors are seen."""

from __future__ import annotations

import pytest

from reprise.studies.convolution import unpooling


def test_every_way_is_exact():
    found = unpooling.unpool()
    assert (found.nails, found.nearest, found.back, found.places) == (0, 0, 0, 0)
    assert found.survivors.shape == (2 * found.values,)
    named = [finding for finding in unpooling.findings(found) if finding.kind == "oracle"]
    assert [finding.verdict for finding in named] == ["reproduced"] * 4


def test_only_values_that_are_not_negative_come_back_from_a_bed_of_nails():
    share = unpooling.findings(unpooling.unpool())[-1]
    assert share.kind == "context"
    assert share.effect.value == pytest.approx(0.5, abs=0.05)  # of a normal distribution


@pytest.mark.parametrize(
    ("name", "wrong"),
    [("bed_of_nails", {0}), ("nearest_neighbour", {1, 2}), ("max_unpool", {3}), ("pool2d", {1})],
)
def test_a_way_that_is_slightly_off_is_contradicted(monkeypatch, name, wrong):
    right = getattr(unpooling, name)
    monkeypatch.setattr(unpooling, name, lambda *arguments, **more: right(*arguments, **more) * (1 + 1e-9))
    findings = unpooling.findings(unpooling.unpool())
    assert {i for i, finding in enumerate(findings) if finding.verdict == "contradicted"} == wrong

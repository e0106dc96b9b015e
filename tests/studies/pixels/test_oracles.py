"""What claim 98 is checked against holds, and would not if a mask leaked or pixels were drawn otherwise."""

from __future__ import annotations

from reprise.layers import masked
from reprise.models import pixels
from reprise.studies.pixels import oracles


def test_drawing_is_that_of_its_oracles():
    assert [finding.verdict for finding in oracles.oracles()] == ["reproduced"] * 3


def test_a_first_mask_that_keeps_the_pixel_is_seen(monkeypatch):
    layer = masked.MaskedConv2d
    monkeypatch.setattr(
        pixels, "MaskedConv2d", lambda one, other, side, mask, colours: layer(one, other, side, "B", colours)
    )
    assert oracles.probabilities_gap()[0] > 1e-3


def test_values_that_are_picked_from_the_wrong_end_are_seen(monkeypatch):
    def other(log_chances, draws):
        return (log_chances.exp()[:, 1] > draws).long()  # as probable, and not what the draw says

    monkeypatch.setattr(pixels, "picked", other)
    assert oracles.drawn_otherwise()[0] > 0
    monkeypatch.setattr(pixels, "picked", lambda log_chances, draws: (draws > 0.5).long())
    assert oracles.frequency() < 1e-6


def test_a_step_that_forgets_what_it_kept_is_seen(monkeypatch):
    monkeypatch.setattr(masked.MaskedConv2d, "store", lambda self, cache, pixel, i, j: None)
    assert oracles.drawn_otherwise()[0] > 0

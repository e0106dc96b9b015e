"""The catalogue lists every claim and defect, once, in words of its own."""

from __future__ import annotations

import pytest

from reprise.claims import catalogue
from reprise.claims.catalogue import CHAPTERS, claims, defects
from reprise.evaluation import declarations
from reprise.registry import known_studies


def test_all_claims_and_defects_are_there_in_order():
    assert [claim.id for claim in claims()] == list(range(1, len(claims()) + 1))
    assert [defect.number for defect in defects()] == list(range(1, 22))


def test_claims_belong_to_the_source_that_their_number_says():
    bounds = {"S1": (1, 44), "S2": (45, 94), "S3": (95, 165), "S4": (166, 194)}
    for claim in claims():
        low, high = bounds[claim.source]
        assert low <= claim.id <= high


def test_every_chapter_has_claims_and_titles_are_unique():
    assert {claim.chapter for claim in claims()} == set(CHAPTERS)
    assert len({claim.title for claim in claims()}) == len(claims())


def test_texts_are_sentences():
    for claim in claims():
        for text in (claim.claim, claim.finding):
            assert text.endswith("."), claim
            assert text.split(" ") == text.split(), claim
        assert not claim.title.endswith("."), claim


def test_what_is_declared_as_built_is_what_the_source_gives_no_outcome_of():
    for study in known_studies():
        for claim, declared in declarations(study).items():
            assert (claims()[claim - 1].expectation == "inventory") == (declared.built is not None), claim


def test_defects_concern_claims_of_their_own_source():
    for defect in defects():
        assert {claims()[claim - 1].source for claim in defect.claims} == {defect.source}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("1,S1,Puzzles,A title,,A finding.,source", "line 2: an empty or surplus field"),
        ("1,S1,Puzzles,A title,A claim.,A finding.,source,more", "line 2: an empty or surplus field"),
        ("2,S1,Puzzles,A title,A claim.,A finding.,source", "in order"),
    ],
)
def test_a_broken_table_is_refused(tmp_path, monkeypatch, line, message):
    header = "id,source,chapter,title,claim,finding,expectation"
    (tmp_path / "catalogue.csv").write_text(f"{header}\n{line}\n", encoding="utf-8")
    monkeypatch.setattr(catalogue, "HERE", tmp_path)
    with pytest.raises(ValueError, match=message):
        claims.__wrapped__()

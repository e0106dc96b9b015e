"""The catalogue lists every claim and defect, once, in words of its own."""

from __future__ import annotations

import shutil

import pytest

from reprise.claims import catalogue
from reprise.claims.catalogue import CHAPTERS, SOURCES, chapters, claims, defects, sources
from reprise.evaluation import declarations
from reprise.registry import known_studies


def test_all_claims_and_defects_are_there_in_order():
    assert [claim.id for claim in claims()] == list(range(1, len(claims()) + 1))
    assert [defect.number for defect in defects()] == list(range(1, 24))


def test_the_claims_of_a_source_stand_together_in_the_order_of_the_sources():
    named = [claim.source for claim in claims()]
    assert list(dict.fromkeys(named)) == list(sources())
    assert sorted(named, key=list(sources()).index) == named


def test_every_chapter_has_claims_and_titles_are_unique():
    assert {claim.chapter for claim in claims()} == set(chapters()) >= set(CHAPTERS)
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


HEADER = "id,source,chapter,title,claim,finding,expectation"
OWN = HEADER + "\n{},Lab notes,Coins,A coin is fair,Heads are half.,They are.,source\n"


@pytest.fixture
def own(tmp_path, monkeypatch):
    """Writes claims of one's own beside the catalogue."""
    shutil.copyfile(catalogue.HERE / "catalogue.csv", tmp_path / "catalogue.csv")
    monkeypatch.setattr(catalogue, "HERE", tmp_path)
    house = len(claims.__wrapped__())

    def write(number):
        (tmp_path / "own.csv").write_text(OWN.format(house + number), encoding="utf-8")
        claims.cache_clear()
        return house

    yield write
    claims.cache_clear()


def test_claims_of_ones_own_go_on_where_the_catalogue_ends(own):
    house = own(1)
    assert [claim.id for claim in claims()] == list(range(1, house + 2))
    assert claims()[-1].title == "A coin is fair"
    assert sources() == SOURCES | {"Lab notes": "Lab notes"}
    assert chapters() == (*CHAPTERS, "Coins")


def test_a_gap_in_ones_own_claims_is_told(own):
    house = own(2)
    with pytest.raises(ValueError, match=f"own.csv, line 2: id is '{house + 2}', expected the claims {house + 1} to"):
        claims()

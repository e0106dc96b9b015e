"""Whose words a claim is."""

from __future__ import annotations

import csv

import pytest

from reprise.claims.catalogue import SOURCES, claims
from reprise.claims.declarations import read_declarations
from reprise.registry import known_studies, study_file
from reprise.report.attribution import HERE, is_quotation, source_of


@pytest.mark.parametrize(
    ("source", "chapter", "address"),
    [
        ("S1", "Differentiation", "https://github.com/jmlipman/LAID"),
        ("S2", "Segmentation", "https://github.com/raghakot/ultrasound-nerve-segmentation"),
        ("S3", "Recurrent networks", ""),
        ("Lab notes", "Coins", ""),
    ],
)
def test_a_source_has_its_address_where_one_is_known(source, chapter, address):
    found = source_of({"source": source, "chapter": chapter})
    assert found.address == address
    assert bool(found.there) == bool(address)


def test_every_claim_has_a_source_with_a_title_and_authors_only_where_they_are_named():
    for claim in claims():
        found = source_of({"source": claim.source, "chapter": claim.chapter})
        assert found.title
        assert bool(found.author) == (claim.source in ("S1", "S2"))
        assert ("names neither author" in found.words) == (not found.author)
    assert {row["source"] for row in csv.DictReader((HERE / "sources.csv").open(encoding="utf-8"))} == set(SOURCES)


def test_what_is_said_not_to_be_letter_for_letter_is_declared():
    declared = {
        claim: each
        for name in known_studies()
        for claim, each in read_declarations(study_file(name, "declared.yaml")).items()
    }
    adapted = [claim for claim in declared if not is_quotation(claim)]
    assert 10 < len(adapted) < len(declared) / 2
    assert all(declared[claim].says for claim in adapted)

"""What it would take to decide a claim whose plan has too little power."""

from __future__ import annotations

import pytest
import yaml

from reprise.claims.catalogue import chapters
from reprise.claims.declarations import read_declarations
from reprise.power import POWER, power_above
from reprise.report import takes, view

SAID = {
    "says": "a", "place": "b", "basis": "data", "measures": "c", "because": "d", "undecidable": "e",
}  # fmt: skip


def declared(tmp_path, band="> 0", smallest=0.1, **planned):
    path = tmp_path / "declared.yaml"
    path.write_text(yaml.safe_dump({7: SAID | {"band": band, "smallest": smallest, "planned": planned}}))
    return read_declarations(path)[7]


def row(power, primaries=1, **more):
    findings = [{"kind": "primary", "effect": {"seeds": 4}}] * primaries
    return {"id": 7, "study": "mine", "power": power, "planned": 4, "findings": findings} | more


@pytest.fixture
def of(monkeypatch):
    def answered(declaration, power=None, primaries=1):
        monkeypatch.setattr(takes, "_declared", lambda study: {7: declaration})
        monkeypatch.setattr(takes, "known_studies", lambda: ("mine",))
        planned = declaration.power_of(primaries) if power is None else power
        return takes.takes_text(row(planned, primaries))

    return answered


def test_it_is_the_least_number_of_seeds_with_the_power(tmp_path, of):
    plan = declared(tmp_path, seeds=4, spread=0.1)
    found = takes.wanted(plan)
    assert power_above(found, 0.1, 0.1) >= POWER > power_above(found - 1, 0.1, 0.1)
    assert of(plan) == f"0.8 would take {found} seeds"


def test_several_comparisons_take_more_than_one(tmp_path):
    plan = declared(tmp_path, seeds=4, spread=0.1)
    assert takes.wanted(plan, 3) > takes.wanted(plan)


def test_a_band_of_two_ends_is_held_from_its_middle(tmp_path):
    wide, narrow = (declared(tmp_path, band, None, seeds=4, spread=0.1) for band in ("-0.2 to 0.2", "-0.05 to 0.05"))
    assert takes.wanted(wide) < takes.wanted(narrow)


def test_a_share_takes_trials_and_no_seeds(tmp_path, of):
    plan = declared(tmp_path, "> 0.5", n=20, share=0.6)
    found = takes.wanted(plan)
    assert 150 < found < 250  # 0.1 / sqrt(0.25 / n) = 1.96 + 0.84
    assert of(plan) == f"0.8 would take n {found}"
    assert of(declared(tmp_path, "> 0.5", n=20, share=0.5)) == "not even 100,000 would give 0.8"


def test_what_test_examples_hide_no_number_of_seeds_shows(tmp_path, of):
    assert of(declared(tmp_path, seeds=4, spread=0.1, examples_error=0.1)) == (
        "0.8 would take more test examples, not more seeds"
    )
    assert of(declared(tmp_path, smallest=1e-3, seeds=4, spread=1.0)) == "not even 400 would give 0.8"


def test_what_is_barred_is_not_a_matter_of_numbers(tmp_path, of):
    assert of(declared(tmp_path, seeds=4, spread=0.1), power=0.0) == "no number of them decides it here"


def test_nothing_is_said_of_enough_power_or_of_none_that_is_known(tmp_path, of):
    plan = declared(tmp_path, seeds=4, spread=0.1)
    assert of(plan, power=0.8) == takes.takes_text(row(None)) == ""
    assert takes.takes_text(row(0.1, study="nobody's")) == ""


def test_the_front_page_counts_what_is_decided_and_what_could_have_been():
    def each(verdict, power, source="real", kind="measured"):
        return {"kind": kind, "verdict": verdict, "power": power, "data_source": source}

    rows = [
        each("reproduced", 0.9),
        each("contradicted", None, "generated"),
        each("inconclusive", 0.85),
        each("inconclusive", 0.3),
        each("inconclusive", 0.0),
        each("inconclusive", None),
        each("reproduced", None, kind="arithmetic"),
    ]
    assert view.decided_text(rows) == (
        "Of 6 measured claims 2 are decided, 1 of the 5 on real data among them. Of the other 4: 1 had a power of 0.8 "
        "for the smallest effect of interest, 2 had less, 1 cannot be decided here by any number of seeds or examples, "
        "as each says."
    )
    assert view.decided_text(rows[:1]) == "Of 1 measured claims 1 are decided."
    assert view.decided_text(rows[-1:]) == ""


def test_altered_declarations_stand_in_one_list_the_last_first():
    rows = [
        {"id": 1, "changed": [{"when": "2026-01-01", "why": "a"}, {"when": "2026-03-01", "why": "b"}]},
        {"id": 2, "changed": []},
        {"id": 3, "changed": [{"when": "2026-02-01", "why": "c"}]},
    ]
    assert [(each["row"]["id"], each["why"]) for each in view.altered(rows)] == [(1, "b"), (3, "c"), (1, "a")]


def test_chapters_with_real_data_come_first():
    first, *_, last = chapters()
    rows = [
        {"chapter": each, "data_source": "real" if each == last else "generated", "kind": "built", "verdict": None}
        for each in (first, last)
    ]
    assert [each["title"] for each in view.by_chapter(rows)][:2] == [last, first]

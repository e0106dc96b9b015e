"""``reprise new study`` refuses what cannot become a study, and writes nothing then."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from reprise.claims.catalogue import claims
from reprise.scaffold import COLUMNS, new_study, next_steps

WORDS = {"title": "A coin is fair", "claim": "Heads come up half of the time", "source": "Lab notes"}


@pytest.fixture
def checkout(tmp_path):
    (tmp_path / "src/reprise/claims").mkdir(parents=True)
    return tmp_path


def files(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_the_claim_gets_the_next_number_and_the_columns_of_the_catalogue(checkout):
    number, written = new_study("coin", **WORDS, root=checkout)
    assert number == len(claims()) + 1
    assert [path.as_posix() for path in written] == files(checkout)
    with (checkout / "src/reprise/claims/own.csv").open(newline="", encoding="utf-8") as stream:
        (row,) = csv.DictReader(stream)
    assert tuple(row) == COLUMNS
    assert (row["id"], row["source"], row["claim"]) == (str(number), "Lab notes", f"{WORDS['claim']}.")


@pytest.mark.parametrize("name", ["", "Coin", "a-b", "1a", "class", "../coin", "a/b", "coin\n", "a" * 41])
def test_a_name_that_python_cannot_import_is_refused(checkout, name):
    with pytest.raises(ValueError, match="cannot name a study"):
        new_study(name, **WORDS, root=checkout)
    assert not files(checkout)


@pytest.mark.parametrize("field", ["title", "claim", "source"])
@pytest.mark.parametrize("text", ["", "  ", "two\nlines", 'with "quotes"', "a\\b", "\x1b[31m"])
def test_a_text_that_would_break_a_file_is_refused(checkout, field, text):
    with pytest.raises(ValueError, match=f"--{field}: expected one line"):
        new_study("coin", **WORDS | {field: text}, root=checkout)
    assert not files(checkout)


def test_a_study_that_is_there_stays_as_it_is(checkout):
    new_study("coin", **WORDS, root=checkout)
    before = {name: (checkout / name).read_bytes() for name in files(checkout)}
    with pytest.raises(FileExistsError, match="exists already; nothing was written"):
        new_study("coin", **WORDS, root=checkout)
    assert {name: (checkout / name).read_bytes() for name in files(checkout)} == before


def test_elsewhere_than_in_a_checkout_nothing_is_written(tmp_path):
    with pytest.raises(FileNotFoundError, match="a checkout of the repository"):
        new_study("coin", **WORDS, root=tmp_path)
    assert not files(tmp_path)


def test_a_second_claim_in_another_checkout_than_the_installed_one_has_the_next_number(checkout):
    numbers = [new_study(name, **WORDS, root=checkout)[0] for name in ("coin", "die", "card")]
    assert numbers == [len(claims()) + 1, len(claims()) + 2, len(claims()) + 3]
    with (checkout / "src/reprise/claims/own.csv").open(newline="", encoding="utf-8") as stream:
        assert [int(row["id"]) for row in csv.DictReader(stream)] == numbers


def test_a_study_without_a_title_is_called_by_its_name(checkout):
    new_study("fair_coin", WORDS["claim"], WORDS["source"], root=checkout)
    with (checkout / "src/reprise/claims/own.csv").open(newline="", encoding="utf-8") as stream:
        (row,) = csv.DictReader(stream)
    assert row["title"] == "Fair coin"
    assert (checkout / "src/reprise/studies/fair_coin/README.md").read_text().startswith("# Fair coin\n")


def test_the_longest_name_breaks_no_line_of_what_is_written(checkout):
    _, written = new_study("n" * 40, **WORDS, root=checkout)
    code = [path for path in written if path.suffix == ".py"]
    assert max(len(line) for path in code for line in (checkout / path).read_text().splitlines()) <= 120


def test_the_next_steps_name_what_computes_what_to_add_and_what_brings_it_into_the_report(checkout):
    number, written = new_study("coin", **WORDS, root=checkout)
    said = next_steps("coin", number, [*written, Path("dvc.yaml")])
    for words in ("measure.py", "declared.yaml", "undecided=PLACEHOLDER", f"reprise run {number} ", "reprise repro "):
        assert words in said
    (line,) = [line.split() for line in said.splitlines() if line.strip().startswith("git add")]
    assert all(any(path.is_relative_to(named) for named in line[2:]) for path in [*written, Path("dvc.yaml")])

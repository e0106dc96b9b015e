"""``reprise show``: one claim on one screen."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from reprise.claims.catalogue import claims
from reprise.report.claim import claim_row, show_claim, studies_of


def printed(root, number, width=100):
    console = Console(file=io.StringIO(), width=width, color_system=None)
    show_claim(number, root, console=console)
    return console.file.getvalue()


def rows(root):
    return (claim_row(claim.id, root) for claim in claims())


@pytest.mark.parametrize("width", [60, 80, 120])
def test_it_says_what_was_stated_declared_and_measured_and_how_to_run_it(reported, width):
    row = next(
        each for each in (claim_row(claim.id, reported) for claim in claims()) if each["verdict"] == "reproduced"
    )
    text = printed(reported, row["id"], width)
    flat = " ".join(text.split())
    assert flat.startswith(f"{row['id']} {row['claim']} ✓ reproduced")
    for part in (claims()[row["id"] - 1].claim, "declared", row["measures"], row["says"], f"reprise run {row['id']}"):
        assert " ".join(part.split()) in flat
    assert max(map(len, text.splitlines()[1:])) <= width


def test_what_nothing_answers_says_what_would_show_it(reported):
    row = next(row for row in rows(reported) if not row["study"])
    flat = " ".join(printed(reported, row["id"]).split())
    assert claims()[row["id"] - 1].finding in flat
    assert "nothing here answers it yet" in flat
    assert "reprise run" not in flat


def test_a_stand_in_says_that_nothing_is_said_of_the_claim(reported):
    row = next(row for row in rows(reported) if row["kind"] == "stand-in")
    text = printed(reported, row["id"])
    assert "○ stand-in" in text
    assert "nothing is said of the claim" in " ".join(text.split())


def test_text_in_brackets_is_no_markup(reported):
    row = next(row for row in rows(reported) if row["study"])
    assert "[/]" not in printed(reported, row["id"]).replace(row["note"], "")


def test_an_unknown_claim_is_told(reported, root):
    with pytest.raises(ValueError, match=f"no claim 100000; the catalogue has 1 to {len(claims())}"):
        show_claim(100_000, reported)
    with pytest.raises(ValueError, match=f"no claim 100000; the catalogue has 1 to {len(claims())}"):
        studies_of(100_000, root)


def test_the_studies_of_a_claim_come_from_the_declarations(root):
    answered = {claim.id: names for claim in claims() if (names := _names(claim.id, root))}
    assert answered
    for number, names in list(answered.items())[:5]:
        for name in names:
            assert f"\n{number}:" in (root / "src/reprise/studies" / name / "declared.yaml").read_text(encoding="utf-8")


def _names(number, root):
    try:
        return studies_of(number, root)
    except ValueError:
        return []

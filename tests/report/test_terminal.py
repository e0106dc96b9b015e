"""``reprise ledger``: readable at any width, complete as JSON."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from reprise.claims.catalogue import claims
from reprise.claims.ledger import LEDGER
from reprise.report.rows import KEYS
from reprise.report.terminal import show_ledger


def printed(path, width, **options):
    console = Console(file=io.StringIO(), width=width, color_system=None)
    show_ledger(path, console=console, **options)
    return console.file.getvalue()


@pytest.mark.parametrize("width", [60, 80, 119, 120, 200])
def test_every_field_is_there_and_no_line_is_too_long(reported, width):
    text = printed(reported / LEDGER, width, verdicts=["reproduced", "contradicted"])
    assert max(len(line) for line in text.splitlines()) <= width
    flat = " ".join(text.split())
    for part in ("mixtures", "generated", "small", "✓ reproduced", "✗ contradicted", "[0.085, 0.135]", "0.3"):
        assert part in flat
    assert "2 claims" in flat


@pytest.mark.parametrize("width", [80, 100, 120, 199, 200, 240])
def test_nothing_of_the_whole_ledger_is_cut(root, width):
    lines = printed(root / LEDGER, width).splitlines()
    assert max(map(len, lines)) <= width
    assert [line for line in lines if "…" in line] == []
    scales = {row["scale"] for row in json.loads((root / LEDGER).read_text(encoding="utf-8"))}
    assert all(any(scale in line for line in lines) for scale in scales)


def test_what_kept_runs_say_better_is_told_and_shown_when_asked_for(root):
    here = printed(root / LEDGER, 120, ids=[35])
    assert "stand-in" in here.split("this run alone")[0]
    assert "1 claims are better answered in reports/real (`--best`)" in " ".join(here.split())
    best = printed(root / LEDGER, 120, ids=[35], best=True)
    assert "inconclusive" in best
    assert "real" in best
    assert "this run alone" not in best


@pytest.mark.parametrize("width", [80, 200])
def test_all_claims_are_listed(reported, width):
    text = printed(reported / LEDGER, width)
    assert text.count("· untested") == 189
    assert f"{len(claims())} claims" in text


def test_filters(reported):
    assert "1 claims" in printed(reported / LEDGER, 200, verdicts=["inconclusive"])
    assert "3 claims" in printed(reported / LEDGER, 200, study="thresholds")
    assert "1 claims:  ✓ 1 reproduced (1 measured)" in printed(reported / LEDGER, 200, kinds=["measured"])
    assert "2 claims" in printed(reported / LEDGER, 200, kinds=["built", "stand-in"])
    assert "1 claims" in printed(reported / LEDGER, 200, ids=[110])
    assert "2 claims" in printed(reported / LEDGER, 200, ids=[110, 3])
    with pytest.raises(ValueError, match="no claim 999; the ledger has 1 to "):
        show_ledger(reported / LEDGER, ids=[999])
    found = printed(reported / LEDGER, 200, search="POOLING edges")
    assert "1 claims" in found
    assert "110" in found
    nothing = printed(reported / LEDGER, 80, search="no such words at all", ids=[3])
    assert nothing.strip() == "no claim fits all of --id, --search"
    with pytest.raises(ValueError, match=r"no kind 'measurd' \(did you mean 'measured'\?\)"):
        show_ledger(reported / LEDGER, kinds=["measurd"])
    with pytest.raises(ValueError, match=r"no verdict 'reproduce'.*did you mean 'reproduced'"):
        show_ledger(reported / LEDGER, verdicts=["reproduce"])
    with pytest.raises(ValueError, match=r"no study 'treshold' \(did you mean 'thresholds'\?\)"):
        show_ledger(reported / LEDGER, study="treshold")


def test_json_has_every_field_that_others_rely_on(reported, capsys):
    show_ledger(reported / LEDGER, as_json=True)
    rows = json.loads(capsys.readouterr().out)
    assert len(rows) == len(claims())
    assert {"id", "study", "claim", "verdict", "effect", "interval", "n", "data", "scale", "kind"} <= rows[0].keys()
    assert rows == json.loads((reported / LEDGER).read_text())


def test_text_in_brackets_is_no_markup(tmp_path, reported):
    rows = json.loads((reported / LEDGER).read_text())
    rows[0]["claim"] = "[red]not red[/red] [/]"
    (tmp_path / "ledger.json").write_text(json.dumps(rows))
    assert "[red]not red[/red] [/]" in printed(tmp_path / "ledger.json", 200)
    assert "[red]not" in printed(tmp_path / "ledger.json", 80)


def test_a_missing_or_foreign_ledger_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"ledger\.json is missing; `dvc repro`"):
        show_ledger(tmp_path / "ledger.json")
    row = json.dumps(dict.fromkeys(KEYS, "") | {"verdict": "reproduce"})
    for text, message in (
        ("{}", "not a ledger"),
        ('[{"verdict": "reproduced"}]', "row 1 is without band, chapter"),
        (f"[{row}]", "row 1 is with verdict 'reproduce'"),
        ("\xff", r"not valid JSON \('utf-8' codec can't decode byte 0xff"),
    ):
        (tmp_path / "ledger.json").write_bytes(text.encode("latin-1"))
        with pytest.raises(ValueError, match=message):
            show_ledger(tmp_path / "ledger.json")


@pytest.mark.parametrize(
    ("field", "value"),
    [("interval", [1]), ("interval", "0 to 1"), ("effect", "x"), ("id", "1"), ("study", None), ("findings", 3),
     ("findings", [1])],
)  # fmt: skip
def test_a_field_of_another_kind_is_named_with_its_row(tmp_path, reported, field, value):
    rows = json.loads((reported / LEDGER).read_text())
    rows[1][field] = value
    (tmp_path / "ledger.json").write_text(json.dumps(rows))
    with pytest.raises(ValueError, match=rf"ledger\.json: not a ledger: row 2 is with {field} .*; make it again"):
        show_ledger(tmp_path / "ledger.json")

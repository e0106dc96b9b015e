"""What one sees: the live table at two widths, plain lines, verdicts counted as the ledger judges."""

from __future__ import annotations

import io
import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from reprise.claims.catalogue import claims
from reprise.claims.ledger import state
from reprise.repro.display import (
    Overview,
    Plain,
    Running,
    Watched,
    counted,
    duration,
    headline,
    printable,
    table,
    verdicts,
    view,
)

OVERVIEW = Overview(
    done=12,
    total=90,
    failed=1,
    seconds=250.0,
    left=541.0,
    running=[
        Running("rotation:train@baseline_source_protocol", 72.0, 40.0, "seed 2 of 3, epoch 4 of 20", 0.4),
        Running("probe@[bold]x[/bold]", 3725.0, 5.0, "waits for process 7 (dvc repro)\x1b[2J"),
    ],
    verdicts=Counter(reproduced=41, contradicted=7, inconclusive=3),
)


def rendered(overview: Overview, width: int) -> list[str]:
    console = Console(width=width, record=True, file=io.StringIO(), force_terminal=True)
    console.print(table(overview, console.width))
    return [line.rstrip() for line in console.export_text().splitlines()]


@pytest.mark.parametrize("width", [80, 120])
def test_the_table_says_what_runs_how_far_it_is_and_how_long_it_takes(width):
    lines = rendered(OVERVIEW, width)
    assert len(lines) == 6  # an empty one, names of columns, two stages, the whole, verdicts
    assert max(map(len, lines)) <= width
    assert lines[1].split() == ["stage", "how", "far", "for", "left"]
    assert "rotation:train@baseline" in lines[2]
    assert "seed 2 of 3, epoch 4 of 20" in lines[2]
    assert lines[2].endswith("40 s")
    assert "1 min 12 s" in lines[2]
    assert "waits for process 7" in lines[3]
    assert "1 h 02 min" in lines[3]
    assert "probe@[bold]x[/bold]" in lines[3]  # a name, not markup
    assert lines[4] == "12 of 90 stages done, 2 running, 1 failed, for 4 min 10 s, about 9 min 01 s left"
    assert lines[5] == "verdicts: 41 reproduced   7 contradicted   3 inconclusive"
    assert "\x1b" not in "".join(lines)
    assert ("━" in lines[2]) == (width == 120)  # there is room for a bar


@pytest.mark.parametrize("width", [1, 10, 20, 40])
def test_a_narrow_terminal_is_no_error(width):
    assert rendered(OVERVIEW, width)


def test_before_the_pipeline_is_read_it_says_so():
    assert headline(Overview(0, 0, seconds=2.0)) == "reading the pipeline, for 2 s"
    assert rendered(Overview(0, 0, seconds=2.0), 80)[-1] == "reading the pipeline, for 2 s"


def test_lines_stay_and_the_table_goes():
    stream = io.StringIO()
    shown = Watched(Console(file=stream, force_terminal=True, width=80))
    shown.show(lambda: OVERVIEW, now=True)
    shown.say("FAILED: a\n  | \x1b[31mred\x07 [bold]", "failed")
    shown.close()
    shown.close()
    text = stream.getvalue()
    assert "12 of 90 stages done" in text
    assert "\\x1b[31mred\\x07 [bold]" in text
    assert text.count("\x1b[?25l") == text.count("\x1b[?25h") == 1  # the cursor is back


def test_it_is_drawn_four_times_a_second_at_most():
    asked = []
    shown = Watched(Console(file=io.StringIO(), force_terminal=True, width=80))
    for _ in range(100):
        shown.show(lambda: asked.append(1) or OVERVIEW)
    shown.close()
    assert 1 <= len(asked) <= 3


def test_elsewhere_than_in_a_terminal_lines_are_printed_whole_and_nothing_else():
    stream = io.StringIO()
    shown = Plain(stream)
    shown.show(lambda: OVERVIEW, now=True)
    shown.say("done: " + "x" * 300 + "\x1b[2J", "done")
    shown.close()
    assert stream.getvalue() == "done: " + "x" * 300 + "\\x1b[2J\n"


@pytest.mark.parametrize(
    ("terminal", "term", "kind"), [(True, "xterm", Watched), (True, "dumb", Plain), (False, "xterm", Plain)]
)
def test_a_table_is_for_terminals_that_can_draw_one(terminal, term, kind, monkeypatch):
    monkeypatch.setenv("TERM", term)
    monkeypatch.setenv("FORCE_COLOR", "1")  # as many a CI has it
    stream = io.StringIO()
    stream.isatty = lambda: terminal
    shown = view(Console(file=stream))
    assert isinstance(shown, kind)
    shown.close()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-1, "0 s"), (0.4, "0 s"), (59.4, "59 s"), (59.6, "1 min 00 s"), (3599.6, "1 h 00 min"), (90061, "25 h 01 min")],
)
def test_durations_are_short_words(seconds, words):
    assert duration(seconds) == words


@given(st.text())
def test_printed_text_has_no_control_characters(text):
    shown = printable(text)
    assert all(c.isprintable() or c == "\n" for c in shown)
    if text.isprintable():
        assert shown == text


DECLARED = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["measured", "arithmetic", "stand-in", "built"]),
        "verdict": st.sampled_from(["reproduced", "contradicted", "inconclusive", "untested"]),
    }
)


@given(st.dictionaries(st.integers(1, len(claims())).map(str), DECLARED, max_size=8))
def test_verdicts_are_counted_as_the_ledger_shows_them(tmp_path_factory, declared):
    path = tmp_path_factory.mktemp("evidence") / "evidence.json"
    path.write_text(json.dumps({"declared": declared}))
    judged = ("measured", "arithmetic")
    rows = [each | {"verdict": each["verdict"] if each["kind"] in judged else None} for each in declared.values()]
    assert verdicts(path) == {claim: state(row) for claim, row in zip(declared, rows, strict=True)}


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"declared": 3}', '{"declared": {"1": {}}}', '{"declared": {"1": []}}', "\xff"]
)
def test_evidence_that_cannot_be_read_gives_no_verdicts(tmp_path, text):
    (tmp_path / "evidence.json").write_bytes(text.encode("latin-1"))
    assert verdicts(tmp_path / "evidence.json") == {}
    assert verdicts(tmp_path / "none.json") == {}


def test_counts_are_in_one_order():
    assert (
        counted(Counter(inconclusive=2, contradicted=1, reproduced=4)) == "4 reproduced, 1 contradicted, 2 inconclusive"
    )
    assert counted(Counter()) == ""

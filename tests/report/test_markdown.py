"""The Markdown mirror says what the pages say, and shows text from the data as text."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from reprise.claims.catalogue import claims, defects
from reprise.report.markdown import escape, inline, prose

GITHUB = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def words(html: str) -> str:
    """The text of HTML without tags."""
    text = re.sub(r"<[^>]*>", "", html)
    for entity, character in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&amp;", "&")):
        text = text.replace(entity, character)
    return text


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=60))
def test_escaped_text_in_a_table_reads_as_it_was(text):
    table = f"| a |\n| :-- |\n| x {escape(text)} x |\n"
    cell = re.search(r"<td[^>]*>(.*)</td>", GITHUB.render(table), re.DOTALL)
    assert cell is not None
    assert words(cell.group(1)).split() == ["x", *text.split(), "x"]


def test_names_in_backticks_become_code_and_nothing_else_is_marked_up():
    assert inline("`a_b` minus `c` < 1") == "<code>a_b</code> minus <code>c</code> &lt; 1"
    assert inline("`<img src=x>` & a single ` alone") == "<code>&lt;img src=x&gt;</code> &amp; a single ` alone"


def test_prose_is_harmless():
    html = prose("# One\n\n<img src=x onerror=alert(1)> ![a](https://example.org/a.png) [b](javascript:alert(1))")
    assert "<h3>One</h3>" in html
    assert "<img" not in html
    assert not any(link.startswith("javascript") for link in re.findall(r'href="([^"]*)', html))


def test_mirror_lists_every_claim_study_figure_and_defect(reported):
    text = (reported / "reports" / "README.md").read_text(encoding="utf-8")
    html = GITHUB.render(text)
    assert len(re.findall(r"^\| \d+ \|", text, re.MULTILINE)) == len(claims())
    assert "<script" not in html
    assert "<td>alert" not in html
    assert text.count("<details>") == text.count("</details>") == 6  # a claim of a study each
    assert "(slip of the source)" in text
    for link in re.findall(r'href="([^"]+)"', html):  # pages are no part of the repository: only this one is there
        assert f'id="{link.removeprefix("#")}"' in html, link
    for picture in re.findall(r'src="([^"]+)"', html):
        assert (reported / "reports" / picture).is_file(), picture
    assert text.count("*Not yet shown.*") == len(defects()) - 2
    assert "| ✓ reproduced | 1 | 1 | 0 |" in text
    assert "| ✗ contradicted | 1 | 0 | 1 |" in text
    assert "| ○ stand-in | 1 |  |  |" in text
    assert "| · untested | 189 |" in text

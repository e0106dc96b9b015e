"""The report: self-contained, escaped, complete, and the same bytes from the same evidence."""

from __future__ import annotations

import html.parser
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from reprise.claims.catalogue import claims
from reprise.claims.ledger import LEDGER, state, write_ledger
from reprise.report import view
from reprise.report.page import KEPT, front_page, read_kept, real_first, write_report

VOID = {"meta", "link", "img", "br", "input", "rect", "line", "circle"}


class Page(html.parser.HTMLParser):
    """Tags with attributes, balance, and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data

    def all(self, tag, **wanted):
        return [attrs for name, attrs in self.tags if name == tag and wanted.items() <= attrs.items()]


def pages(root: Path) -> dict[str, Page]:
    files = [root / "reports" / "index.html", *sorted((root / "reports" / "studies").glob("*.html"))]
    return {path.name: Page(path.read_text(encoding="utf-8")) for path in files}


def test_pages_are_well_formed_and_there_is_one_for_every_study(reported):
    assert list(pages(reported)) == ["index.html", "mixtures.html", "thresholds.html"]


def test_nothing_is_fetched_from_anywhere(reported):
    for name, page in pages(reported).items():
        for tag, attrs in page.tags:
            if tag in ("img", "script", "iframe", "source", "video", "object", "embed"):
                assert (attrs.get("src") or "data:").startswith("data:"), name
            if tag == "link":
                assert attrs["href"] == "data:,"
        text = (reported / "reports" / ("" if name == "index.html" else "studies") / name).read_text()
        assert "default-src 'none'" in text
        assert not re.search(r"url\(|@import", text)


def test_links_lead_to_pages_and_anchors_that_exist(reported):
    found = pages(reported)
    ids = {name: {attrs["id"] for _, attrs in page.tags if attrs.get("id")} for name, page in found.items()}
    checked = 0
    for name, page in found.items():
        for attrs in page.all("a"):
            if attrs["href"].startswith("https://"):  # a study's prose may cite
                continue
            path, _, anchor = attrs["href"].partition("#")
            target = Path(path).name or name
            assert target in found, attrs
            assert not anchor or anchor in ids[target], attrs
            checked += 1
    assert checked > len(claims())


def test_ids_are_unique_on_each_page(reported):
    for page in pages(reported).values():
        ids = [attrs["id"] for _, attrs in page.tags if attrs.get("id")]
        assert len(ids) == len(set(ids))


def test_text_from_the_data_is_shown_as_text(reported, hostile):
    for name, page in pages(reported).items():
        scripts = page.all("script")
        assert len(scripts) == (1 if name == "index.html" else 0)
        assert not any(key.startswith("on") for _, attrs in page.tags for key in attrs)
    study = pages(reported)["mixtures.html"]
    assert study.text.count(hostile) > 5
    assert study.all("img", alt=hostile)


def test_prose_is_rendered_without_raw_html_images_or_script_links(reported):
    study = pages(reported)["mixtures.html"]
    assert study.all("strong")
    assert not any("example.org" in (attrs.get("src") or "") for attrs in study.all("img"))
    assert not any("javascript" in (attrs.get("href") or "") for attrs in study.all("a"))
    assert len(study.all("h1")) == 1


def test_first_page_shows_every_claim_with_a_verdict_in_words(reported):
    index = pages(reported)["index.html"]
    rows = json.loads((reported / LEDGER).read_text())
    cells = [attrs for attrs in index.all("a") if (attrs.get("aria-label") or "").startswith("Claim ")]
    assert len(cells) == len(rows) == len(claims())
    for row, cell in zip(rows, cells, strict=True):
        assert cell["class"] == state(row)
        assert cell["aria-label"].endswith(f": {state(row)}")
    assert [attrs["data-verdict"] for attrs in index.all("tr") if "data-verdict" in attrs].count("untested") == 189
    assert "data: generated" in index.text
    assert "scale: small" in index.text


def test_defects_are_listed_with_the_check_that_shows_them_or_none(reported):
    index = pages(reported)["index.html"]
    items = [attrs["id"] for attrs in index.all("li") if (attrs.get("id") or "").startswith("defect-")]
    assert items == [f"defect-{number}" for number in range(1, 22)]
    assert index.text.count("Not yet shown.") == 19
    assert "(code)" in index.text


def test_study_page_shows_figures_tables_cost_and_settings(reported):
    study = pages(reported)["mixtures.html"]
    kinds = [attrs["src"].split(";")[0] for attrs in study.all("img")]
    assert kinds == ["data:image/svg+xml", "data:image/png"]
    for text in ("1,250,858", "starts", "30", "1×10⁻¹⁰", "higher is better", "decides"):
        assert text in study.text
    assert "0.001" in study.text
    assert study.all("svg", role="img")


def test_figures_of_one_name_in_two_studies_stay_apart(reported):
    figures = reported / "reports" / "figures"
    assert sorted(str(path.relative_to(figures)) for path in figures.rglob("*.*")) == [
        "claims.svg",
        "mixtures/curve.svg",
        "mixtures/photo.png",
        "thresholds/curve.svg",
    ]


def test_the_same_evidence_gives_the_same_bytes_and_nothing_stale(reported):
    def content():
        return {path: path.read_bytes() for path in sorted((reported / "reports").rglob("*")) if path.is_file()}

    before = content()
    (reported / "reports" / "studies" / "renamed.html").write_text("left over")
    write_report(reported)
    assert content() == before


def test_a_report_without_any_study_lists_every_claim_as_untested(tmp_path):
    write_ledger(tmp_path)
    index = Page(write_report(tmp_path).read_text(encoding="utf-8"))
    assert "No study has run yet." in index.text
    assert f"{len(claims())} untested" in index.all("svg")[0]["aria-label"]


@pytest.mark.parametrize("name", ["../curve", "a/b", ".hidden", "", "curve\n"])
def test_a_figure_cannot_leave_its_folder(invented, name):
    path = invented / "data" / "evidence" / "thresholds" / "evidence.json"
    evidence = json.loads(path.read_text())
    evidence["figures"][0]["name"] = name
    path.write_text(json.dumps(evidence))
    write_ledger(invented)
    with pytest.raises(ValueError, match="not a plain name"):
        write_report(invented)


def test_what_is_missing_is_named(invented):
    with pytest.raises(FileNotFoundError, match=r"reports/ledger\.json is missing"):
        write_report(invented)
    write_ledger(invented)
    (invented / "data" / "evidence" / "thresholds" / "figures" / "curve.svg").unlink()
    with pytest.raises(FileNotFoundError, match=r"curve\.svg is missing; run: .*evaluate thresholds"):
        write_report(invented)


def test_a_ragged_table_is_refused(invented):
    path = invented / "data" / "evidence" / "mixtures" / "evidence.json"
    evidence = json.loads(path.read_text())
    evidence["tables"][0]["rows"][0].append("surplus")
    path.write_text(json.dumps(evidence))
    write_ledger(invented)
    with pytest.raises(ValueError, match="a row of 3 cells under 2 columns"):
        write_report(invented)


def test_ranges():
    assert view.ranges([142, 13, 14, 15, 14]) == "13–15, 142"
    assert view.ranges([]) == ""


def test_stages_run_as_modules_and_end_in_one_line_on_error(invented):
    def stage(name):
        command = [sys.executable, "-m", f"reprise.stages.{name}"]
        return subprocess.run(command, cwd=invented, capture_output=True, text=True)

    for name in ("ledger", "report"):
        done = stage(name)
        assert done.returncode == 0, done.stderr
    assert (invented / "reports" / "index.html").is_file()
    (invented / "data" / "evidence" / "mixtures" / "evidence.json").unlink()
    failed = stage("ledger")
    assert failed.returncode == 1
    assert failed.stderr.startswith("ledger: data/evidence: no evidence.json for mixtures")
    assert "Traceback" not in failed.stderr


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_browser_shows_the_pages_at_phone_width_without_errors_or_requests(reported, browser, scheme):
    browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    )
    device = {"width": 390, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", device)
    for page in ("index.html", "studies/mixtures.html"):
        browser.get((reported / "reports" / page).as_uri())
        assert browser.execute_script("return document.documentElement.scrollWidth") <= 390
        assert browser.execute_script("return performance.getEntriesByType('resource').length") == 0
        images = browser.execute_script("return [...document.images].map((image) => image.naturalWidth)")
        assert all(width > 0 for width in images)
        dark = browser.execute_script("return getComputedStyle(document.body).backgroundColor") == "rgb(20, 23, 27)"
        assert dark == (scheme == "dark")
    assert browser.get_log("browser") == []


@pytest.mark.browser
def test_the_filter_shows_only_what_is_asked_for(reported, browser):
    browser.get((reported / "reports" / "index.html").as_uri())
    shown = "return document.querySelectorAll('tr[data-verdict]:not([hidden])').length"
    assert browser.execute_script(shown) == len(claims())
    browser.execute_script("document.querySelector('.filter button[value=contradicted]').click()")
    assert browser.execute_script(shown) == 1
    browser.execute_script("location.hash = '#claim-100'")
    browser.execute_async_script("setTimeout(arguments[0], 50)")
    assert browser.execute_script(shown) == len(claims())


def test_real_data_lead_where_this_run_has_but_a_stand_in(reported):
    """A kept run on real data answers what generated data cannot, and a page says where each number comes from."""
    here = json.loads((reported / LEDGER).read_text())
    assert read_kept(reported) is None
    kept = [row | ({"kind": "measured", "verdict": "contradicted", "data_source": "real"} if row["id"] == 5 else {})
            for row in here]  # fmt: skip
    (reported / KEPT).mkdir(parents=True)
    (reported / KEPT / "ledger.json").write_text(json.dumps(kept))
    provenance = {"commit": "0123456789abcdef", "machine": "a machine"}
    (reported / KEPT / "provenance.json").write_text(json.dumps(provenance))
    rows = real_first(here, read_kept(reported))
    assert [state(row) for row in rows[:5]] == ["reproduced", "contradicted", "inconclusive", "built", "contradicted"]
    assert (rows[4]["from"], rows[4]["here"], rows[4]["data_source"]) == ("real", "reproduced", "real")
    assert front_page(here, [], read_kept(reported))["kept"] == provenance
    write_report(reported)
    text = pages(reported)["index.html"].text
    assert "real data: commit 0123456789, a machine" in text
    assert "here, on generated data: reproduced, which says nothing of the claim" in text
    assert "commit 0123456789, a machine" in (reported / "reports" / "README.md").read_text()
    (reported / KEPT / "ledger.json").write_text("[{}]")  # as an older version kept it
    assert read_kept(reported) is None


def test_a_study_page_shows_what_was_declared_and_that_it_was_changed(reported):
    text = pages(reported)["mixtures.html"].text
    for each in ("The source says", "Smallest effect of interest", "seeds 3", "Undecidable by", "Changed 2026-01-02"):
        assert each in text
    assert "Generated data decide" in text
    assert "changed after seen" in text
    assert "slip shown" in text
    assert "Built:" in pages(reported)["thresholds.html"].text

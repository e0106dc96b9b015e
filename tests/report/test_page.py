"""The report: self-contained, escaped, complete, and the same bytes from the same evidence."""

from __future__ import annotations

import html.parser
import json
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree
from pathlib import Path

import pytest
from PIL import Image

from reprise.claims.catalogue import claims, defects
from reprise.claims.ledger import LEDGER, read_studies, state, write_ledger
from reprise.files import write_json
from reprise.report import view
from reprise.report.badge import badge_svg
from reprise.report.claim_page import claim_page
from reprise.report.page import KEPT, front_page, told, write_report
from reprise.report.runs import Run, best_rows, kept_runs

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
    """Every page by its path below reports/."""
    reports = root / "reports"
    files = [
        reports / "index.html",
        *sorted((reports / "studies").glob("*.html")),
        *(reports / "claims").glob("*.html"),
    ]
    return {path.relative_to(reports).as_posix(): Page(path.read_text(encoding="utf-8")) for path in files}


def test_pages_are_well_formed_and_there_is_one_for_every_study_and_claim(reported):
    found = list(pages(reported))
    assert found[:3] == ["index.html", "studies/mixtures.html", "studies/thresholds.html"]
    assert sorted(found[3:]) == sorted(f"claims/{claim.id}.html" for claim in claims())


def test_nothing_is_fetched_from_anywhere(reported):
    for name, page in pages(reported).items():
        for tag, attrs in page.tags:
            if tag in ("img", "script", "iframe", "source", "video", "object", "embed"):
                assert (attrs.get("src") or "data:").startswith("data:"), name
            if tag == "link":
                assert attrs["href"] == "data:,"
        text = (reported / "reports" / name).read_text()
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
            target = os.path.normpath(os.path.join(os.path.dirname(name), path)) if path else name
            checked += 1
            if "figures" in target:
                assert (reported / "reports" / target).is_file(), attrs
                continue
            assert target in found, attrs
            assert not anchor or anchor in ids[target], attrs
    assert checked > 5 * len(claims())


def test_ids_are_unique_on_each_page(reported):
    for page in pages(reported).values():
        ids = [attrs["id"] for _, attrs in page.tags if attrs.get("id")]
        assert len(ids) == len(set(ids))


def test_text_from_the_data_is_shown_as_text(reported, hostile):
    for page in pages(reported).values():
        assert len(page.all("script")) == 1
        assert not any(key.startswith("on") for _, attrs in page.tags for key in attrs)
    study = pages(reported)["studies/mixtures.html"]
    assert study.text.count(hostile) > 5
    assert study.all("img", alt=hostile)
    claim = pages(reported)["claims/1.html"]
    assert claim.text.count(hostile) > 5
    assert hostile.replace("`", "") in claim.all("meta", name="description")[0]["content"]


def test_prose_is_rendered_without_raw_html_images_or_script_links(reported):
    study = pages(reported)["studies/mixtures.html"]
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
    assert items == [f"defect-{number}" for number in range(1, len(defects()) + 1)]
    assert index.text.count("Not yet shown.") == len(defects()) - 2
    assert "(code)" in index.text


def test_study_page_shows_figures_tables_cost_and_settings(reported):
    study = pages(reported)["studies/mixtures.html"]
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


@pytest.mark.usefixtures("quick")
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


@pytest.mark.usefixtures("quick")
def test_what_is_missing_is_named(invented):
    with pytest.raises(FileNotFoundError, match=r"reports/ledger\.json is missing"):
        write_report(invented)
    write_ledger(invented)
    (invented / "data" / "evidence" / "thresholds" / "figures" / "curve.svg").unlink()
    with pytest.raises(FileNotFoundError, match=r"curve\.svg is missing; run: .*evaluate thresholds"):
        write_report(invented)


@pytest.mark.usefixtures("quick")
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
    for page in ("index.html", "studies/mixtures.html", "claims/1.html"):
        browser.get((reported / "reports" / page).as_uri())
        assert browser.execute_script("return document.documentElement.scrollWidth") <= 390
        assert browser.execute_script("return performance.getEntriesByType('resource').length") == 0
        images = browser.execute_script("return [...document.images].map((image) => image.naturalWidth)")
        assert all(width > 0 for width in images)
        dark = browser.execute_script("return getComputedStyle(document.body).backgroundColor") == "rgb(20, 23, 27)"
        assert dark == (scheme == "dark")
    assert browser.get_log("browser") == []


ROWS = "return document.querySelectorAll('tr[data-verdict]:not([hidden])').length"
LATER = "setTimeout(arguments[0], 60)"


@pytest.mark.browser
def test_the_search_shows_only_what_is_asked_for_and_can_be_shared(reported, browser):
    browser.get((reported / "reports" / "index.html").as_uri())
    assert browser.execute_script(ROWS) == len(claims())
    assert browser.execute_script("return document.querySelectorAll('details.chapter[open]').length") == 0
    browser.execute_script("document.querySelector('.filter button[value=contradicted]').click()")
    assert browser.execute_script(ROWS) == 1
    browser.execute_script("document.querySelector('.filter button[value=contradicted]').click()")
    field = browser.find_element("css selector", ".filter input")
    field.send_keys("pooling edges")
    found = browser.execute_script(
        "return [...document.querySelectorAll('tr[data-verdict]:not([hidden])')].map(r => r.id)"
    )
    assert "claim-110" in found
    assert len(found) < 10
    assert browser.execute_script("return document.querySelector('#claim-110 a').getClientRects().length") > 0
    assert browser.current_url.endswith("#q=pooling%20edges")
    shared = browser.current_url
    browser.get("about:blank")
    browser.get(shared)
    assert browser.execute_script(ROWS) == len(found)
    assert f"of {len(claims())}" in browser.find_element("css selector", ".filter output").text


@pytest.mark.browser
def test_a_link_finds_what_it_names_whatever_is_folded_or_filtered(reported, browser):
    page = (reported / "reports" / "index.html").as_uri()
    for anchor in ("claim-100", "defect-3", "method"):
        browser.get("about:blank")
        browser.get(f"{page}#{anchor}")
        browser.execute_async_script(LATER)
        assert (
            browser.execute_script("return document.getElementById(arguments[0]).getClientRects().length", anchor) > 0
        )
        inner = "return [...document.getElementById(arguments[0]).querySelectorAll('*')].some(e => e.offsetHeight > 12)"
        assert browser.execute_script(inner, anchor)
    browser.execute_script("document.querySelector('.filter button[value=contradicted]').click()")
    browser.execute_script("location.hash = '#claim-100'")
    browser.execute_async_script(LATER)
    assert browser.execute_script(ROWS) == len(claims())


@pytest.mark.usefixtures("quick")
@pytest.mark.browser
def test_the_switch_shows_the_best_evidence_first_and_the_rest_when_asked(reported, browser):
    keep_real(reported)
    write_report(reported)
    page = (reported / "reports" / "claims" / "5.html").as_uri()
    shown = "return [...document.querySelectorAll('.run')].filter(e => e.offsetHeight).map(e => e.id)"
    browser.get(page)
    assert browser.execute_script(shown) == ["real"]
    browser.execute_script("document.querySelector('.runs input[value=this-run] + span').click()")
    assert browser.execute_script(shown) == ["this-run"]
    assert browser.current_url.endswith("#this-run")
    browser.get("about:blank")
    browser.get(f"{page}#this-run")
    assert browser.execute_script(shown) == ["this-run"]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert browser.execute_script(shown) == ["real", "this-run"]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert browser.get_log("browser") == []


@pytest.mark.usefixtures("quick")
@pytest.mark.browser
def test_without_scripts_all_evidence_is_there(reported, browser):
    keep_real(reported)
    write_report(reported)
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    browser.get((reported / "reports" / "claims" / "5.html").as_uri())
    heights = [each.size["height"] for each in browser.find_elements("css selector", ".run")]
    assert len(heights) == 2
    assert min(heights) > 0


def keep_real(root: Path, claim: int = 5, left_out: dict | None = None, **fields) -> dict:
    """Writes a kept run in which a claim was measured on real data; returns its provenance."""
    here = json.loads((root / LEDGER).read_text())
    real = {"kind": "measured", "verdict": "contradicted", "data_source": "real", "scale": "medium"} | fields
    nothing = {"kind": None, "verdict": "untested", "study": "", "declared": None, "findings": [], "data_source": ""}
    real.setdefault("ran_on", real["data_source"])
    kept = [row | (real if row["id"] == claim else nothing) for row in here]
    (root / KEPT).mkdir(parents=True)
    (root / KEPT / "ledger.json").write_text(json.dumps(kept))
    provenance = {"commit": "0123456789abcdef", "machine": "a machine", "data": ["real"], "studies": ["mixtures"]}
    provenance |= {"left_out": {"thresholds": "no evidence yet"} if left_out is None else left_out}
    (root / KEPT / "provenance.json").write_text(json.dumps(provenance))
    return provenance


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("studies.json", '{"mixtures": 3}'),
        ("studies.json", '{"mixtures": {"declared": [], "figures": []}}'),
        ("studies.json", '{"mixtures": {"declared": {}, "figures": [{}]}}'),
        ("studies.json", "[]"),
        ("studies.json", "{"),
        ("provenance.json", '{"committed": 3}'),
        ("provenance.json", ""),
    ],
)
def test_what_was_kept_and_is_damaged_is_named_with_what_brings_it_back(reported, name, content):
    keep_real(reported)
    (reported / KEPT / name).write_text(content)
    with pytest.raises(ValueError, match=rf"{name}: not what `reprise keep` writes; `git checkout -- .*{name}` brings"):
        kept_runs(reported)


@pytest.mark.usefixtures("quick")
def test_real_data_lead_where_this_run_has_but_a_stand_in(reported):
    """A kept run on real data answers what generated data cannot, and a page says where each number comes from."""
    here = Run("", json.loads((reported / LEDGER).read_text()))
    assert kept_runs(reported) == []
    provenance = keep_real(reported)
    kept = kept_runs(reported)
    rows = best_rows(here, kept)
    assert [state(row) for row in rows[:5]] == ["reproduced", "contradicted", "inconclusive", "built", "contradicted"]
    assert (rows[4]["from"], rows[4]["here"], rows[4]["data_source"]) == ("real", "reproduced", "real")
    (run,) = front_page(here.rows, [], kept)["kept"]
    assert provenance.items() <= run.provenance.items()
    write_report(reported)
    text = " ".join(pages(reported)["index.html"].text.split())
    assert "real data, kept in reports/real: commit 0123456789, a machine, 1 of 2 studies" in text
    assert "here, on generated data: reproduced, which says nothing of the claim" in text
    assert "commit 0123456789, a machine" in (reported / "reports" / "README.md").read_text()
    (reported / KEPT / "ledger.json").write_text("[{}]")  # as an older version kept it
    assert kept_runs(reported) == []


@pytest.mark.usefixtures("quick")
def test_a_kept_run_that_leads_nowhere_is_not_named(reported):
    keep_real(reported, claim=1, kind="stand-in", verdict=None, stand_in="reproduced")
    write_report(reported)
    assert "kept in" not in pages(reported)["index.html"].text


@pytest.mark.parametrize(
    ("kept", "leads"),
    [
        ({"kind": "measured", "verdict": "contradicted", "data_source": "real", "scale": "small"}, "real"),
        ({"kind": "measured", "verdict": "reproduced", "data_source": "generated", "scale": "full"}, "real"),
        ({"kind": "measured", "verdict": "reproduced", "data_source": "generated", "scale": "medium"}, ""),
        ({"kind": "measured", "verdict": "reproduced", "data_source": "real", "scale": "smoke"}, ""),
        ({"kind": None, "verdict": "untested", "data_source": "", "scale": ""}, ""),
    ],
)
def test_the_best_evidence_is_real_before_generated_and_full_before_small(reported, kept, leads):
    keep_real(reported, 1, **kept)
    rows = best_rows(Run("", json.loads((reported / LEDGER).read_text())), kept_runs(reported))
    assert rows[0]["from"] == leads


@pytest.mark.parametrize(
    ("declared", "committed", "leads"),
    [
        (("as now", "otherwise"), ("2026-01-01", "2026-02-02"), "a"),
        (("otherwise", "as now"), ("2026-02-02", "2026-01-01"), "b"),
        (("as now", "as now"), ("2026-01-01", "2026-02-02"), "b"),
        (("as now", "as now"), ("2026-01-01", ""), "a"),
        (("otherwise", "another"), ("2026-01-01", "2026-02-02"), ""),
    ],
)
def test_what_another_declaration_judged_does_not_lead_and_of_equal_runs_the_later_commit_does(
    declared, committed, leads
):
    row = {"id": 1, "kind": "measured", "ran_on": "real", "scale": "medium", "data_source": "real"}
    here = Run("", [row | {"kind": "stand-in", "ran_on": "generated", "stand_in": "reproduced", "declared": "as now"}])
    kept = [
        Run(name, [row | {"declared": digest}], {"committed": when})
        for name, digest, when in zip("ab", declared, committed, strict=True)
    ]
    kept.sort(key=lambda run: run.provenance["committed"], reverse=True)
    assert best_rows(here, kept)[0]["from"] == leads


def test_where_this_run_says_nothing_a_kept_one_leads():
    row = {"id": 1, "kind": "measured", "ran_on": "real", "scale": "medium", "data_source": "real", "declared": "abc"}
    here = Run("", [row | {"kind": None, "ran_on": "generated", "stand_in": None, "declared": None, "scale": ""}])
    assert best_rows(here, [Run("real", [row], {"committed": ""})])[0]["from"] == "real"


def test_kept_runs_come_by_the_time_of_their_commit_and_those_without_last(reported):
    keep_real(reported)
    for name, when in (("earlier", "2026-01-01T00:00:00+00:00"), ("later", "2026-02-02T00:00:00+00:00")):
        folder = reported / "reports" / name
        shutil.copytree(reported / KEPT, folder)
        provenance = json.loads((folder / "provenance.json").read_text())
        write_json(folder / "provenance.json", provenance | {"committed": when})
    assert [run.name for run in kept_runs(reported)] == ["later", "earlier", "real"]


def test_a_run_on_real_data_leads_for_a_claim_that_these_did_not_decide_and_is_not_called_real(reported):
    """Which run says most is of the study; what decided the claim is shown."""
    keep_real(reported, 2, kind="arithmetic", verdict="reproduced", data_source="any", ran_on="real", scale="small")
    rows = best_rows(Run("", json.loads((reported / LEDGER).read_text())), kept_runs(reported))
    assert (rows[1]["from"], rows[1]["data_source"]) == ("real", "any")
    write_report(reported)
    text = " ".join(pages(reported)["claims/2.html"].text.split())
    assert "Any data, scale small" in text
    assert "this claim was not decided on it" in text
    line = next(each for each in (reported / "reports/README.md").read_text().splitlines() if each.startswith("| 2 "))
    assert "any · small · kept in real" in line


def test_a_run_that_was_kept_before_rows_told_it_apart_is_not_called_real_either(reported):
    keep_real(reported, 1)
    ledger = reported / KEPT / "ledger.json"
    rows = [{key: value for key, value in row.items() if key != "ran_on"} for row in json.loads(ledger.read_text())]
    rows[1] |= {"kind": "arithmetic", "verdict": "reproduced", "study": "thresholds", "data_source": "real"}
    ledger.write_text(json.dumps(rows))
    said = {"kind": "measured", "basis": "anything", "settings": [], "planned": {"n": 30, "seeds": None}}
    write_json(reported / KEPT / "studies.json", {"mixtures": {"declared": {"1": said}, "figures": []}})
    (run,) = kept_runs(reported)
    assert [(row["data_source"], row["ran_on"]) for row in run.rows[:3]] == [
        ("generated", "real"), ("any", "real"), ("", ""),
    ]  # fmt: skip
    assert best_rows(Run("", json.loads((reported / LEDGER).read_text())), [run])[0]["from"] == "real"


@pytest.mark.usefixtures("quick")
def test_evidence_that_another_declaration_judged_says_so_and_leads_nowhere(reported):
    keep_real(reported, declared="0123abcd")
    write_report(reported)
    assert "kept in" not in pages(reported)["index.html"].text
    assert "judged by an earlier declaration" in pages(reported)["claims/5.html"].text
    assert "judged by an earlier declaration" not in pages(reported)["claims/1.html"].text


def test_a_claims_page_holds_all_that_was_said_declared_and_measured(reported):
    page = pages(reported)["claims/1.html"]
    row = json.loads((reported / LEDGER).read_text())[0]
    text = " ".join(page.text.split())
    for part in (claims()[0].title, claims()[0].claim, row["says"], row["place"], row["measures"].replace("`", ""),
                 "J. M. Valverde", "Expected > 0", "Smallest effect of interest", row["declared"], "reprise run 1",
                 "src/reprise/studies/mixtures/", "✓ reproduced"):  # fmt: skip
        assert " ".join(part.split()) in text, part
    assert page.all("a", href="https://github.com/jmlipman/LAID")
    assert page.all("figure", id="this-run-figure-curve")


def test_only_what_the_source_says_letter_for_letter_stands_in_quotation_marks(reported):
    quoted, adapted = pages(reported)["claims/2.html"], pages(reported)["claims/1.html"]
    says = json.loads((reported / LEDGER).read_text())[1]["says"]
    assert quoted.all("blockquote")
    assert f"“{says}”" in quoted.text
    assert not adapted.all("blockquote")
    assert not pages(reported)["claims/100.html"].all("blockquote")


def test_links_have_a_title_a_description_and_a_picture(reported):
    for name, page in pages(reported).items():
        meta = {each["property"]: each["content"] for each in page.all("meta") if "property" in each}
        assert meta["og:title"]
        assert 10 < len(meta["og:description"]) <= 300
        picture = reported / "reports" / os.path.dirname(name) / meta["og:image"]
        with Image.open(picture) as image:
            assert (image.size, image.format) == ((1200, 630), "PNG")
    titles = [page.all("meta", property="og:title")[0]["content"] for page in pages(reported).values()]
    assert len(set(titles)) == len(titles)


def test_the_badge_says_how_many_were_answered(reported):
    text = (reported / "reports" / "badge.svg").read_text()
    assert f"2 of {len(claims())} answered" in text
    assert xml.etree.ElementTree.fromstring(text).tag.endswith("svg")
    hostile = badge_svg("<a>", '"&"')
    assert xml.etree.ElementTree.fromstring(hostile).attrib["aria-label"] == '<a>: "&"'


def test_findings_that_are_told_first_are_answered_and_have_a_picture(reported):
    rows = json.loads((reported / LEDGER).read_text())
    here = Run("", rows, studies=read_studies(reported))
    pages_ = [claim_page(row["id"], here, [], reported) for row in rows]
    assert told(pages_) == []  # none of the invented ones is worth it
    pages_[109]["best"] |= {"state": "contradicted", "figures": [{"name": "convolution_pooling"}]}
    pages_[146]["best"] |= {"state": "inconclusive", "figures": [{"name": "losses-regression"}]}
    pages_[140]["best"] |= {"state": "reproduced", "figures": [{"name": "other"}]}
    assert [each["claim"]["id"] for each in told(pages_)] == [110]


def test_a_study_page_shows_what_was_declared_and_that_it_was_changed(reported):
    text = pages(reported)["studies/mixtures.html"].text
    for each in ("The source says", "Smallest effect of interest", "seeds 3", "Undecidable by", "Changed 2026-01-02"):
        assert each in text
    assert "Generated data decide" in text
    assert "changed after seen" in text
    assert "slip shown" in text
    assert "Built:" in pages(reported)["studies/thresholds.html"].text

"""The report as a folder for a web server: whole addresses, code at this commit, and nothing invented."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from reprise.claims.catalogue import claims
from reprise.claims.ledger import LEDGER
from reprise.report.measuring import line_of, measured_in
from reprise.report.site import code_link, whole_links, write_site

ADDRESS = "https://example.org/reprise"


def git(root: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=Nobody", "-c", "user.email=nobody@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *identity, *arguments], cwd=root, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path):
    """A repository with one file of code."""
    path = tmp_path / "src" / "reprise" / "x.py"
    path.parent.mkdir(parents=True)
    path.write_text("x = 1\n")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "first")
    return tmp_path


def test_a_site_holds_the_whole_report_with_whole_addresses(reported, tmp_path):
    (said,) = write_site(tmp_path / "site", f"{ADDRESS}/", reported)
    assert said == (
        f"{tmp_path / 'site'}: {len(claims()) + 3} pages for {ADDRESS}/, no remote is known: functions as file:line"
    )
    for name, image in (("index.html", "claims/all.png"), ("claims/2.html", "claims/2.png"),
                        ("studies/mixtures.html", "claims/all.png")):  # fmt: skip
        text = (tmp_path / "site" / name).read_text(encoding="utf-8")
        page = "" if name == "index.html" else name
        assert f'<meta property="og:image" content="{ADDRESS}/{image}">' in text
        assert f'<meta property="og:url" content="{ADDRESS}/{page}">' in text
        assert f'<link rel="canonical" href="{ADDRESS}/{page}">' in text
        assert (tmp_path / "site" / image).is_file()
    code = re.search(
        r"in <code>(src/reprise/studies/mixtures/\w+\.py):(\d+)</code>", (tmp_path / "site/claims/2.html").read_text()
    )
    assert code
    source = (Path(__file__).parents[2] / code[1]).read_text(encoding="utf-8").splitlines()
    assert source[int(code[2]) - 1].lstrip().startswith("def ")
    assert (tmp_path / "site" / "badge.svg").read_bytes() == (reported / "reports" / "badge.svg").read_bytes()


def test_without_an_address_pages_are_as_the_report_has_them(reported, tmp_path):
    write_site(tmp_path / "site", root=reported)
    text = (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
    assert text == (reported / "reports" / "index.html").read_text(encoding="utf-8")


def test_writing_again_replaces_and_what_is_not_ours_is_not_touched(reported, tmp_path):
    site = tmp_path / "site"
    write_site(site, root=reported)
    (site / "claims" / "stale.html").write_text("left over")
    write_site(site, root=reported)
    assert not (site / "claims" / "stale.html").exists()
    (site / "mine.txt").touch()
    with pytest.raises(ValueError, match=r"holds mine\.txt, which would be lost"):
        write_site(site, root=reported)
    for folder in (reported / "reports", reported / "reports" / "site"):
        with pytest.raises(ValueError, match="lies in reports/"):
            write_site(folder, root=reported)
    (reported / "reports" / "badge.svg").unlink()
    with pytest.raises(FileNotFoundError, match=r"badge\.svg is missing; `make results`"):
        write_site(tmp_path / "other", root=reported)
    assert not (tmp_path / "other").exists()


def test_pictures_of_real_data_are_named_before_they_are_published(reported, tmp_path):
    path = reported / LEDGER
    rows = json.loads(path.read_text())
    ran = {"data_source": "any", "ran_on": "real"}  # of a claim that they did not decide, too
    path.write_text(json.dumps([row | (ran if row["id"] == 1 else {}) for row in rows]))
    said = write_site(tmp_path / "site", root=reported)
    assert said[1:] == [
        "pictures of real data are in it, publish them only where that is allowed: figures/mixtures/photo.png"
    ]


@pytest.mark.parametrize("address", ["javascript:alert(1)", "example.org", "file:///tmp", "https://"])
def test_an_address_that_is_none_of_the_web_is_refused(reported, tmp_path, address):
    with pytest.raises(ValueError, match="expected where the pages will be"):
        write_site(tmp_path / "site", address, reported)


@pytest.mark.parametrize(
    ("remote", "there"),
    [
        ("https://github.com/a/b.git", "https://github.com/a/b/blob/COMMIT/src/reprise/x.py#L7"),
        ("git@github.com:a/b.git", "https://github.com/a/b/blob/COMMIT/src/reprise/x.py#L7"),
        ("ssh://git@gitlab.example.org/a/b/c", "https://gitlab.example.org/a/b/c/-/blob/COMMIT/src/reprise/x.py#L7"),
        ("https://codeberg.org/a/b", "https://codeberg.org/a/b/src/commit/COMMIT/src/reprise/x.py#L7"),
        ("https://someone:secret@github.com/a/b", None),  # nothing of it may reach a page
        ("https://example.org/a/b", None),  # nobody knows how it shows a file
        ("/somewhere/else", None),
    ],
)
def test_code_is_linked_at_this_commit_where_the_remote_is_known(repository, remote, there):
    git(repository, "remote", "add", "origin", remote)
    link = code_link(repository)
    if there is None:
        assert link is None
        return
    assert link("src/reprise/x.py", 7) == there.replace("COMMIT", git(repository, "rev-parse", "HEAD"))
    (repository / "src" / "reprise" / "x.py").write_text("x = 2\n")
    assert code_link(repository)("src/reprise/x.py", 7) == "", "the commit has other lines"


def test_without_a_remote_or_a_repository_nothing_is_linked(repository, tmp_path_factory):
    assert code_link(repository) is None
    assert code_link(tmp_path_factory.mktemp("none")) is None


def test_a_function_is_linked_and_what_is_gone_stays_text():
    place = measured_in("mixtures", 2)
    code = '<p><code class="code" data-path="{}" data-function="{}">f</code> in <code>p</code></p>'
    page = whole_links(
        code.format(place.path, place.function), "claims/2.html", "", lambda path, line: f"https://h/{path}#L{line}"
    )
    assert f'<a class="code" href="https://h/{place.path}#L{place.line}"><code>f</code></a>' in page
    assert f"in <code>{place.path}:{place.line}</code>" in page
    gone = whole_links(code.format(place.path, "no_such"), "claims/2.html", "", lambda *_: "https://h/")
    assert gone == f"<p><code>f</code> in <code>{place.path}</code></p>"
    assert line_of("src/reprise/studies/mixtures/no_such.py", "f") == 0


def test_every_claim_of_a_study_names_a_function_that_is_there(root):
    from reprise.claims.declarations import read_declarations
    from reprise.registry import known_studies, study_file

    checked = 0
    for study in known_studies():
        for claim in read_declarations(study_file(study, "declared.yaml")):
            place = measured_in(study, claim)
            lines = (root / place.path).read_text(encoding="utf-8").splitlines()
            assert lines[place.line - 1].lstrip().startswith(("def ", "async def ")), place
            assert f"def {place.function.rpartition('.')[2]}(" in lines[place.line - 1], place
            assert line_of(place.path, place.function) == place.line
            checked += 1
    assert checked >= len(claims())


@pytest.mark.parametrize(
    ("study", "claim", "function"), [("ultrasound", 83, "declared[83]"), ("thinned", 193, "declared[193]")]
)
def test_the_function_is_the_one_that_holds_the_declaration(root, study, claim, function):
    place = measured_in(study, claim)
    lines = (root / place.path).read_text(encoding="utf-8").splitlines()[place.line - 1 :]
    body = [lines[0], *(line for line in lines[1:] if not line or line.startswith((" ", ")")))]
    assert function in "\n".join(body)
    assert os.path.basename(place.path) != "figures.py"

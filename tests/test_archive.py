"""What a run found can be kept: whole, with where it comes from, and never over what the pipeline writes."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from reprise.archive import keep
from reprise.report.terminal import KEYS


@pytest.fixture
def checkout(tmp_path):
    """A repository with a finished run."""
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "code.py").write_text("x = 1\n")
    (tmp_path / "params.yaml").write_text("scale: small\n")
    (tmp_path / "pipelines" / "mixtures").mkdir(parents=True)
    (tmp_path / "pipelines" / "mixtures" / "params.yaml").write_text("runs: 3\n")
    identity = ["-c", "user.name=Nobody", "-c", "user.email=nobody@example.org", "-c", "commit.gpgsign=false"]
    for command in (["init", "-q"], ["add", "-A"], [*identity, "commit", "-q", "-m", "first"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    finish(tmp_path, dice=0.5, figure="one")
    return tmp_path


def finish(root: Path, dice: float, figure: str, source: str = "generated", scale: str = "small") -> None:
    reports = root / "reports"
    (reports / "figures" / "study").mkdir(parents=True, exist_ok=True)
    row = dict.fromkeys(KEYS, "") | {"interval": None, "band": None, "effect": None, "findings": []}
    judged = row | {
        "id": 79,
        "study": "ultrasound",
        "kind": "measured",
        "verdict": "reproduced",
        "data_source": source,
        "scale": scale,
    }
    exact = row | {
        "id": 1,
        "study": "mixtures",
        "kind": "arithmetic",
        "verdict": "reproduced",
        "data_source": "generated",
        "scale": scale,
    }
    untested = row | {"id": 80, "kind": None, "verdict": "untested"}
    (reports / "ledger.json").write_text(json.dumps([exact, judged, untested]))
    (reports / "metrics.json").write_text(json.dumps({"study": {"dice": {"value": dice}}}))
    (reports / "README.md").write_text("# Report\n")
    (reports / "figures" / "study" / f"{figure}.svg").write_text("<svg/>")
    (root / "data").mkdir(exist_ok=True)
    (root / "data" / "timings.csv").write_text(
        "stage,seconds,peak_mib\ntrain a,9.00,10\ntrain a,2.50,11\nledger,0.1,5\n"
    )


def test_all_of_it_is_kept_with_commit_machine_and_the_last_times(checkout):
    said = keep(Path("reports/full"), "one big GPU", checkout)
    kept = checkout / "reports" / "full"
    for name in ("ledger.json", "metrics.json", "README.md", "figures/study/one.svg"):
        assert (kept / name).read_bytes() == (checkout / "reports" / name).read_bytes()
    for name in ("params.yaml", "pipelines/mixtures/params.yaml"):
        assert (kept / "params" / name).read_bytes() == (checkout / name).read_bytes()
    provenance = json.loads((kept / "provenance.json").read_text())
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=checkout, capture_output=True, text=True).stdout.strip()
    assert (provenance["commit"], provenance["changed"]) == (head, False)
    assert (provenance["machine"], provenance["data"], provenance["scale"]) == ("one big GPU", ["generated"], ["small"])
    assert provenance["stages"]["train a"] == {"seconds": 2.5, "peak_mib": 11.0}
    assert said == f"reports/full: 2 claims kept, commit {head[:10]}, one big GPU"


def test_pictures_that_may_show_other_peoples_data_stay_behind(checkout):
    reports = checkout / "reports"
    (reports / "figures" / "study" / "frames.png").write_bytes(b"a competition's frame")
    chart = "![Chart.](figures/study/one.svg)\n"
    (reports / "README.md").write_text("# Report\n![Frames.](figures/study/frames.png)\n" + chart)
    keep(Path("reports/full"), root=checkout)
    assert not list((reports / "full").rglob("*.png"))
    assert (reports / "full" / "README.md").read_text() == "# Report\n" + chart


def test_keeping_again_replaces_what_was_kept(checkout):
    keep(Path("reports/full"), root=checkout)
    (checkout / "reports" / "figures" / "study" / "one.svg").unlink()
    finish(checkout, dice=0.75, figure="two")
    keep(Path("reports/full"), root=checkout)
    kept = checkout / "reports" / "full"
    assert [path.name for path in (kept / "figures" / "study").iterdir()] == ["two.svg"]
    assert json.loads((kept / "metrics.json").read_text())["study"]["dice"]["value"] == 0.75
    assert "cores" in json.loads((kept / "provenance.json").read_text())["machine"]


def test_which_data_at_which_scale_is_no_change_of_the_commit(checkout):
    """`make real` in a clean clone sets both, and locks are written by every run."""
    text = "scale: medium\ndata: {source: real}\n"
    (checkout / "params.yaml").write_text(text)
    (checkout / "pipelines" / "mixtures" / "dvc.lock").write_text("schema: '2.0'\n")
    finish(checkout, 0.5, "one", source="real", scale="medium")
    keep(Path("reports/full"), root=checkout)
    assert json.loads((checkout / "reports" / "full" / "provenance.json").read_text())["changed"] is False
    (checkout / "params.yaml").write_text(text.replace("}", ", cifar: {train: 3}}"))
    keep(Path("reports/full"), root=checkout)
    assert json.loads((checkout / "reports" / "full" / "provenance.json").read_text())["changed"] is True


@pytest.mark.parametrize("path", ["src/code.py", "pipelines/mixtures/params.yaml"])
def test_code_or_parameters_that_are_not_the_commits_are_said(checkout, path):
    (checkout / path).write_text("x: 2\n")
    keep(Path("reports/full"), root=checkout)
    assert json.loads((checkout / "reports" / "full" / "provenance.json").read_text())["changed"] is True


@pytest.mark.parametrize(
    "folder",
    [
        "elsewhere", "reports", "reports/../data", "/etc/x", "reports/figures/x", "reports/studies",
        "reports/index.html", "reports/README.md", "reports/ledger.json", "reports/metrics.json/x",
    ],
)  # fmt: skip
def test_other_folders_are_refused_and_nothing_is_touched(checkout, folder):
    before = {path: path.stat().st_mtime_ns for path in checkout.rglob("*")}
    with pytest.raises(ValueError, match="for example reports/full"):
        keep(Path(folder), root=checkout)
    assert {path: path.stat().st_mtime_ns for path in checkout.rglob("*")} == before


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ("scale: full\n", r"claim 1 has scale 'small', .*params\.yaml says 'full'"),
        ("scale: small\ndata: {source: real}\n", r"claim 79 has data_source 'generated', .*params\.yaml says 'real'"),
    ],
)
def test_parameters_that_did_not_make_the_run_are_not_kept_with_it(checkout, params, message):
    (checkout / "params.yaml").write_text(params)
    with pytest.raises(ValueError, match=message):
        keep(Path("reports/full"), root=checkout)
    assert not (checkout / "reports" / "full").exists()


def test_a_study_that_trains_nothing_is_generated_data_in_a_real_run_too(checkout):
    (checkout / "params.yaml").write_text("scale: small\ndata: {source: real}\n")
    finish(checkout, dice=0.5, figure="one", source="real")
    keep(Path("reports/full"), root=checkout)
    assert json.loads((checkout / "reports/full/provenance.json").read_text())["data"] == ["generated", "real"]


def test_what_fails_half_way_leaves_what_was_kept_before(checkout, monkeypatch):
    keep(Path("reports/full"), "first", checkout)
    before = {path: path.read_bytes() for path in (checkout / "reports").rglob("*") if path.is_file()}

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("reprise.archive.write_json", full)
    for folder in ("reports/full", "reports/other"):
        with pytest.raises(OSError, match="No space"):
            keep(Path(folder), "second", checkout)
    assert {path: path.read_bytes() for path in (checkout / "reports").rglob("*") if path.is_file()} == before
    assert not (checkout / "reports" / "other").exists()


def test_a_folder_with_other_files_is_not_replaced(checkout):
    (checkout / "reports" / "notes").mkdir()
    (checkout / "reports" / "notes" / "mine.txt").touch()
    with pytest.raises(ValueError, match=r"holds mine\.txt"):
        keep(Path("reports/notes"), root=checkout)


@pytest.mark.parametrize("text", ["[", "{}", '[{"verdict": "reproduced"}]', "\xff"])
def test_a_ledger_that_is_none_is_named(checkout, text):
    (checkout / "reports" / "ledger.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(ValueError, match=r"ledger\.json: not "):
        keep(Path("reports/full"), root=checkout)


@pytest.mark.parametrize("name", ["ledger.json", "README.md"])
def test_without_a_finished_run_there_is_nothing_to_keep(checkout, name):
    (checkout / "reports" / name).unlink()
    with pytest.raises(FileNotFoundError, match=rf"{name} is missing; `dvc repro` makes it"):
        keep(Path("reports/full"), root=checkout)
    assert not (checkout / "reports" / "full").exists()


@pytest.mark.parametrize("folder", ["reports/a\x1b[31m", "reports/a\nb"])
def test_a_name_that_no_terminal_should_see_is_refused(checkout, folder):
    with pytest.raises(ValueError, match="one line of printable letters") as caught:
        keep(Path(folder), "", checkout)
    assert str(caught.value).isprintable()
    with pytest.raises(ValueError, match="one line of printable letters"):
        keep(Path("reports/full"), "a machine\nof two lines", checkout)
    assert sorted(path.name for path in (checkout / "reports").iterdir()) == [
        "README.md", "figures", "ledger.json", "metrics.json",
    ]  # fmt: skip


def test_a_file_is_no_folder_to_keep_a_run_in(checkout):
    (checkout / "reports" / "full").write_text("mine")
    with pytest.raises(ValueError, match="reports/full: is a file"):
        keep(Path("reports/full"), "", checkout)
    assert (checkout / "reports" / "full").read_text() == "mine"

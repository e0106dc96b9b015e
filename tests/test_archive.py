"""What a run found can be kept: whole, with where it comes from, and never over what the pipeline writes."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from tests.report.conftest import DECLARED, RANDOM, declared, write

from reprise.archive import keep
from reprise.claims.catalogue import claims
from reprise.claims.declarations import Declarations
from reprise.claims.evidence import Evidence, Metric, primary
from reprise.claims.ledger import state
from reprise.files import write_text
from reprise.folders import PREFIX, replacing_folder, restore
from reprise.report.runs import kept_runs
from reprise.repro.current import Made, of_studies
from reprise.repro.graph import Stage
from reprise.statistics import seeds_effect

KILLED = """
import os, signal, sys
from pathlib import Path
from reprise.folders import replacing_folder
rename = Path.rename
Path.rename = lambda *names: (rename(*names), os.kill(os.getpid(), signal.SIGKILL))
with replacing_folder(Path(sys.argv[1])) as made:
    (made / "new").touch()
"""
MADE = {
    "mixtures": Made(("evaluate mixtures",)),
    "thresholds": Made(("evaluate thresholds",)),
    "ultrasound": Made(
        ("prepare ultrasound", "train ultrasound raw", "evaluate ultrasound"),
        data=(("ultrasound", {"md5": "abc.dir", "files": 152, "bytes": 1000}),),
    ),
}


@pytest.fixture
def checkout(tmp_path):
    """A repository with a finished run of three studies, of which one trains and reads data."""
    write_text(tmp_path / "src" / "code.py", "x = 1\n")
    write_text(tmp_path / "params.yaml", "scale: small\n")
    write(tmp_path)
    write_text(tmp_path / "pipelines" / "ultrasound" / "params.yaml", "")
    trained(tmp_path)
    (tmp_path / "reports").mkdir()
    write_text(tmp_path / ".gitignore", "data\n")
    identity = ["-c", "user.name=Nobody", "-c", "user.email=nobody@example.org", "-c", "commit.gpgsign=false"]
    for command in (["init", "-q"], ["add", "-A"], [*identity, "commit", "-q", "-m", "first"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    write_text(
        tmp_path / "data" / "timings.csv",
        "stage,seconds,peak_mib\ntrain ultrasound raw,9.00,10\ntrain ultrasound raw,2.50,11\n"
        "evaluate mixtures,1.25,7\ntrain other raw,100,1\n",
    )
    return tmp_path


def trained(root: Path, dice: float = 0.5, source: str = "generated", scale: str = "small") -> None:
    """Evidence of the study that reads data."""
    judged = declared(79, basis="data", **RANDOM)
    evidence = Evidence(
        title="Ultrasound",
        about="About frames.",
        data="frames",
        findings=[primary(judged, seeds_effect(np.array([0.1, 0.12, 0.11]), "dice"))],
        metrics={"dice": Metric(dice, "higher", 0.01, 3)},
    )
    evidence.declared, evidence.inputs = Declarations({79: judged}), "abc"
    folder = root / "data" / "evidence" / "ultrasound"
    folder.mkdir(parents=True, exist_ok=True)
    evidence.write(folder, source=source, scale=scale, study="ultrasound")


def kept(root: Path, folder: str = "reports/full", machine: str = "", made=MADE) -> list[str]:
    return keep(Path(folder), machine, root, lambda _: made)


def provenance(root: Path, folder: str = "reports/full") -> dict:
    return json.loads((root / folder / "provenance.json").read_text())


def test_all_of_it_is_kept_with_commit_machine_and_the_last_times(checkout):
    said = kept(checkout, machine="one big GPU")
    folder = checkout / "reports" / "full"
    rows = json.loads((folder / "ledger.json").read_text())
    assert len(rows) == len(claims())
    assert [row["id"] for row in rows if row["kind"]] == [1, 2, 3, 4, 5, 79]
    assert json.loads((folder / "metrics.json").read_text())["ultrasound"]["dice"]["value"] == 0.5
    figures = checkout / "data" / "evidence" / "mixtures" / "figures"
    assert (folder / "figures/mixtures/curve.svg").read_bytes() == (figures / "curve.svg").read_bytes()
    for name in ("params.yaml", "pipelines/mixtures/params.yaml"):
        assert (folder / "params" / name).read_bytes() == (checkout / name).read_bytes()
    found = provenance(checkout)
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=checkout, capture_output=True, text=True).stdout.strip()
    assert (found["commit"], found["changed"], found["left_out"]) == (head, False, {})
    made_at = datetime.fromisoformat(found["committed"])
    assert timedelta(0) <= datetime.now(UTC) - made_at < timedelta(minutes=5)
    assert (found["machine"], found["data"], found["scale"]) == ("one big GPU", ["generated"], ["small"])
    assert found["studies"] == sorted(MADE)
    assert said == [f"reports/full: 3 studies kept that answer claims 1–5, 79; commit {head[:10]}, one big GPU"]


def test_wall_time_is_summed_over_the_stages_that_made_what_is_kept(checkout):
    kept(checkout)
    found = provenance(checkout)
    assert found["stages"] == {
        "evaluate mixtures": {"seconds": 1.25, "peak_mib": 7.0},
        "train ultrasound raw": {"seconds": 2.5, "peak_mib": 11.0},
    }
    assert found["seconds"] == 3.75
    assert found["timed"] == [2, 5]
    assert "2 of 5 noted their time" in (checkout / "reports/full/README.md").read_text()


def test_pictures_that_may_show_other_peoples_data_stay_behind(checkout):
    kept(checkout)
    folder = checkout / "reports" / "full"
    assert sorted(path.name for path in (folder / "figures").rglob("*.*")) == ["curve.svg", "curve.svg"]
    assert "photo.png" not in (folder / "README.md").read_text()
    assert [each["name"] for each in json.loads((folder / "studies.json").read_text())["mixtures"]["figures"]] == [
        "curve"
    ]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda root: shutil.rmtree(root / "data/evidence/ultrasound"), "no evidence yet"),
        (lambda root: trained(root, scale="smoke"), "its evidence has scale smoke, params.yaml says small"),
        (lambda root: trained(root, source="real"), "its evidence has source real, params.yaml says generated"),
    ],
)
def test_a_study_that_is_not_done_is_left_out_and_named(checkout, change, reason):
    change(checkout)
    said = kept(checkout)
    assert said[1:] == [f"left out: ultrasound: {reason}"]
    rows = json.loads((checkout / "reports/full/ledger.json").read_text())
    assert state(rows[78]) == "untested"
    assert state(rows[0]) == "reproduced"
    found = provenance(checkout)
    assert (found["studies"], found["left_out"]) == (["mixtures", "thresholds"], {"ultrasound": reason})
    assert "ultrasound" not in json.loads((checkout / "reports/full/metrics.json").read_text())
    parameters = checkout / "reports/full/params/pipelines"
    assert sorted(path.name for path in parameters.iterdir()) == ["mixtures", "thresholds"]
    readme = (checkout / "reports/full/README.md").read_text().replace("\\", "")
    assert f"ultrasound: {reason}" in readme
    assert "Their claims stand as untested here" in readme


def test_evidence_of_other_code_or_parameters_is_left_out_with_the_stages_that_must_run(checkout):
    names = tuple(f"ultrasound:train@{name}" for name in "abcde")
    said = kept(checkout, made=MADE | {"ultrasound": Made((), changed=names)})
    assert said[1:] == [f"left out: ultrasound: {', '.join(names[:3])} and 2 more must run first"]
    said = kept(checkout, made={name: how for name, how in MADE.items() if name != "thresholds"})
    assert said[1:] == ["left out: thresholds: no stage of the pipeline writes its evidence"]
    said = kept(checkout, made={"mixtures": MADE["mixtures"]})
    assert said[1:] == ["left out: thresholds, ultrasound: no stage of the pipeline writes its evidence"]


def test_what_real_data_were_read_is_said_of_studies_that_read_real_data(checkout):
    kept(checkout)
    assert provenance(checkout)["files"] == {}
    (checkout / "params.yaml").write_text("scale: small\ndata: {source: real}\n")
    trained(checkout, source="real")
    kept(checkout)
    found = provenance(checkout)
    assert found["files"] == {"ultrasound": {"md5": "abc.dir", "files": 152, "bytes": 1000}}
    assert found["data"] == ["generated", "real"]  # a study that trains nothing makes its own, in a real run too


def test_the_report_reads_what_was_kept(checkout):
    (checkout / "params.yaml").write_text("scale: small\ndata: {source: real}\n")
    trained(checkout, source="real")
    kept(checkout, "reports/real")
    (found,) = kept_runs(checkout)
    assert (found.rows[78]["kind"], found.rows[78]["data_source"]) == ("measured", "real")
    assert found.provenance == provenance(checkout, "reports/real")  # whole: nothing was unsaid
    assert found.studies["mixtures"]["figures"][0]["name"] == "curve"
    assert (checkout / found.pictures.format(study="mixtures") / "curve.svg").is_file()


def test_where_no_study_is_done_nothing_is_kept(checkout):
    with pytest.raises(ValueError, match=r"no study is done, nothing is kept \(mixtures: m must run first; "):
        kept(checkout, made={name: Made((), changed=("m",)) for name in MADE})
    shutil.rmtree(checkout / "data" / "evidence")
    with pytest.raises(FileNotFoundError, match="no study has evidence"):
        kept(checkout)
    assert not list((checkout / "reports").iterdir())


def test_keeping_again_replaces_what_was_kept(checkout):
    kept(checkout)
    shutil.rmtree(checkout / "data" / "evidence" / "thresholds")
    trained(checkout, dice=0.75)
    kept(checkout)
    folder = checkout / "reports" / "full"
    assert [path.name for path in (folder / "figures").iterdir()] == ["mixtures"]
    assert json.loads((folder / "metrics.json").read_text())["ultrasound"]["dice"]["value"] == 0.75
    assert "cores" in provenance(checkout)["machine"]


def test_a_folder_that_the_stage_of_the_report_does_not_name_is_told(checkout):
    write_text(checkout / "dvc.yaml", "stages:\n  report:\n    deps:\n      - reports/real\n")
    assert len(kept(checkout, "reports/real")) == 1
    assert kept(checkout)[1:] == [
        "the report reads it too: add reports/full to the deps of the stage report in dvc.yaml, so that it follows it"
    ]


def test_the_same_evidence_is_kept_as_the_same_bytes(checkout):
    def content():
        return {path: path.read_bytes() for path in sorted((checkout / "reports").rglob("*")) if path.is_file()}

    kept(checkout)
    before = content()
    kept(checkout)
    assert content() == before


def test_which_data_at_which_scale_is_no_change_of_the_commit(checkout):
    """`make real` in a clean clone sets both, and locks are written by every run."""
    text = "scale: medium\ndata: {source: real}\n"
    (checkout / "params.yaml").write_text(text)
    (checkout / "pipelines" / "mixtures" / "dvc.lock").write_text("schema: '2.0'\n")
    trained(checkout, source="real", scale="medium")
    kept(checkout)
    assert provenance(checkout)["changed"] is False
    (checkout / "params.yaml").write_text(text.replace("}", ", cifar: {train: 3}}"))
    kept(checkout)
    assert provenance(checkout)["changed"] is True
    assert "with changes of code or parameters" in (checkout / "reports/full/README.md").read_text()


@pytest.mark.parametrize("path", ["src/code.py", "pipelines/mixtures/params.yaml"])
def test_code_or_parameters_that_are_not_the_commits_are_said(checkout, path):
    (checkout / path).write_text("runs: 4\n")
    kept(checkout)
    assert provenance(checkout)["changed"] is True


@pytest.mark.parametrize(
    "folder",
    [
        "elsewhere", "reports", "reports/../data", "/etc/x", "reports/figures/x", "reports/studies", "reports/claims",
        "reports/index.html", "reports/README.md", "reports/ledger.json", "reports/metrics.json/x", "reports/badge.svg",
    ],
)  # fmt: skip
def test_other_folders_are_refused_and_nothing_is_touched(checkout, folder):
    before = {path: path.stat().st_mtime_ns for path in checkout.rglob("*")}
    with pytest.raises(ValueError, match="for example reports/full"):
        kept(checkout, folder)
    assert {path: path.stat().st_mtime_ns for path in checkout.rglob("*")} == before


def test_what_fails_half_way_leaves_what_was_kept_before(checkout, monkeypatch):
    kept(checkout, machine="first")
    before = {path: path.read_bytes() for path in (checkout / "reports").rglob("*") if path.is_file()}

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("reprise.archive.write_json", full)
    for folder in ("reports/full", "reports/other"):
        with pytest.raises(OSError, match="No space"):
            kept(checkout, folder, "second")
    assert {path: path.read_bytes() for path in (checkout / "reports").rglob("*") if path.is_file()} == before
    assert not (checkout / "reports" / "other").exists()


def test_what_a_killed_call_had_moved_away_is_put_back_by_the_next_whatever_comes_of_it(checkout):
    kept(checkout, machine="first")
    reports = checkout / "reports"
    command = [sys.executable, "-c", KILLED, reports / "full"]
    assert subprocess.run(command).returncode == -signal.SIGKILL
    assert not (reports / "full").exists()
    shutil.move(checkout / "data" / "evidence", checkout / "elsewhere")
    with pytest.raises(FileNotFoundError, match="no study has evidence"):
        kept(checkout)
    assert [path.name for path in reports.iterdir()] == ["full"]
    assert provenance(checkout)["machine"] == "first"


def test_what_a_living_call_makes_is_left_alone(tmp_path):
    (tmp_path / "full").mkdir()
    with replacing_folder(tmp_path / "full") as made:
        restore(tmp_path)
        (made / "a").touch()
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")] == ["full", "full/a"]
    (tmp_path / f"{PREFIX}notes").mkdir()  # another's, by its name
    restore(tmp_path)
    assert (tmp_path / f"{PREFIX}notes").is_dir()


def test_a_folder_with_other_files_is_not_replaced(checkout):
    (checkout / "reports" / "notes").mkdir()
    (checkout / "reports" / "notes" / "mine.txt").touch()
    with pytest.raises(ValueError, match=r"holds mine\.txt"):
        kept(checkout, "reports/notes")


@pytest.mark.parametrize("text", ["[", "{}", '{"findings": []}', "\xff"])
def test_evidence_that_is_none_is_named(checkout, text):
    (checkout / "data/evidence/thresholds/evidence.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(ValueError, match=r"thresholds/evidence\.json: n"):
        kept(checkout)
    assert not (checkout / "reports" / "full").exists()


def test_how_evidence_was_made_follows_the_pipeline_and_its_locks(tmp_path):
    data, study = "pipelines/data/dvc.yaml", "pipelines/ultrasound/dvc.yaml"
    stages = [
        Stage("a", data, "prepare_ultrasound", "python -m reprise.stages.prepare ultrasound", changed=False),
        Stage("b", study, "train@raw", "python -m reprise.stages.train ultrasound raw", ("a",)),
        Stage("c", study, "evaluate", "python -m reprise.stages.evaluate ultrasound", ("a", "b"),
              ("data/evidence/ultrasound",)),
        Stage("d", "pipelines/fcn/dvc.yaml", "evaluate", "python -m reprise.stages.evaluate fcn", (),
              ("data/evidence/fcn",), changed=False),
        Stage("e", "dvc.yaml", "ledger", "python -m reprise.stages.ledger", ("c", "d"), ("reports/ledger.json",)),
    ]  # fmt: skip
    lock = (
        "stages:\n  prepare_ultrasound:\n    deps:\n    - {path: data/raw/ultrasound, md5: x.dir, nfiles: 3, size: 9}\n"
    )
    write_text(tmp_path / "pipelines" / "data" / "dvc.lock", lock + "    - {path: src/x.py, md5: y, size: 1}\n")
    found = of_studies(stages, tmp_path)
    assert found == {
        "ultrasound": Made(
            ("prepare ultrasound", "train ultrasound raw", "evaluate ultrasound"),
            ("ultrasound:train@raw", "ultrasound:evaluate"),
            (("ultrasound", {"md5": "x.dir", "files": 3, "bytes": 9}),),
        ),
        "fcn": Made(("evaluate fcn",)),
    }
    assert found["ultrasound"].behind == "ultrasound:train@raw, ultrasound:evaluate must run first"
    assert found["fcn"].behind == ""


def test_invented_declarations_are_those_that_are_kept(checkout):
    kept(checkout)
    rows = json.loads((checkout / "reports/full/ledger.json").read_text())
    assert rows[0]["declared"] == DECLARED["mixtures"][1].digest


@pytest.mark.parametrize("folder", ["reports/a\x1b[31m", "reports/a\nb"])
def test_a_name_that_no_terminal_should_see_is_refused(checkout, folder):
    for arguments in ((Path(folder), ""), (Path("reports/full"), "a machine\nof two lines")):
        with pytest.raises(ValueError, match="one line of printable letters") as caught:
            keep(*arguments, checkout)
        assert str(caught.value).isprintable()
    assert not list((checkout / "reports").glob("a*"))


def test_a_file_is_no_folder_to_keep_a_run_in(checkout):
    (checkout / "reports").mkdir(exist_ok=True)
    (checkout / "reports" / "full").write_text("mine")
    with pytest.raises(ValueError, match="reports/full: is a file"):
        keep(Path("reports/full"), "", checkout)
    assert (checkout / "reports" / "full").read_text() == "mine"

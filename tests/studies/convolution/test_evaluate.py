"""The convolution study, run small: verdicts as the arithmetic says, the same bytes every time, settings refused."""

from __future__ import annotations

import pytest

from reprise.claims.evidence import judge, read_evidence
from reprise.config import ConfigError
from reprise.files import write_text
from reprise.workspace import Workspace

STUDY = "convolution"
PARAMS = "{grid: {size: 9, kernel: 5, stride: 3, padding: 2}, cases: 12, edges: 60, rounds: 2}"


@pytest.fixture(scope="module")
def found(evidence, folder):
    """What the study wrote."""
    return read_evidence(folder / "data/evidence/convolution")


def test_verdicts(found):
    findings = found["findings"]
    verdicts = {
        claim: judge([(f["kind"], f["verdict"]) for f in findings if f["claim"] == claim]) for claim in range(106, 114)
    }
    named = {112, 113}
    expected = dict.fromkeys(range(106, 114), "reproduced") | {109: "contradicted"}
    few = [f for f in findings if "planned are" in f["undecided"]]  # edges, fewer than were planned
    assert {f["claim"] for f in few} == {110}
    assert few[-1]["effect"]["high"] < few[-1]["expect"]["low"]
    expected[110] = "inconclusive"
    assert verdicts == expected | dict.fromkeys(named, "untested")
    assert {(f["claim"], f["defect"], f["verdict"]) for f in findings if f["kind"] == "slip"} == {
        (107, 16, "contradicted"),
        (109, 19, "contradicted"),
    }
    assert all(f["verdict"] == "reproduced" for f in findings if f["kind"] == "oracle")


def test_what_reads_no_data_is_never_called_real(tmp_path):
    write_text(tmp_path / "params.yaml", "scale: small\ndata: {source: real}\n")
    workspace = Workspace(STUDY, tmp_path)
    assert workspace.params.data.source == "real"
    assert workspace.source == "generated"


def test_the_written_formula_is_right_for_stride_one_alone(found):
    (table,) = found["tables"]
    shares = {row[0]: float(row[2].rstrip(" %")) for row in table["rows"]}
    assert shares[1] == 100
    assert all(share < 60 for stride, share in shares.items() if stride > 1)
    assert all(row[4] == "100.0 %" for row in table["rows"])


def test_findings_name_figures_that_exist(evidence):
    drawn = {figure.name for figure in evidence.figures}
    assert {name for finding in evidence.findings for name in finding.figures} == drawn


def test_a_second_run_writes_the_same_bytes(evidence, run, folder, tmp_path):
    run(tmp_path)
    first, second = (sorted((root / "data/evidence/convolution").rglob("*.*")) for root in (folder, tmp_path))
    assert len(first) == 6
    assert [path.name for path in first] == [path.name for path in second]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


@pytest.mark.parametrize(("old", "new"), [("edges: 60", "edges: 1"), ("stride: 3", "stride: 1"), ("rounds", "round")])
def test_bad_settings_are_refused_by_name(tmp_path, old, new):
    write_text(tmp_path / "params.yaml", "scale: small\ndata: {source: generated}\n")
    write_text(tmp_path / "pipelines/convolution/params.yaml", f"{PARAMS.replace(old, new)}\n")
    with pytest.raises(ConfigError, match=f"convolution.*{new.split(':')[0]}"):
        _ = Workspace(STUDY, tmp_path).config

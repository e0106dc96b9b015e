"""The convolution study: verdicts as the arithmetic says, the same bytes every time, bad settings refused."""

from __future__ import annotations

import pytest

from reprise.claims.evidence import read_evidence
from reprise.claims.ledger import judge
from reprise.config import ConfigError
from reprise.stages.evaluate import evaluate
from reprise.workspace import Workspace

SECTION = "convolution:\n  grid: {size: 9, kernel: 5, stride: 3, padding: 2}\n  cases: 12\n  edges: 60\n  rounds: 2\n"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    root = tmp_path_factory.mktemp("study")
    (root / "params.yaml").write_text(f"scale: small\ndata: {{source: real}}\n{SECTION}", encoding="utf-8")
    workspace = Workspace("convolution", root)
    evaluate(workspace)
    return workspace


def test_verdicts(workspace):
    findings = read_evidence(workspace.evidence)["findings"]
    verdicts = {claim: judge([f for f in findings if f["claim"] == claim])[0] for claim in range(106, 114)}
    wrong = {107, 109}
    assert verdicts == {claim: "contradicted" if claim in wrong else "reproduced" for claim in range(106, 114)}
    assert {f["defect"] for f in findings if f["defect"]} == {16, 19}
    assert all(f["verdict"] == "reproduced" for f in findings if f["kind"] == "oracle")


def test_what_reads_no_data_is_never_called_real(workspace):
    assert workspace.params.data.source == "real"
    assert read_evidence(workspace.evidence)["provenance"]["source"] == "generated"


def test_the_written_formula_is_right_for_stride_one_alone(workspace):
    (table,) = read_evidence(workspace.evidence)["tables"]
    shares = {row[0]: float(row[2].rstrip(" %")) for row in table["rows"]}
    assert shares[1] == 100
    assert all(share < 60 for stride, share in shares.items() if stride > 1)
    assert all(row[4] == "100.0 %" for row in table["rows"])


def test_same_bytes_again(workspace):
    files = sorted(path for path in workspace.evidence.rglob("*") if path.is_file())
    before = [path.read_bytes() for path in files]
    evaluate(workspace)
    assert [path.read_bytes() for path in files] == before
    assert len(files) == 6


@pytest.mark.parametrize(("old", "new"), [("edges: 60", "edges: 1"), ("stride: 3", "stride: 1"), ("rounds", "round")])
def test_bad_settings_are_refused_by_name(tmp_path, old, new):
    text = f"scale: small\n{SECTION.replace(old, new)}"
    (tmp_path / "params.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=f"convolution.*{new.split(':')[0]}"):
        _ = Workspace("convolution", tmp_path).config

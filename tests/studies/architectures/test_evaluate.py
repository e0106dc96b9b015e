"""The study of architectures: exact counts decide, and what needs large data sets stays untested."""

from __future__ import annotations

import pytest

from reprise.claims.evidence import read_evidence
from reprise.claims.ledger import judge
from reprise.config import ConfigError
from reprise.stages.evaluate import evaluate
from reprise.workspace import Workspace

SECTION = """architectures:
  images: 2
  pattern: {seeds: 2, test_images: 400, epochs: 2, batch_size: 64, learning_rate: 0.003}
"""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    root = tmp_path_factory.mktemp("study")
    (root / "params.yaml").write_text(f"scale: small\n{SECTION}", encoding="utf-8")
    workspace = Workspace("architectures", root)
    evaluate(workspace)
    return workspace


def test_verdicts(workspace):
    findings = read_evidence(workspace.evidence)["findings"]
    verdicts = {claim: judge([f for f in findings if f["claim"] == claim])[0] for claim in range(114, 121)}
    untested = {114, 120}  # MNIST and CIFAR-10: nothing here may pass for them
    assert verdicts == {claim: "untested" if claim in untested else "reproduced" for claim in range(114, 121)}
    notes = [f["note"] for f in findings if f["claim"] in untested]
    assert all("not tested here" in note for note in notes)


def test_every_network_stands_in_the_table_with_its_published_size(workspace):
    (table,) = read_evidence(workspace.evidence)["tables"]
    assert len(table["rows"]) == 11
    assert {row[4] for row in table["rows"]} == {"yes"}


def test_the_small_network_learns(workspace):
    findings = read_evidence(workspace.evidence)["findings"]
    accuracy = next(f["effect"] for f in findings if f["claim"] == 114)
    assert accuracy["value"] > 80  # chance is 10
    assert accuracy["low"] < accuracy["value"] < accuracy["high"]


def test_same_bytes_again(workspace):
    files = sorted(path for path in workspace.evidence.rglob("*") if path.is_file())
    before = [path.read_bytes() for path in files]
    evaluate(workspace)
    assert [path.read_bytes() for path in files] == before


def test_bad_settings_are_refused_by_name(tmp_path):
    text = f"scale: small\n{SECTION.replace('test_images: 400', 'test_images: 4000')}"
    (tmp_path / "params.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"architectures\.pattern\.test_images"):
        _ = Workspace("architectures", tmp_path).config

"""The study of architectures: exact counts decide; what the source only names is built, and has no verdict."""

from __future__ import annotations

import pytest

from reprise.claims.evidence import judge, read_evidence
from reprise.config import ConfigError
from reprise.files import write_text
from reprise.workspace import Workspace

STUDY = "architectures"
PARAMS = "{images: 2, pattern: {seeds: 2, test_images: 400, epochs: 2, batch_size: 64, learning_rate: 0.003}}"


@pytest.fixture(scope="module")
def findings(evidence, folder):
    """As they were written."""
    return read_evidence(Workspace(STUDY, folder).evidence)["findings"]


def test_verdicts(findings):
    verdicts = {
        claim: judge([(f["kind"], f["verdict"]) for f in findings if f["claim"] == claim]) for claim in range(114, 121)
    }
    assert verdicts == dict.fromkeys((114, 119, 120), "untested") | dict.fromkeys((115, 116, 117, 118), "reproduced")
    notes = [(f["claim"], f["note"]) for f in findings if f["claim"] in (114, 120) and f["kind"] == "context"]
    assert len(notes) == 3
    said = {114: "not MNIST", 120: "CIFAR-10 is not tested here"}
    assert all(said[claim] in note for claim, note in notes)  # small digits may not pass for these


def test_every_size_is_that_of_an_independent_source(evidence):
    oracles = [finding for finding in evidence.findings if finding.kind == "oracle"]
    assert {finding.claim for finding in oracles} == {114, 115, 116, 117, 118, 119, 120}
    assert len(oracles) == 1 + 11 + 1 + 1
    assert {finding.verdict for finding in oracles} == {"reproduced"}


def test_every_network_stands_in_the_table_with_its_published_size(evidence):
    (table,) = evidence.tables
    assert len(table.rows) == 11
    assert {row[4] for row in table.rows} == {"yes"}


def test_the_small_network_learns(evidence):
    accuracy = next(finding.effect for finding in evidence.findings if finding.claim == 120)
    assert accuracy.value > 80  # chance is 10
    assert accuracy.low < accuracy.value < accuracy.high


def test_a_second_run_writes_the_same_bytes(evidence, run, folder, tmp_path):
    run(tmp_path)
    first, second = (sorted((root / "data/evidence/architectures").rglob("*.*")) for root in (folder, tmp_path))
    assert [path.name for path in first] == [path.name for path in second]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_bad_settings_are_refused_by_name(tmp_path):
    write_text(tmp_path / "params.yaml", "scale: small\n")
    params = PARAMS.replace("test_images: 400", "test_images: 4000")
    write_text(tmp_path / "pipelines/architectures/params.yaml", params)
    with pytest.raises(ConfigError, match=r"architectures/params\.yaml: pattern\.test_images"):
        _ = Workspace("architectures", tmp_path).config

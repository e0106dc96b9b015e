"""Claim 3: what is said of Otsu's method holds, the script's slip stands beside it; a second run writes the same."""

from __future__ import annotations

from reprise.claims.evidence import decide

STUDY = "thresholds"
PARAMS = "{random_images: 25}"


def test_what_is_said_holds_and_the_scripts_slip_stands_beside_it(evidence):
    verdicts = {(f.kind, f.variant): f.verdict for f in evidence.findings if f.kind != "context"}
    assert verdicts == {
        ("primary", "text"): "reproduced",
        ("oracle", ""): "reproduced",
        ("slip", "code"): "contradicted",
    }
    assert decide(evidence.findings) == "reproduced"
    assert {finding.claim for finding in evidence.findings} == {3}


def test_every_photograph_is_off(evidence):
    (table,) = evidence.tables
    assert len(table.rows) > 5
    assert all(ours == theirs < source for _, ours, theirs, source, *_ in table.rows)


def test_findings_name_figures_that_exist(evidence):
    drawn = {figure.name for figure in evidence.figures}
    assert {name for finding in evidence.findings for name in finding.figures} == drawn


def test_a_second_run_writes_the_same_bytes(evidence, run, folder, tmp_path):
    run(tmp_path)
    first, second = (sorted((root / "data/evidence/thresholds").rglob("*.*")) for root in (folder, tmp_path))
    assert [path.name for path in first] == [path.name for path in second]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]

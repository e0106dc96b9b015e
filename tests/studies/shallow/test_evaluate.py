"""The study ``shallow``, run small: which claims it answers, that its oracles hold, that it repeats itself."""

from __future__ import annotations

from tests.studies.made_up import verdicts

from reprise.evaluation import evaluate_study
from reprise.files import write_text
from reprise.workspace import Workspace

STUDY = "shallow"
PARAMS = "{seeds: 10, points: 150, hidden: 8, widths: [1, 4]}"


def test_it_answers_its_claims(evidence):
    assert {finding.claim for finding in evidence.findings if finding.kind != "context"} == {141}


def test_our_code_agrees_with_every_oracle(evidence):
    oracles = [finding for finding in evidence.findings if finding.kind == "oracle"]
    assert oracles
    assert [finding.measures for finding in oracles if finding.verdict != "reproduced"] == []


def test_a_hidden_layer_does_better_than_any_line_on_three_sets_and_no_better_on_the_fourth(evidence):
    assert verdicts(evidence, 141) == ["reproduced"] * 3
    assert verdicts(evidence, 141, "secondary") == ["reproduced"] * 2  # two clouds, and the sine


def test_other_numbers_of_seeds_than_the_planned_one_decide_nothing(tmp_path):
    write_text(tmp_path / "params.yaml", "scale: smoke\ndata: {source: generated}\n")
    write_text(tmp_path / "pipelines/shallow/params.yaml", PARAMS.replace("seeds: 10", "seeds: 3"))
    found = [f for f in evaluate_study(Workspace(STUDY, tmp_path)).findings if f.kind == "primary"]
    assert {finding.undecided for finding in found} == {"3 seeds, planned are 10"}
    assert {finding.verdict for finding in found} == {"inconclusive"}


def test_findings_name_figures_that_exist(evidence):
    drawn = {figure.name for figure in evidence.figures}
    assert {name for finding in evidence.findings for name in finding.figures} <= drawn


def test_a_second_run_writes_the_same_bytes(evidence, run, folder, tmp_path):
    run(tmp_path)
    first, second = (sorted((root / "data/evidence/shallow").rglob("*.*")) for root in (folder, tmp_path))
    assert [path.name for path in first] == [path.name for path in second]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]

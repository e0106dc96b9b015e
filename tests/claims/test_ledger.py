"""The ledger: a row a claim whatever there is, one verdict a claim by fixed rules, clear errors for what is missing."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

from reprise.claims.catalogue import claims
from reprise.claims.declarations import Declaration, Declarations
from reprise.claims.evidence import Evidence, Finding, Metric, above, primary
from reprise.claims.ledger import LEDGER, METRICS, VALUES, build_rows, decided_on, read_studies, state, write_ledger
from reprise.evaluation import declarations
from reprise.files import write_text
from reprise.registry import import_part, known_studies
from reprise.statistics import Effect, exact, proportion, seeds_effect


def declared(claim: int, band: str, **more) -> Declaration:
    return Declaration(claim=claim, says="it is so", place="S1", measures=f"M{claim}", band=band, because="so", **more)


DECLARED = {
    "mixtures": {
        1: declared(1, "> 0", basis="anything", because_anything="synthetic", smallest=0.1, undecidable="none",
                    planned={"seeds": 3, "spread": 0.01}),
        2: declared(2, "0 to 0.01"),
        5: declared(5, "> 0", basis="data", smallest=0.1, undecidable="none", planned={"seeds": 8, "spread": 1}),
    },
    "thresholds": {
        3: declared(3, "> 0"),
        2: declared(2, "> 0"),
        4: Declaration(claim=4, built={"names": "S1 lists it", "oracle": "scikit-image"}),
    },
}  # fmt: skip


def workspace(root):
    """Two studies that exist, with invented findings: claims 1, 2 and 5 by the one, 2, 3 and 4 by the other."""
    for name in ("mixtures", "thresholds"):
        write_text(root / "pipelines" / name / "params.yaml", "")
    one, other = DECLARED["mixtures"], DECLARED["thresholds"]
    gains = seeds_effect(np.array([0.1, 0.12, 0.11]), "nats")
    mixtures = [
        primary(one[1], gains),
        Finding(1, "Beside it", exact(-1), above(0), "secondary"),
        primary(one[2], proportion(3, 10), variant="code", defect=5),
        primary(one[5], gains),
    ]
    thresholds = [
        primary(other[3], Effect(float("nan"), float("nan"), float("nan"), 4)),
        primary(other[2], exact(0.5)),
        Finding(4, "Agrees with another", exact(0), above(-1), "oracle", oracle="scikit-image"),
    ]
    metrics = {"gain": Metric(0.11, "higher", 0.01, 3)}
    studies = {
        "mixtures": Evidence("generated: 5 points", mixtures, metrics, title="Mixtures"),
        "thresholds": Evidence("photographs that scikit-image ships", thresholds, title="Thresholds"),
    }
    for name, study in studies.items():
        study.declared, study.inputs = Declarations(DECLARED[name]), "abc"
        study.check()
        study.write(root / "data" / "evidence" / name, source="generated", scale="small", study=name)
    return root


def test_where_our_code_disagrees_with_another_the_row_says_so(tmp_path):
    workspace(tmp_path)
    path = tmp_path / "data" / "evidence" / "mixtures" / "evidence.json"
    evidence = json.loads(path.read_text())
    evidence["findings"][1] |= {"kind": "oracle", "verdict": "contradicted", "oracle": "scikit-learn"}
    path.write_text(json.dumps(evidence))
    row = write_ledger(tmp_path)[0]
    assert (row["verdict"], row["effect"]) == ("inconclusive", -1)
    assert row["note"] == "our implementation disagrees with scikit-learn"


def test_every_claim_has_a_row_even_without_any_study():
    rows = build_rows({})
    assert [row["id"] for row in rows] == [claim.id for claim in claims()]
    assert {row["verdict"] for row in rows} == {"untested"}
    assert all(row["effect"] is None and row["interval"] is None and row["findings"] == [] for row in rows)


def test_ledger_joins_studies_that_answer_the_same_claim(tmp_path):
    rows = write_ledger(workspace(tmp_path))
    assert json.loads((tmp_path / LEDGER).read_text()) == json.loads(json.dumps(rows))
    first, second, third, fourth, fifth = rows[:5]
    assert (first["verdict"], first["study"], first["unit"], first["seeds"]) == ("reproduced", "mixtures", "nats", 3)
    assert first["expected"] == "> 0"
    assert second["verdict"] == "contradicted"  # one study contradicts, the other reproduces
    assert second["study"] == "mixtures, thresholds"
    assert "photographs" in second["data"]
    assert second["data"].startswith("generated: 5 points")
    assert (second["variant"], second["defects"]) == ("code", [5])
    assert (third["verdict"], third["effect"]) == ("inconclusive", None)
    assert (fourth["verdict"], fourth["kind"], fourth["study"]) == (None, "built", "thresholds")
    assert (fifth["verdict"], fifth["kind"], fifth["stand_in"]) == (None, "stand-in", "reproduced")
    assert [state(row) for row in rows[:6]] == [
        "reproduced", "contradicted", "inconclusive", "built", "stand-in", "untested",
    ]  # fmt: skip
    assert {row["verdict"] for row in rows[5:]} == {"untested"}


def test_a_row_says_what_was_planned_its_power_and_the_declarations_digest(tmp_path):
    rows = write_ledger(workspace(tmp_path))
    one, five = DECLARED["mixtures"][1], DECLARED["mixtures"][5]
    assert [(row["kind"], row["planned"], row["power"], row["declared"]) for row in (rows[0], rows[2], rows[4])] == [
        ("measured", 3, one.power, one.digest),
        ("arithmetic", None, None, DECLARED["thresholds"][3].digest),
        ("stand-in", 8, five.power, five.digest),
    ]
    assert (rows[3]["planned"], rows[3]["power"], rows[9]["kind"], rows[9]["declared"]) == (None, None, None, None)
    assert 0 < five.power < one.power <= 1


NO_DATA = {
    29,
    18,
    19,
    20,
    21,
    22,
    42,
    44,
    80,
    152,
    167,
    168,
    170,
    *range(175, 179),
    180,
    *range(183, 188),
    190,
    191,
}  # identities
ON_REAL = {82, 162, 166, 169, 171, 179, 181, 188, 189, 192, 193, 194}  # trained on the study's data, or asked


def test_no_claim_is_called_real_that_real_data_do_not_decide():
    """Of studies that read data, run on real ones; who declares one that is drawn for itself checks it and names it."""
    found = {}
    for name in known_studies():
        if getattr(import_part(name, "settings"), "DATA", ()):
            for claim, each in declarations(name).items():
                said = each.model_dump(mode="json") | {"kind": each.kind("real")}
                found[claim] = decided_on(said, "real")
    assert {claim for claim, source in found.items() if source == "generated"} == set()
    assert {found[claim] for claim in NO_DATA} == {"any"}
    assert {found[claim] for claim in ON_REAL} == {"real"}
    assert decided_on(None, "real") == "real"


def test_claims_about_real_data_of_the_study_itself_were_decided_on_real_data():
    own = declarations("puzzles")[92].model_dump(mode="json") | {"kind": "measured"}
    assert decided_on(own, "generated") == "real"


def test_a_row_says_what_decided_its_claim_beside_what_its_study_ran_on(tmp_path):
    rows = build_rows(read_studies(workspace(tmp_path)))
    shown = {row["id"]: (row["data_source"], row["ran_on"]) for row in rows[:6]}
    assert shown[1] == ("generated", "generated")
    assert shown[3] == ("any", "generated")
    assert shown[4] == ("generated", "generated")  # built: what its study shows of it
    assert shown[6] == ("", "")


def test_metrics_carry_direction_spread_data_and_scale(tmp_path):
    write_ledger(workspace(tmp_path))
    common = {"source": "generated", "scale": "small"}
    assert json.loads((tmp_path / METRICS).read_text()) == {
        "mixtures": {"gain": {"value": 0.11, "spread": 0.01, "n": 3, "better": "higher"} | common}
    }


def test_each_value_is_a_file_of_its_own_and_none_is_left_of_a_metric_that_is_gone(tmp_path):
    write_ledger(workspace(tmp_path))
    (tmp_path / VALUES / "mixtures" / "gone.json").write_text("{}")
    write_ledger(tmp_path)
    files = {path.relative_to(tmp_path / VALUES).as_posix(): path for path in (tmp_path / VALUES).rglob("*.*")}
    assert {name: json.loads(path.read_text()) for name, path in files.items()} == {
        "mixtures/gain.json": {"value": 0.11}
    }


def test_the_same_evidence_gives_the_same_bytes(tmp_path):
    write_ledger(workspace(tmp_path))
    before = [(tmp_path / path).read_bytes() for path in (LEDGER, METRICS)]
    write_ledger(tmp_path)
    assert [(tmp_path / path).read_bytes() for path in (LEDGER, METRICS)] == before


def test_a_missing_study_is_named_with_the_stage_to_run(tmp_path):
    workspace(tmp_path)
    shutil.rmtree(tmp_path / "data" / "evidence" / "thresholds")
    with pytest.raises(FileNotFoundError, match=r"thresholds.*python -m reprise\.stages\.evaluate thresholds"):
        write_ledger(tmp_path)
    assert not (tmp_path / LEDGER).exists()


def test_a_stray_folder_is_passed_over_with_a_warning(tmp_path, capsys):
    workspace(tmp_path)
    shutil.copytree(tmp_path / "data" / "evidence" / "mixtures", tmp_path / "data" / "evidence" / "renamed")
    assert list(read_studies(tmp_path)) == ["mixtures", "thresholds"]
    assert "renamed; ignored" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("break_it", "message"),
    [
        (lambda e: e["findings"][0].update(claim=10_000), "finding 1: claim 10000"),
        (lambda e: e["findings"][1].update(verdict="maybe"), "finding 2: verdict 'maybe'"),
        (lambda e: e["findings"][0].pop("effect"), "finding 1: effect missing"),
        (lambda e: e.pop("metrics"), "metrics missing"),
    ],
)
def test_broken_evidence_is_refused_by_file_and_place(tmp_path, break_it, message):
    path = workspace(tmp_path) / "data" / "evidence" / "mixtures" / "evidence.json"
    evidence = json.loads(path.read_text())
    break_it(evidence)
    path.write_text(json.dumps(evidence))
    with pytest.raises(ValueError, match=r"mixtures/evidence\.json") as caught:
        write_ledger(tmp_path)
    assert message in str(caught.value)


def test_truncated_evidence_is_refused_by_name(tmp_path):
    path = workspace(tmp_path) / "data" / "evidence" / "mixtures" / "evidence.json"
    path.write_text(path.read_text()[:100])
    with pytest.raises(ValueError, match=r"mixtures/evidence\.json: not valid JSON"):
        write_ledger(tmp_path)


def test_ledger_report_and_gate_import_nothing_that_trains():
    code = (
        "import sys, reprise.stages.ledger, reprise.stages.report, reprise.gate, reprise.report.terminal;"
        "print([m for m in ('torch', 'mlflow', 'lightning', 'pytorch_lightning') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


@pytest.mark.parametrize("key", ["value", "spread", "n", "better"])
def test_a_metric_without_one_of_its_numbers_is_named(tmp_path, key):
    path = workspace(tmp_path) / "data" / "evidence" / "mixtures" / "evidence.json"
    evidence = json.loads(path.read_text())
    del evidence["metrics"]["gain"][key]
    path.write_text(json.dumps(evidence))
    with pytest.raises(ValueError, match=rf"evidence\.json: metric gain: {key} missing; evaluate the study again"):
        write_ledger(tmp_path)


def test_evidence_that_is_no_text_is_named(tmp_path):
    path = workspace(tmp_path) / "data" / "evidence" / "mixtures" / "evidence.json"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ValueError, match=r"mixtures/evidence\.json: not valid JSON .*make it again"):
        write_ledger(tmp_path)

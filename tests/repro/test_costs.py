"""What a stage will take: noted, stated, or usual for its kind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reprise.repro.costs import DEFAULTS, OTHER, costs, kept_timings, stated_seconds, timing_name
from reprise.repro.graph import Stage

ROOT = Path(__file__).parents[2]
TIMINGS = Path("data/timings.csv")
TRAIN = "python -m reprise.stages.train rotation base"


def cost(root: Path, command: str = TRAIN, meta: object = None, name: str = "train@base") -> float:
    return costs([Stage("a", name=name, command=command, meta=meta)], root, TIMINGS)["a"]


def keep(root: Path, seconds: object, scale: str = "small", source: str = "generated") -> None:
    folder = root / "reports" / "kept"
    (folder / "params").mkdir(parents=True)
    (folder / "params" / "params.yaml").write_text(f"scale: {scale}\ndata:\n  source: {source}\n")
    (folder / "provenance.json").write_text(json.dumps({"stages": {"train rotation base": {"seconds": seconds}}}))


def test_a_noted_time_comes_before_a_kept_one_before_a_stated_one_before_the_usual(tmp_path):
    (tmp_path / "params.yaml").write_text("scale: small\ndata:\n  source: generated\n")
    assert cost(tmp_path) == DEFAULTS["train"]
    assert cost(tmp_path, "make tea") == OTHER
    assert cost(tmp_path, meta={"seconds": 7}) == 7
    keep(tmp_path, 8.5)
    assert cost(tmp_path, meta={"seconds": 7}) == 8.5
    (tmp_path / "data").mkdir()
    (tmp_path / TIMINGS).write_text("stage,seconds,peak_mib\ntrain rotation base,1,1\ntrain rotation base,9.25,1\n")
    assert cost(tmp_path, meta={"seconds": 7}) == 9.25
    assert cost(tmp_path, TRAIN + "_2") == DEFAULTS["train"]


@pytest.mark.parametrize(("scale", "source"), [("full", "generated"), ("small", "real")])
def test_times_of_another_scale_or_of_other_data_say_nothing(tmp_path, scale, source):
    (tmp_path / "params.yaml").write_text("scale: small\ndata:\n  source: generated\n")
    keep(tmp_path, 8.5, scale, source)
    assert kept_timings(tmp_path) == {}


def test_the_repository_s_own_kept_reports_tell_what_their_stages_took(tmp_path):
    (tmp_path / "reports").symlink_to(ROOT / "reports")
    (tmp_path / "params.yaml").write_text("scale: medium\ndata:\n  source: real\n")
    assert kept_timings(tmp_path)["evaluate thresholds"]["seconds"] > 0


@pytest.mark.parametrize("text", ["", "[]", "{", '{"stages": [1]}', '{"stages": {"a": {"seconds": "x"}}}', "\xff"])
def test_a_damaged_kept_report_costs_nothing_but_its_times(tmp_path, text):
    (tmp_path / "params.yaml").write_text("scale: small\ndata:\n  source: generated\n")
    keep(tmp_path, 8.5)
    (tmp_path / "reports" / "kept" / "provenance.json").write_bytes(text.encode("latin-1"))
    assert cost(tmp_path) == DEFAULTS["train"]


@pytest.mark.parametrize("meta", [None, "words", ["seconds"], {}, {"owner": "me"}, {"seconds": {"other": 3}}])
def test_nothing_stated_is_no_error(meta):
    assert stated_seconds(Stage("a", name="train@base", meta=meta)) is None


def test_a_matrix_states_one_number_for_all_cells_or_one_for_each():
    assert stated_seconds(Stage("a", name="train@base", meta={"seconds": 4.5})) == 4.5
    assert stated_seconds(Stage("a", name="train@base", meta={"seconds": {"base": 3, "more": 9}})) == 3
    assert stated_seconds(Stage("a", name="train@2", meta={"seconds": {2: 9}})) == 9  # YAML reads 2 as a number


@pytest.mark.parametrize("value", ["soon", -1, float("nan"), float("inf"), True, [3], {"base": "soon"}, {"base": {}}])
def test_a_stated_time_that_is_none_is_refused_by_name(value):
    with pytest.raises(ValueError, match=r"p/dvc\.yaml: stage train@base: meta\.seconds: found .*expected a number"):
        stated_seconds(Stage("a", "p/dvc.yaml", "train@base", meta={"seconds": value}))


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (TRAIN, "train rotation base"),
        ("python -m reprise.stages.ledger", "ledger"),
        ("OMP_NUM_THREADS=1 python -W ignore -m reprise.stages.evaluate losses", "evaluate losses"),
        ("mkdir x\npython -m reprise.stages.prepare cifar", "prepare cifar"),
        ("python train.py reprise.stages.train", ""),
        ("echo 'open", ""),
        ("", ""),
    ],
)
def test_a_command_has_the_name_under_which_its_stage_notes_its_time(command, name):
    assert timing_name(command) == name

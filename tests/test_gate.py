"""The gate: a planted regression fails, noise passes, and a check of nothing never passes."""

from __future__ import annotations

import json
import math
import subprocess

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from reprise.gate import compare, flatten, gate, tolerance


def metric(value, better="higher", spread=0.01, n=3, **more):
    return {"value": value, "better": better, "spread": spread, "n": n} | more


def git(root, *arguments):
    identity = ["-c", "user.name=Nobody", "-c", "user.email=nobody@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, *arguments], cwd=root, check=True, capture_output=True)


def write(root, metrics):
    (root / "reports").mkdir(exist_ok=True)
    (root / "reports" / "metrics.json").write_text(json.dumps(metrics))


@pytest.fixture
def repository(tmp_path):
    """A repository whose only commit holds two metrics."""
    git(tmp_path, "init", "-q", "-b", "main")
    write(tmp_path, {"ultrasound": {"dice": metric(0.60), "parity": metric(3e-16, "lower", 0.0, 1)}})
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "first")
    return tmp_path


def run(root, capsys, against=None):
    code = gate(against, root)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_unchanged_metrics_pass(repository, capsys):
    code, out, err = run(repository, capsys)
    assert (code, err) == (0, "gate: passed: 2 metrics are within their spreads of HEAD, or better\n")
    assert out.startswith("| metric | HEAD | now | change | tolerance | verdict |")
    assert out.count("| same |") == 2


def test_a_planted_regression_fails_by_name(repository, capsys):
    write(repository, {"ultrasound": {"dice": metric(0.55), "parity": metric(3e-16, "lower", 0.0, 1)}})
    code, out, err = run(repository, capsys)
    assert code == 1
    assert "| ultrasound.dice | 0.6 | 0.55 | -0.05 |" in out.splitlines()[2]  # failures first
    assert "**regression**" in out
    assert "gate: 1 failed: ultrasound.dice" in err


def test_noise_within_the_tolerance_passes(repository, capsys):
    write(repository, {"ultrasound": {"dice": metric(0.59), "parity": metric(4e-16, "lower", 0.0, 1)}})
    assert run(repository, capsys)[0] == 0


def test_a_missing_metric_fails_and_a_new_one_is_listed(repository, capsys):
    write(repository, {"ultrasound": {"dice": metric(0.6)}, "rotation": {"accuracy": metric(0.8)}})
    code, out, err = run(repository, capsys)
    assert code == 1
    assert "**missing**" in out
    assert "| rotation.accuracy |  | 0.8 |  |  | new |" in out
    assert "ultrasound.parity" in err


@pytest.mark.parametrize("value", [math.nan, math.inf, None])
def test_a_metric_that_is_no_number_fails(repository, capsys, value):
    write(repository, {"ultrasound": {"dice": metric(value), "parity": metric(3e-16, "lower", 0.0, 1)}})
    code, out, _ = run(repository, capsys)
    assert code == 1
    assert "**not a number**" in out


def test_nothing_in_common_fails(repository, capsys):
    write(repository, {})
    git(repository, "commit", "-q", "-am", "no metrics")
    write(repository, {"rotation": {"accuracy": metric(0.8)}})
    code, _, err = run(repository, capsys)
    assert code == 1
    assert "nothing was checked" in err


def test_another_scale_is_no_comparison(repository, capsys):
    write(repository, {"a": {"x": metric(0.5, scale="small", source="generated")}})
    git(repository, "commit", "-q", "-am", "small")
    write(repository, {"a": {"x": metric(0.1, scale="smoke", source="generated")}})
    code, out, err = run(repository, capsys)
    assert code == 1
    assert "not compared: another scale" in out
    assert "nothing was checked" in err


def test_compares_with_the_named_revision_and_with_origin_where_it_exists(repository, capsys):
    write(repository, {"ultrasound": {"dice": metric(0.5), "parity": metric(3e-16, "lower", 0.0, 1)}})
    git(repository, "commit", "-q", "-am", "worse")
    assert run(repository, capsys)[0] == 0
    assert run(repository, capsys, "HEAD~1")[0] == 1
    git(repository, "update-ref", "refs/remotes/origin/main", "HEAD~1")
    code, out, _ = run(repository, capsys)
    assert code == 1
    assert "| origin/main |" in out


def test_works_from_a_folder_inside_the_repository(repository, capsys):
    inner = repository / "inner"
    inner.mkdir()
    write(inner, {"a": {"x": metric(1.0)}})
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "inner")
    code, out, _ = run(inner, capsys)
    assert code == 0
    assert "a.x" in out
    assert "ultrasound" not in out


@pytest.mark.parametrize(
    "reference", ["nowhere", "--help", "--output=stolen", "HEAD:reports", "HEAD -- x", "-", "HEAD\n"]
)
def test_what_is_no_revision_is_refused_and_never_an_option(repository, capsys, reference):
    code, out, err = run(repository, capsys, reference)
    assert code == 1
    assert "is no revision" in err
    assert out == ""
    assert not (repository / "stolen").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "not valid JSON"),
        ("[]", "expected a mapping of studies, found list"),
        ('{"a": 1}', "a: expected a mapping of metrics"),
        ('{"a": {"x": 1}}', "a.x: expected value, spread, n and better"),
        ('{"a": {"x": {"value": 1, "better": "more"}}}', "a.x: better is 'more'"),
        ('{"a": {"x": {"value": 1, "better": "higher", "spread": -1}}}', "no spread over seeds"),
        ('{"a": {"x": {"value": "1", "better": "higher"}}}', "a.x: value '1' is no number"),
        ('{"a": {"x": {"value": 1, "better": "higher", "spread": 0.1}}}', "a.x: n is missing, beside a spread of 0.1"),
        ('{"a": {"x": {"value": 1, "better": "higher", "spread": 1, "n": 1%s}}}' % ("0" * 400), "no spread over seeds"),
        (b"\xff\xfe{", "not valid JSON"),
        (b"[" * 100_000, "not valid JSON"),
        (b"1" * 5000, "not valid JSON"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_broken_metrics_are_refused_by_file_and_name(repository, capsys, content, message):
    content = content.encode() if isinstance(content, str) else content
    good = (repository / "reports" / "metrics.json").read_bytes()
    (repository / "reports" / "metrics.json").write_bytes(content)
    code, _, err = run(repository, capsys)
    assert code == 1
    assert err.startswith(f"gate: {repository / 'reports' / 'metrics.json'}: ")
    assert message in err
    git(repository, "commit", "-q", "-am", "broken")
    (repository / "reports" / "metrics.json").write_bytes(good)
    code, _, err = run(repository, capsys)
    assert code == 1
    assert err.startswith("gate: HEAD:reports/metrics.json: ")
    assert message in err


def test_a_value_beyond_all_floats_is_no_number(repository, capsys):
    write(repository, {"ultrasound": {"dice": metric(10**400), "parity": metric(3e-16, "lower", 0.0, 1)}})
    code, out, _ = run(repository, capsys)
    assert code == 1
    assert "**not a number**" in out


def test_missing_files_are_named(repository, capsys):
    (repository / "reports" / "metrics.json").unlink()
    assert "reports/metrics.json is missing" in run(repository, capsys)[2]
    git(repository, "commit", "-q", "-am", "gone")
    write(repository, {"a": {"x": metric(1.0)}})
    assert "HEAD holds no reports/metrics.json" in run(repository, capsys)[2]


@pytest.mark.parametrize(
    ("better", "change", "verdict"),
    [
        ("higher", -0.2, "regression"),
        ("higher", 0.2, "better"),
        ("lower", 0.2, "regression"),
        ("lower", -0.2, "better"),
        ("equal", 0.2, "regression"),
        ("equal", -1e-6, "regression"),
        ("equal", 1e-10, "same"),
    ],
)
def test_direction(better, change, verdict):
    before, after = metric(0.5, better), metric(0.5 + change, better)
    found = compare({"x": before}, {"x": after})[0]
    assert (found.verdict, found.failed) == (verdict, verdict == "regression")


@given(st.floats(0.001, 1), st.floats(0.001, 1), st.integers(2, 20), st.integers(2, 20), st.floats(-5, 5))
def test_the_tolerance_is_where_welchs_test_turns_significant(spread_a, spread_b, n_a, n_b, change):
    bound = tolerance(metric(0.0, spread=spread_a, n=n_a), metric(change, spread=spread_b, n=n_b))
    p = stats.ttest_ind_from_stats(0.0, spread_a, n_a, change, spread_b, n_b, equal_var=False).pvalue
    if abs(p - 0.05) > 1e-9:
        assert (abs(change) > bound) == (p < 0.05)


def test_equal_means_rarely_fail_and_a_drop_of_several_spreads_does():
    rng = np.random.default_rng(5)

    def failed(drop):
        a, b = rng.normal(0.6, 0.01, 3), rng.normal(0.6 - drop, 0.01, 3)
        sides = [metric(float(x.mean()), spread=float(x.std(ddof=1))) for x in (a, b)]
        return compare({"x": sides[0]}, {"x": sides[1]})[0].failed

    assert np.mean([failed(0.0) for _ in range(500)]) < 0.05
    assert np.mean([failed(0.06) for _ in range(500)]) > 0.9


def test_names_with_pipes_keep_the_table_whole():
    from reprise.gate import markdown

    table = markdown(compare({}, flatten({"a|b": {"x": metric(1.0)}}, "f")), "a|b")
    assert {line.replace("\\|", "").count("|") for line in table.splitlines()} == {7}


def ledger(root, folder="reports", **fields):
    row = {"id": 5, "interval": [0, 1], "declared": "aaaa", "changed": []}
    (root / folder).mkdir(exist_ok=True, parents=True)
    (root / folder / "ledger.json").write_text(json.dumps([row | fields]))


@pytest.mark.parametrize("folder", ["reports", "reports/real"])
def test_a_declaration_that_was_altered_after_its_evidence_fails_until_it_says_so(repository, capsys, folder):
    ledger(repository, folder)
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "judged")
    assert run(repository, capsys)[0] == 0
    ledger(repository, folder, declared="bbbb")
    code, _, err = run(repository, capsys)
    named = "real 5" if "real" in folder else "5"
    assert code == 1
    assert f"declared otherwise after evidence had been seen: claim {named}; say why under `changed`" in err
    ledger(repository, folder, declared="bbbb", changed=[{"when": "2026-01-01", "why": "the source was misread"}])
    assert run(repository, capsys)[0] == 0


def test_what_was_not_judged_before_may_be_declared(repository, capsys):
    for before in ({"declared": None}, {"interval": None}):
        ledger(repository, **before)
        git(repository, "add", "-A")
        git(repository, "commit", "-q", "-m", "not judged")
        ledger(repository, declared="bbbb")
        assert run(repository, capsys)[0] == 0


def keep_real(repository):
    """Keeps the run's metrics as those of real data, committed; the folder, and what it holds."""
    folder = repository / "reports" / "real"
    folder.mkdir(parents=True)
    kept = json.loads((repository / "reports" / "metrics.json").read_text())
    (folder / "metrics.json").write_text(json.dumps(kept))
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "kept")
    return folder, kept


def test_the_kept_run_on_real_data_is_watched_too(repository, capsys):
    folder, kept = keep_real(repository)
    study, (name, *_) = next(iter(kept)), list(next(iter(kept.values())))
    kept[study][name]["value"] -= 1
    (folder / "metrics.json").write_text(json.dumps(kept))
    code, _, err = run(repository, capsys)
    assert code == 1
    assert f"real {study}.{name}" in err


@pytest.mark.parametrize("said", [True, False])
def test_a_study_that_the_kept_run_says_it_is_without_is_no_loss(repository, capsys, said):
    folder, before = keep_real(repository)
    study = next(iter(before))
    (folder / "metrics.json").write_text(json.dumps({name: each for name, each in before.items() if name != study}))
    (folder / "provenance.json").write_text(json.dumps({"left_out": {study: "no evidence yet"} if said else {}}))
    code, out, err = run(repository, capsys)
    assert code == (0 if said else 1)
    assert ("not compared: left out of the run that is kept now" in out) == said
    assert (f"real {study}." in err) == (not said)


def test_a_metric_that_another_scale_no_longer_has_is_not_compared():
    before = {"a.x": metric(1.0) | {"scale": "small"}, "a.y": metric(1.0) | {"scale": "small"}}
    after = {"a.x": metric(1.0) | {"scale": "medium"}}
    found = {each.name: each for each in compare(before, after)}
    assert (found["a.y"].verdict, found["a.y"].failed) == ("not compared: another scale", False)
    assert compare(before, {"a.x": metric(1.0) | {"scale": "small"}})[1].verdict == "missing"


def test_what_is_no_ledger_is_refused(repository, capsys):
    (repository / "reports" / "ledger.json").write_text("{}")
    code, _, err = run(repository, capsys)
    assert code == 1
    assert "not a ledger" in err


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (metric(True), "value True is no number"),
        (metric(0.6, spread=True), "spread True and n 3 are no spread"),
        (metric(0.6, n=2.5), "spread 0.01 and n 2.5 are no spread"),
        (metric(0.6, n=True), "spread 0.01 and n True are no spread"),
    ],
)
def test_true_is_no_number_and_seeds_are_whole(repository, capsys, entry, message):
    write(repository, {"ultrasound": {"dice": entry, "parity": metric(3e-16, "lower", 0.0, 1)}})
    code, _, err = run(repository, capsys)
    assert code == 1
    assert f"ultrasound.dice: {message}" in err


def test_names_reach_no_terminal_raw(repository, capsys):
    write(repository, {"ultrasound": {"dice": metric(0.6)}, "\x1b[31m": {"a": metric(1), "b": metric(math.nan)}})
    _, out, err = run(repository, capsys)
    assert "\x1b" not in out + err
    assert "x1b[31m.a" in out
    assert "x1b[31m.b" in err


def test_outside_a_repository_it_says_so(tmp_path, capsys):
    write(tmp_path, {"ultrasound": {"dice": metric(0.6)}})
    code, _, err = run(tmp_path, capsys)
    assert code == 1
    assert "lies in no git repository" in err

"""Locks are renewed for comments and layout, and for nothing else."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from reprise.renewal import renew

CODE = '"""What it does."""\n\n\ndef f(x):\n    return x + 1  # one more\n'
DVC = """stages:
  step:
    matrix:
      cell: [a, b]
    cmd: python -c "print(1)" > out_${item.cell}
    deps:
      - src/reprise/code.py
      - src/reprise/table.csv
      - input.txt
    outs:
      - out_${item.cell}
"""


def dvc(root: Path, *arguments: str) -> str:
    done = subprocess.run(["dvc", *arguments], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """Two stages that ran, committed."""
    files = {
        "src/reprise/code.py": CODE,
        "src/reprise/table.csv": "a,b\n",
        "input.txt": "x",
        "pipelines/p/dvc.yaml": "",
    }
    files["pipelines/p/dvc.yaml"] = DVC.replace("    cmd:", "    wdir: ../..\n    cmd:")
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    dvc(tmp_path, "init", "-q")
    dvc(tmp_path, "repro", "pipelines/p/dvc.yaml")
    identity = ["-c", "user.name=n", "-c", "user.email=n@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "add", "-A"], cwd=tmp_path, check=True)
    subprocess.run(["git", *identity, "commit", "-qm", "ran"], cwd=tmp_path, check=True)
    return tmp_path


PIPELINE = Path("pipelines/p/dvc.yaml")
STAGES = [f"{PIPELINE}:step@{cell}" for cell in "ab"]


def lock(root):
    return (root / "pipelines/p/dvc.lock").read_text()


def edit(root, old, new, name="src/reprise/code.py"):
    path = root / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  # one more", ""),
        ("one more", "the next"),
        ("What it does.", "What this does, in other words."),
        ('"""What it does."""\n\n\n', ""),
        ("    return x + 1", '    """Adds one."""\n\n    return (x + 1)'),
    ],
)
def test_comments_docstrings_and_layout_renew_the_locks_and_nothing_runs(repository, old, new):
    edit(repository, old, new)
    assert "changed" in dvc(repository, "status", str(PIPELINE))
    done = renew([PIPELINE], repository)
    assert (done.renewed, done.must_run, done.files) == (STAGES, {}, {"src/reprise/code.py"})
    assert dvc(repository, "status").strip() == "Data and pipelines are up to date."
    assert "Running stage" not in dvc(repository, "repro", "--all-pipelines")
    entry = YAML(typ="safe").load(lock(repository))["stages"]["step@a"]["deps"][1]
    content = (repository / entry["path"]).read_bytes()
    assert (entry["md5"], entry["size"]) == (hashlib.md5(content).hexdigest(), len(content))


def test_a_lock_that_was_renewed_is_written_as_dvc_writes_it(repository):
    edit(repository, "one more", "the next")
    renew([PIPELINE], repository)
    renewed = lock(repository)
    dvc(repository, "repro", "--force", str(PIPELINE))
    assert lock(repository) == renewed


@pytest.mark.parametrize(
    ("name", "old", "new", "why"),
    [
        ("src/reprise/code.py", "x + 1", "x + 2", "code.py: code differs"),
        ("src/reprise/code.py", "def f(x)", "def f(x, y=0)", "code.py: code differs"),
        ("src/reprise/code.py", "return x + 1", "'no docstring'; return x + 1; 'nor this'", "code.py: code differs"),
        ("src/reprise/table.csv", "a,b", "a,c", "table.csv: code differs"),
    ],
)
def test_where_code_differs_the_stages_are_named_and_nothing_changes(repository, name, old, new, why):
    edit(repository, old, new, name)
    before = lock(repository)
    done = renew([PIPELINE], repository)
    assert done.renewed == []
    assert list(done.must_run) == STAGES
    assert all(why in reason for reason in done.must_run.values())
    assert lock(repository) == before


def test_one_files_comment_does_not_hide_another_files_code(repository):
    edit(repository, "one more", "the next")
    edit(repository, "a,b", "a,c", "src/reprise/table.csv")
    before = lock(repository)
    assert list(renew([PIPELINE], repository).must_run) == STAGES
    assert lock(repository) == before


def test_other_inputs_that_changed_still_make_the_stage_run(repository):
    edit(repository, "one more", "the next")
    (repository / "input.txt").write_text("y")
    renew([PIPELINE], repository)
    assert "step@a" in dvc(repository, "status")


def test_a_file_that_was_never_committed_cannot_be_compared(repository):
    edit(repository, "x + 1", "x + 3")
    dvc(repository, "repro", str(PIPELINE))  # the lock now knows a version that git does not
    edit(repository, "x + 3", "x + 3 ")
    done = renew([PIPELINE], repository)
    assert all("not in git" in why for why in done.must_run.values())


def test_a_file_more_or_less_makes_the_stage_run(repository):
    (repository / "src/reprise/more.py").write_text("")
    edit(repository, "      - input.txt\n", "      - input.txt\n      - src/reprise/more.py\n", str(PIPELINE))
    done = renew([PIPELINE], repository)
    assert all("other files than before: src/reprise/more.py" in why for why in done.must_run.values())


def test_nothing_to_renew_changes_nothing(repository):
    before = (repository / "pipelines/p/dvc.lock").stat().st_mtime_ns, lock(repository)
    done = renew([PIPELINE, Path("dvc.yaml")], repository)
    assert (done.renewed, done.must_run) == ([], {})
    assert lock(repository) == before[1]


SETTINGS = (
    "base:\n  epochs: {smoke: 1, small: 2, medium: 3, full: 9}\n  rate: 1.0e-3\n  data: {generated: 5, real: 7}\n"
)


@pytest.fixture
def tuned(repository):
    """The same with params: shared ones that say the scale, and a study's own."""
    (repository / "params.yaml").write_text("scale: small\ndata:\n  source: generated\n")
    (repository / "pipelines/p/params.yaml").write_text(SETTINGS)
    edit(
        repository,
        "    outs:\n",
        "    params:\n      - params.yaml: [scale, data.source]\n      - pipelines/p/params.yaml: [base]\n    outs:\n",
        "pipelines/p/dvc.yaml",
    )
    dvc(repository, "repro", "pipelines/p/dvc.yaml")
    return repository


@pytest.mark.parametrize(
    ("old", "new"),
    [("medium: 3", "medium: 30"), ("medium: 3, ", ""), ("smoke: 1", "smoke: 2"), ("real: 7", "real: 70")],
)
def test_a_setting_of_another_scale_or_source_renews_the_locks_and_nothing_runs(tuned, old, new):
    edit(tuned, old, new, "pipelines/p/params.yaml")
    assert "changed" in dvc(tuned, "status", str(PIPELINE))
    done = renew([PIPELINE], tuned)
    assert (done.renewed, done.must_run, done.files) == (STAGES, {}, {"pipelines/p/params.yaml"})
    assert dvc(tuned, "status").strip() == "Data and pipelines are up to date."
    renewed = lock(tuned)
    dvc(tuned, "repro", "--force", str(PIPELINE))
    assert lock(tuned) == renewed


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("pipelines/p/params.yaml", "small: 2", "small: 3"),
        ("pipelines/p/params.yaml", "1.0e-3", "2.0e-3"),
        ("pipelines/p/params.yaml", "generated: 5", "generated: 6"),
        ("pipelines/p/params.yaml", "base:", "other:"),
        ("params.yaml", "scale: small", "scale: medium"),
    ],
)
def test_a_setting_that_was_used_has_its_stages_run_and_nothing_changes(tuned, name, old, new):
    before = lock(tuned)
    edit(tuned, old, new, name)
    done = renew([PIPELINE], tuned)
    assert done.renewed == []
    assert list(done.must_run) == STAGES
    assert all("is another" in reason for reason in done.must_run.values())
    assert lock(tuned) == before


def test_params_are_not_compared_where_the_lock_does_not_say_its_scale(tuned):
    edit(tuned, "      - params.yaml: [scale, data.source]\n", "", "pipelines/p/dvc.yaml")
    dvc(tuned, "repro", "--force", str(PIPELINE))
    edit(tuned, "medium: 3", "medium: 30", "pipelines/p/params.yaml")
    assert list(renew([PIPELINE], tuned).must_run) == STAGES


def test_an_evaluation_runs_again_for_a_setting_of_another_scale_for_its_digests_hold_all(tuned):
    edit(tuned, "    cmd: ", "    cmd: echo reprise.stages.evaluate && ", "pipelines/p/dvc.yaml")
    dvc(tuned, "repro", str(PIPELINE))
    before = lock(tuned)
    edit(tuned, "medium: 3", "medium: 30", "pipelines/p/params.yaml")
    done = renew([PIPELINE], tuned)
    assert (list(done.must_run), lock(tuned)) == (STAGES, before)
    assert all(reason.endswith("declarations hold all of them") for reason in done.must_run.values())

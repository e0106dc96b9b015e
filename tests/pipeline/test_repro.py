"""The whole pipeline at scale ``smoke``: it ends in verdicts, again in the same bytes, and after a kill too."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from tests.conftest import ROOT

from reprise.claims.catalogue import claims
from reprise.claims.ledger import state
from reprise.config import load, set_value
from reprise.registry import has_part, known_studies

pytestmark = pytest.mark.timeout(3600)  # the first test waits for the pipeline
CONFIGS = {name: load(ROOT).study(name) for name in known_studies()}
# the trained study with the fewest variants stands for all, and some that train nothing
TRAINED = min((name for name in CONFIGS if has_part(name, "train")), key=lambda name: len(CONFIGS[name].variants))
EXACT = [name for name in CONFIGS if not has_part(name, "train")]
KILLED = list(CONFIGS[TRAINED].variants)[-1]  # the variant that is trained longer, to be killed
PIPELINE = f"pipelines/{TRAINED}/dvc.yaml"


def run(clone: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Runs the clone's own code; fails with what it printed."""
    done = subprocess.run(command, cwd=clone, env=environment(clone), capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done


def environment(clone: Path) -> dict[str, str]:
    cleared = {name: value for name, value in os.environ.items() if name not in ("MLFLOW_TRACKING_URI", "DVC_STAGE")}
    return cleared | {"PYTHONPATH": str(clone / "src"), "PYTHONDONTWRITEBYTECODE": ""}


def lock_texts(clone: Path) -> dict[str, str]:
    return {path.relative_to(clone).as_posix(): path.read_text() for path in sorted(clone.rglob("dvc.lock"))}


def digest(clone: Path, output: str) -> str:
    """The md5 that a lock gives for an output."""
    for text in lock_texts(clone).values():
        for stage in YAML(typ="safe").load(text)["stages"].values():
            for out in stage.get("outs", []):
                if out["path"] == output:
                    return out["md5"]
    raise KeyError(output)


def changed_stages(clone: Path) -> set[str]:
    """Names of what `dvc repro` would run, as far as it can tell before anything ran."""
    status = json.loads(run(clone, "dvc", "status", "--json").stdout)
    return {address.rpartition(":")[2] for address in status}


@pytest.fixture(scope="module")
def clone(tracked):
    """A repository in which the pipeline ran once at scale ``smoke``, two stages at a time, as `make` runs it.

    Training imports seconds of libraries a variant, so that all studies take many minutes: they run where
    ``REPRISE_SMOKE=all``. Otherwise it is one that trains, from data to verdicts, and those that train nothing.
    """
    set_value(tracked, "scale=smoke")
    if os.environ.get("REPRISE_SMOKE") != "all":
        for name in set(CONFIGS) - {TRAINED, *EXACT}:
            shutil.rmtree(tracked / "pipelines" / name)
    where = run(tracked, "python", "-c", "import reprise; print(reprise.__file__)").stdout
    assert where.startswith(str(tracked)), "another checkout's code would run"
    for path in tracked.rglob("dvc.lock"):
        path.unlink()  # of another scale
    commit(tracked, "before")
    start = time.perf_counter()
    run(tracked, "reprise", "repro", "-j", "2", "dvc.yaml", "pipelines/data/dvc.yaml")
    print(f"reprise repro -j 2 at scale smoke: {time.perf_counter() - start:.0f} s")
    return tracked


def commit(clone: Path, message: str) -> None:
    run(clone, "git", "add", "-A")
    identity = ["-c", "user.name=Nobody", "-c", "user.email=nobody@example.org", "-c", "commit.gpgsign=false"]
    run(clone, "git", *identity, "commit", "--quiet", "--allow-empty", "-m", message)


def test_it_ends_in_a_report_with_verdicts(clone):
    rows = json.loads((clone / "reports" / "ledger.json").read_text())
    assert [row["id"] for row in rows] == [claim.id for claim in claims()]
    answered = [row for row in rows if row["kind"]]
    assert {TRAINED, *EXACT} <= {row["study"] for row in answered}
    assert all(row["scale"] == "smoke" for row in answered)
    metrics = json.loads((clone / "reports" / "metrics.json").read_text())
    assert metrics[TRAINED]
    page = (clone / "reports" / "index.html").read_text(encoding="utf-8")
    assert "smoke" in page
    assert all(each in page.lower() for each in {state(row) for row in answered})
    assert f"#study-{TRAINED}" in (clone / "reports" / "README.md").read_text(encoding="utf-8")


def test_git_sees_results_and_locks_and_nothing_else(clone):
    lines = run(clone, "git", "status", "--porcelain", "-uall").stdout.splitlines()
    changed = {line[3:] for line in lines}
    expected = (
        "reports/ledger.json",
        "reports/metrics.json",
        "reports/values/",
        "reports/README.md",
        "reports/badge.svg",
        "reports/figures/",
    )
    stray = [name for name in changed if not (name.startswith(expected) or name.endswith("dvc.lock"))]
    assert stray == []
    assert {"dvc.lock", f"pipelines/{TRAINED}/dvc.lock"} <= changed


def test_nothing_is_left_to_do_and_a_fresh_clone_agrees_without_data(clone, tmp_path):
    assert changed_stages(clone) == set()
    commit(clone, "results")
    fresh = tmp_path / "fresh"
    run(clone, "git", "clone", "--quiet", "--no-hardlinks", str(clone), str(fresh))
    dry = run(fresh, "dvc", "repro", "--dry", "--allow-missing").stdout
    assert "Running stage" not in dry


def test_a_forced_rerun_leaves_every_lock_unchanged(clone):
    before = lock_texts(clone)
    names = [line.split()[0] for line in run(clone, "dvc", "stage", "list", "--all").stdout.splitlines()]
    stages = [name for name in names if name.startswith("pipelines/data/")]
    stages += [name for name in names if name.startswith(f"{PIPELINE}:") and name.endswith((f"@{KILLED}", ":clean"))]
    stages += [
        f"{PIPELINE}:evaluate",
        *(f"pipelines/{name}/dvc.yaml:evaluate" for name in EXACT[:2]),
        "ledger",
        "report",
        "curves",
    ]
    printed = run(clone, "dvc", "repro", "--force", "--single-item", *stages).stdout
    assert printed.count("Running stage") == len(stages)
    assert lock_texts(clone) == before


def test_the_runs_are_in_mlflow_and_syncing_finds_only_the_evidence_new(clone):
    printed = run(clone, "reprise", "track", "sync").stdout
    found = [json.loads(path.read_text()) for path in (clone / "data" / "evidence").glob("*/evidence.json")]
    evaluated = len(found) + sum(len(each["declared"]) for each in found)  # the evidence of a study and its claims
    records = [json.loads(path.read_text()) for path in (clone / "data" / "runs").rglob("run.json")]
    trained = sum(1 + len(record["epochs"]) for record in records)  # a variant and its seeds
    swept = 0  # a part of a sweep and its learning rates
    for table in (clone / "data" / "sweeps").glob("*/*/table.csv"):
        with table.open(newline="", encoding="utf-8") as stream:
            swept += 1 + len({row["learning_rate"] for row in csv.DictReader(stream)})
    assert printed.startswith(f"{evaluated + swept} runs made, {trained} kept, 0 removed")
    again = run(clone, "reprise", "track", "sync").stdout
    assert again.startswith(f"0 runs made, {evaluated + swept + trained} kept, 0 removed")


@pytest.fixture
def edited(clone):
    """Edits a file for one test: (path, old, new), or (path, text to append)."""
    before = {}

    def edit(path: str, old: str, new: str | None = None) -> None:
        file = clone / path
        text = before.setdefault(file, file.read_text(encoding="utf-8"))
        changed = text + old if new is None else text.replace(old, new, 1)
        assert changed != text
        file.write_text(changed, encoding="utf-8")

    yield edit
    for file, text in before.items():
        file.write_text(text, encoding="utf-8")


def test_a_variants_param_concerns_its_own_training_alone(clone, edited):
    edited(f"pipelines/{TRAINED}/params.yaml", f"  {KILLED}: {{", f"  {KILLED}: {{plateau_factor: 0.2, ")
    assert changed_stages(clone) == {f"train@{KILLED}", "further", "evaluate"}


@pytest.mark.parametrize(
    ("path", "stages"),
    [
        ("src/reprise/claims/catalogue.csv", {"ledger", "report"}),
        ("src/reprise/report/templates/style.css", {"report"}),
        ("src/reprise/report/templates/study.html", {"report"}),
        (f"src/reprise/studies/{TRAINED}/README.md", {"evaluate"}),
    ],
)
def test_a_data_file_that_a_stage_reads_makes_it_run_again(clone, edited, path, stages):
    edited(path, "\n")
    assert changed_stages(clone) == stages


def test_a_table_beside_a_module_makes_its_study_run_again(clone, edited):
    tables = sorted(p.relative_to(clone) for name in EXACT for p in clone.glob(f"src/reprise/studies/{name}/**/*.csv"))
    study = tables[0].parts[3]
    edited(str(tables[0]), "\n")
    status = json.loads(run(clone, "dvc", "status", "--json").stdout)
    assert set(status) == {f"pipelines/{study}/dvc.yaml:evaluate"}


def test_the_report_shows_the_settings_that_were_used(clone, edited):
    """Nothing but evidence reaches it: a changed setting shows only when what it changes has run."""
    page = clone / "reports" / "studies" / f"{TRAINED}.html"
    before = page.read_text(encoding="utf-8")
    params = f"pipelines/{TRAINED}/params.yaml"
    rate = next(line for line in (clone / params).read_text(encoding="utf-8").splitlines() if "learning_rate:" in line)
    edited(params, rate, "  learning_rate: 0.5")
    run(clone, "dvc", "repro", "--single-item", "--force", "report")
    assert page.read_text(encoding="utf-8") == before
    assert "learning_rate" in before


def test_a_killed_repro_ends_as_an_uninterrupted_one(clone):
    params = clone / "pipelines" / TRAINED / "params.yaml"
    params.write_text(params.read_text().replace(f"  {KILLED}: {{", f"  {KILLED}: {{epochs: 40, "))
    stage = f"{PIPELINE}:train@{KILLED}"
    output = f"data/runs/{TRAINED}/{KILLED}"
    short = digest(clone, output)
    checkpoints = clone / "data" / "checkpoints" / TRAINED / KILLED

    process = subprocess.Popen(
        ["dvc", "repro", stage],
        cwd=clone,
        env=environment(clone),
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 300
    while not list(checkpoints.glob("*/last-*.ckpt")):
        assert process.poll() is None, "ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert list(checkpoints.glob("*/last-*.ckpt")), "nothing to go on from"
    assert digest(clone, output) == short  # the lock still tells of the last complete run

    run(clone, "dvc", "repro", stage)
    resumed = digest(clone, output)
    assert resumed != short
    assert not checkpoints.exists()
    run(clone, "dvc", "repro", "--force", "--single-item", stage)
    assert digest(clone, output) == resumed

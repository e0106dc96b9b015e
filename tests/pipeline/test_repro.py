"""The whole pipeline at scale ``smoke``: it ends in verdicts, again in the same bytes, and after a kill too."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from reprise.config import COMMON, set_value

FAMILIES = ("ultrasound", "exact")
pytestmark = pytest.mark.timeout(3600)  # the first test waits for the pipeline
KILLED = "starter"  # the variant that is trained longer, to be killed


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

    Training imports seconds of libraries a variant, so that all families take many minutes: they run where
    ``REPRISE_SMOKE=all``. Otherwise it is one that trains, from frames to verdicts, and the studies that train nothing.
    """
    set_value(tracked / "params.yaml", "scale=smoke")
    if os.environ.get("REPRISE_SMOKE") != "all":
        drop_families(tracked)
    where = run(tracked, "python", "-c", "import reprise; print(reprise.__file__)").stdout
    assert where.startswith(str(tracked)), "another checkout's code would run"
    for path in tracked.rglob("dvc.lock"):
        path.unlink()  # of another scale
    commit(tracked, "before")
    start = time.perf_counter()
    run(tracked, "reprise", "repro", "-j", "2")
    print(f"reprise repro -j 2 at scale smoke: {time.perf_counter() - start:.0f} s")
    return tracked


def drop_families(clone: Path) -> None:
    """Removes the other families' stages, and from params.yaml the studies that nothing evaluates any more."""
    for folder in (clone / "pipelines").iterdir():
        if folder.name not in FAMILIES:
            shutil.rmtree(folder)
    from dvc.repo import Repo

    with Repo(clone) as repo:
        outputs = {Path(out.fs_path) for stage in repo.index.stages for out in stage.outs}
    yaml = YAML()
    params = yaml.load((clone / "params.yaml").read_text(encoding="utf-8"))
    for name in set(params) - set(COMMON):
        if clone / "data" / "evidence" / name not in outputs:
            del params[name]
    with (clone / "params.yaml").open("w", encoding="utf-8") as stream:
        yaml.dump(params, stream)


def commit(clone: Path, message: str) -> None:
    run(clone, "git", "add", "-A")
    identity = ["-c", "user.name=Nobody", "-c", "user.email=nobody@example.org", "-c", "commit.gpgsign=false"]
    run(clone, "git", *identity, "commit", "--quiet", "--allow-empty", "-m", message)


def test_it_ends_in_a_report_with_verdicts(clone):
    rows = json.loads((clone / "reports" / "ledger.json").read_text())
    assert len(rows) == 194
    judged = [row for row in rows if row["verdict"] in ("reproduced", "contradicted", "inconclusive")]
    assert {79, 80, 81, 82, 83, 84, 85, 86, 87} & {row["id"] for row in judged}
    assert all(row["scale"] == "smoke" for row in judged)
    metrics = json.loads((clone / "reports" / "metrics.json").read_text())
    assert any(name.startswith("dice.") for name in metrics["ultrasound"])
    page = (clone / "reports" / "index.html").read_text(encoding="utf-8")
    assert "smoke" in page
    assert all(verdict in page.lower() for verdict in {row["verdict"] for row in judged})
    assert "ultrasound" in (clone / "reports" / "README.md").read_text(encoding="utf-8").lower()


def test_git_sees_results_and_locks_and_nothing_else(clone):
    lines = run(clone, "git", "status", "--porcelain", "-uall").stdout.splitlines()
    changed = {line[3:] for line in lines}
    expected = ("reports/ledger.json", "reports/metrics.json", "reports/README.md", "reports/figures/")
    stray = [name for name in changed if not (name.startswith(expected) or name.endswith("dvc.lock"))]
    assert stray == []
    assert {"dvc.lock", "pipelines/ultrasound/dvc.lock"} <= changed


def test_nothing_is_left_to_do_and_a_fresh_clone_agrees_without_data(clone, tmp_path):
    assert changed_stages(clone) == set()
    commit(clone, "results")
    fresh = tmp_path / "fresh"
    run(clone, "git", "clone", "--quiet", "--no-hardlinks", str(clone), str(fresh))
    dry = run(fresh, "dvc", "repro", "--dry", "--allow-missing").stdout
    assert "Running stage" not in dry


def test_a_forced_rerun_leaves_every_lock_unchanged(clone):
    before = lock_texts(clone)
    family = "pipelines/ultrasound/dvc.yaml:"
    stages = [f"{family}{name}" for name in ("prepare_ultrasound", "clean_ultrasound", "train_ultrasound@raw")]
    exact = [f"pipelines/exact/dvc.yaml:{name}" for name in ("evaluate_exact@mixtures", "evaluate_exact@losses")]
    stages += [f"{family}evaluate_ultrasound", *exact, "ledger", "report"]
    printed = run(clone, "dvc", "repro", "--force", "--single-item", *stages).stdout
    assert printed.count("Running stage") == len(stages)
    assert lock_texts(clone) == before


def test_the_runs_are_in_mlflow_and_syncing_finds_only_the_evidence_new(clone):
    printed = run(clone, "reprise", "track", "sync").stdout
    studies = len(list((clone / "data" / "evidence").iterdir()))
    records = [json.loads(path.read_text()) for path in (clone / "data" / "runs").rglob("run.json")]
    trained = sum(1 + len(record["epochs"]) for record in records)  # a variant and its seeds
    assert printed.startswith(f"{studies} runs made, {trained} kept, 0 removed")
    again = run(clone, "reprise", "track", "sync").stdout
    assert again.startswith(f"0 runs made, {studies + trained} kept, 0 removed")


def test_a_variants_param_concerns_its_own_training_alone(clone):
    params = clone / "params.yaml"
    before = params.read_text()
    params.write_text(before.replace("starter: {network: starter,", "starter: {width: 3, network: starter,"))
    try:
        assert params.read_text() != before
        changed = changed_stages(clone)
    finally:
        params.write_text(before)
    assert changed == {"train_ultrasound@starter", "evaluate_ultrasound"}
    assert changed_stages(clone) == set()


def test_a_killed_repro_ends_as_an_uninterrupted_one(clone):
    params = clone / "params.yaml"
    more = "starter: {epochs: 40, network: starter,"
    params.write_text(params.read_text().replace("starter: {network: starter,", more))
    stage = f"pipelines/ultrasound/dvc.yaml:train_ultrasound@{KILLED}"
    output = f"data/runs/ultrasound/{KILLED}"
    short = digest(clone, output)
    checkpoints = clone / "data" / "checkpoints" / "ultrasound" / KILLED

    process = subprocess.Popen(
        ["dvc", "repro", stage],
        cwd=clone,
        env=environment(clone),
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 300
    while not list(checkpoints.glob("*/last.ckpt")):
        assert process.poll() is None, "ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert list(checkpoints.glob("*/last.ckpt")), "nothing to go on from"
    assert digest(clone, output) == short  # the lock still tells of the last complete run

    run(clone, "dvc", "repro", stage)
    resumed = digest(clone, output)
    assert resumed != short
    assert not checkpoints.exists()
    run(clone, "dvc", "repro", "--force", "--single-item", stage)
    assert digest(clone, output) == resumed

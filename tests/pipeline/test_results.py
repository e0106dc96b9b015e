"""`make share` and `make results`: report and evidence go through a DVC remote, and nothing is run to have them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.conftest import ROOT

from reprise.claims.catalogue import claims
from reprise.config import set_value
from reprise.yaml_files import parse_yaml

STUDY = "thresholds"  # trains nothing


def run(clone: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Runs it on the clone's own code; fails with what it printed."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PYTHONPATH": str(clone / "src"), "PATH": path}
    done = subprocess.run(command, cwd=clone, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done


@pytest.mark.timeout(1800)
def test_results_come_from_a_remote_without_running_anything(tracked, tmp_path):
    set_value(tracked, "scale=smoke")
    for path in tracked.glob("pipelines/*"):
        if path.name != STUDY:
            shutil.rmtree(path)
    for path in tracked.rglob("dvc.lock"):
        path.unlink()  # of another scale
    run(tracked, "reprise", "repro", "-j", "1")
    run(tracked, "git", "add", "-A")
    elsewhere = tmp_path / "elsewhere"
    names = run(tracked, "git", "ls-files", "-z").stdout.split("\0")
    for name in filter(None, names):
        (elsewhere / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(tracked / name, elsewhere / name)
    run(elsewhere, "git", "init", "--quiet")
    assert not (elsewhere / "reports" / "index.html").exists()
    for clone, target in ((tracked, "share"), (elsewhere, "results")):
        run(clone, "dvc", "remote", "add", "--default", "results", str(tmp_path / "remote"))
        run(clone, "make", "-o", "setup", target)
    outputs = ["reports/index.html", "reports/claims", "reports/studies", f"data/evidence/{STUDY}"]
    files = [path for name in outputs for path in [tracked / name, *(tracked / name).rglob("*")] if path.is_file()]
    assert len(files) > 2 * len(claims())
    for path in files:
        assert (elsewhere / path.relative_to(tracked)).read_bytes() == path.read_bytes()
    assert not (elsewhere / "data" / "timings.csv").exists(), "something was run"
    assert "up to date" in run(elsewhere, "dvc", "status", "report").stdout
    run(elsewhere, "reprise", "site", "build/site", "--address", "https://example.org/x")
    assert 'content="https://example.org/x/claims/3.png"' in (elsewhere / "build/site/claims/3.html").read_text()


@pytest.mark.timeout(600)
def test_a_run_that_another_parameter_overtook_is_not_kept(tracked):
    """After the test before, in the same clone: DVC is asked whether the evidence is of what stands there."""
    assert (tracked / "data" / "evidence" / STUDY / "evidence.json").is_file(), "the test before makes it"
    said = run(tracked, "reprise", "keep", "reports/try").stdout
    assert said.startswith("reports/try: 1 study kept that answer claims 3; commit ")
    set_value(tracked, f"{STUDY}.random_images=17")
    with pytest.raises(
        AssertionError, match=rf"no study is done, nothing is kept \({STUDY}: {STUDY}:evaluate must run"
    ):
        run(tracked, "reprise", "keep", "reports/try")


def test_the_workflow_that_publishes_calls_what_there_is():
    text = (ROOT / ".github" / "workflows" / "pages.yml").read_text(encoding="utf-8")
    (job,) = parse_yaml(text, "pages.yml")["jobs"].values()
    commands = "\n".join(step.get("run", "") for step in job["steps"])
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert {"setup", "results"} == set(re.findall(r"make (\w+)", commands)) <= set(targets)
    assert "reprise site build/site --address" in commands
    assert next(step for step in job["steps"] if "upload" in step.get("uses", ""))["with"]["path"] == "build/site"
    assert "${{" not in commands, "what others may set reaches a shell as a variable only"

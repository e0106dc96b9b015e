"""DVC's own commands, as its users call them, in a clone: what they show can be read."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from reprise.claims.ledger import METRICS, write_values

RULE = """stages:
  who:
    cmd: python -c "import sys, reprise; open('who', 'w').write(sys.executable + ' ' + reprise.__file__)"
    outs:
      - who:
          cache: false
"""


def dvc(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "dvc", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def shown(tracked):
    """A clone with a number for every metric that is kept, and one study's curves: two variants, two seeds."""
    write_values(tracked / "reports" / "values", json.loads((tracked / METRICS).read_text(encoding="utf-8")))
    for pipeline in (tracked / "pipelines").iterdir():
        if pipeline.name != "unet":
            shutil.rmtree(pipeline)  # their curves are not here
    cells = itertools.product(("base", "semantic"), (0, 1), (0, 1))
    rows = [f"{variant},{seed},{epoch},{0.5 + seed}" for variant, seed, epoch in cells]
    (tracked / "reports" / "plots").mkdir(parents=True, exist_ok=True)
    (tracked / "reports" / "plots" / "unet.csv").write_text("\n".join(["variant,seed,epoch,train_loss", *rows]) + "\n")
    return tracked


def test_metrics_are_a_line_each_and_fit_a_terminal(shown):
    done = dvc(shown, "metrics", "show")
    assert (done.returncode, done.stderr) == (0, "")  # nothing "failed to load"
    header, *lines = done.stdout.splitlines()
    assert header.split() == ["Path", "value"]
    metrics = json.loads((shown / METRICS).read_text(encoding="utf-8"))
    assert len(lines) == sum(map(len, metrics.values())) > 50
    assert max(map(len, lines)) <= 120
    one = dvc(shown, "metrics", "show", "reports/values/unet").stdout.splitlines()
    assert len(one) == 1 + len(metrics["unet"])


def test_a_plot_has_all_seeds_to_average_over_and_pictures_beside_it(shown, tmp_path):
    done = dvc(shown, "plots", "show", "--out", str(tmp_path / "plots"))
    assert (done.returncode, "failed to load" in done.stderr) == (0, False), done.stderr
    page = (tmp_path / "plots" / "index.html").read_text(encoding="utf-8")
    (start,) = [match.end() for match in re.finditer("var spec = ", page)]
    spec, _ = json.JSONDecoder().raw_decode(page[start:])
    assert spec["title"]["text"] == "unet, training loss by epoch"
    assert {(row["variant"], row["seed"]) for row in spec["data"]["values"]} == {
        ("base", "0"), ("base", "1"), ("semantic", "0"), ("semantic", "1"),
    }  # fmt: skip
    assert "<DVC_METRIC" not in json.dumps(spec)
    assert page.count("<img") == len([p for p in (shown / "reports" / "figures").rglob("*") if p.is_file()])


def test_stages_have_this_interpreter_and_this_checkouts_code_whatever_is_active(tmp_path):
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    dvc(tmp_path, "init", "--quiet")
    (tmp_path / "dvc.yaml").write_text(RULE)
    package = tmp_path / "src" / "reprise" / "__init__.py"
    package.parent.mkdir(parents=True)
    package.write_text("")
    bare = os.environ | {"PATH": "/usr/bin:/bin", "VIRTUAL_ENV": "/elsewhere"}
    command = [sys.executable, "-c", "from reprise.cli import main; main()", "dvc", "repro", "--quiet", "-s", "who"]
    done = subprocess.run(command, cwd=tmp_path, env=bare, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    interpreter, code = (tmp_path / "who").read_text().split()
    assert Path(interpreter).parent == Path(sys.executable).parent
    assert Path(code) == package

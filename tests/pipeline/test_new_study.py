"""A new study is two folders of its name, a new variant a line of parameters: shown from nothing to the report."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from reprise.config import set_value
from reprise.registry import known_studies

pytestmark = pytest.mark.timeout(1200)
NAME = "halves"
FILES = {
    "src/reprise/studies/halves/__init__.py": '"""The study halves: see README.md beside this file."""\n',
    "src/reprise/studies/halves/README.md": (
        "# Which half is brighter\n\nA line separates pictures whose left half is brighter from the others.\n\n"
        "## On generated data\n\nThe pictures are made up.\n"
    ),
    "src/reprise/studies/halves/settings.py": '''"""What the study halves can turn."""

from reprise.settings import ImageSettings, StudyConfig

DATA = ("cifar",)
SHAPES = {"image": (32, 32, 3)}
PARAMETERS = {"linear": 6146}


class Config(StudyConfig[ImageSettings]):
    """pipelines/halves/params.yaml."""
''',
    "src/reprise/studies/halves/train.py": '''"""A linear classifier of brightness."""

import numpy as np
from torch import nn

from reprise.data import cifar
from reprise.data.parts import TrainingData
from reprise.tasks.classify import Classify


def data(workspace, settings, seed):
    """Images; the label is whether the left half is brighter."""
    found = cifar.training_data(workspace.prepared("cifar"))

    def halves(part):
        left, right = part["image"][:, :, :16].mean((1, 2, 3)), part["image"][:, :, 16:].mean((1, 2, 3))
        return part | {"label": (left > right).astype(np.uint8)}

    return TrainingData(*(halves(found.parts[name]) for name in ("train", "validation", "test")))


def build(settings, shapes, structure=None):
    """One layer."""
    return nn.Sequential(nn.Flatten(), nn.Linear(int(np.prod(shapes["image"])), 2))


task = Classify
''',
    "src/reprise/studies/halves/declared.yaml": """# Said of claims 20 and 21, to have numbers.
20:
  says: it finds the half
  place: nowhere
  basis: anything
  because_anything: the pictures are made up
  measures: Accuracy of {}
  band: "> 0.5"
  because: guessing gives a half
  each: true
  smallest: 0.1
  planned: {seeds: 8, looks: [4, 8], of: [linear], spread: 0.05}
  undecidable: nothing
21:
  says: a picture is easier than the next
  place: nowhere
  basis: anything
  because_anything: the pictures are made up
  measures: Accuracy of `linear`, minus that on the next pictures
  band: "> 0"
  because: to be easier is above 0
  smallest: 0.1
  planned: {seeds: 8, looks: [4, 8], of: [linear], spread: 0.05}
  undecidable: nothing
""",
    "src/reprise/studies/halves/evaluate.py": '''"""Does it find the half? Said of claims 20 and 21, to have numbers."""

import numpy as np

from reprise.claims.evidence import Evidence, primary
from reprise.comparing.tables import accuracies, score_table
from reprise.runs import load_runs, used_settings
from reprise.statistics import paired_effect


def evaluate(workspace, declared):
    """Accuracy of every variant."""
    runs = load_runs(workspace)
    findings = [
        primary(declared[20], paired_effect(run.correct, unit="accuracy", level=declared[20].level(run.seeds)),
                of=f"`{name}`")
        for name, run in runs.items()
    ]
    right = runs["linear"].correct
    apart = paired_effect(right - np.roll(right, 1, axis=1), unit="accuracy", level=declared[21].level(len(right)))
    findings.append(primary(declared[21], apart))
    metrics, tables = accuracies(runs, list(runs)), [score_table(runs)]
    return Evidence(data="made up", findings=findings, metrics=metrics, tables=tables, settings=used_settings(runs))
''',
    "pipelines/halves/params.yaml": """# Which half is brighter.
seeds: 4
base:
  epochs: 12
  batch_size: 16
  learning_rate: 1.0e-3
variants:
  linear: {}
started: {}
""",
    "pipelines/halves/dvc.yaml": """# Which half is brighter.
stages:
  train:
    wdir: ../..
    matrix:
      variant: ${variants}
    cmd: python -m reprise.stages.train halves ${item.variant}
    deps:
      - data/prepared/cifar.npz
    params:
      - params.yaml:
          - data.source
          - scale
          - training
      - pipelines/halves/params.yaml:
          - base
          - seeds
          - variants.${item.variant}
    outs:
      - data/runs/halves/${item.variant}

  train_started:
    foreach: ${started}
    do:
      wdir: ../..
      cmd: python -m reprise.stages.train halves ${key}
      deps:
        - data/prepared/cifar.npz
        - data/runs/halves/${item.start}
      params:
        - params.yaml:
            - data.source
            - scale
            - training
        - pipelines/halves/params.yaml:
            - base
            - seeds
            - started.${key}
      outs:
        - data/runs/halves/${key}

  further:
    wdir: ../..
    cmd: python -m reprise.stages.further halves
    deps:
      - data/prepared/cifar.npz
      - data/runs/halves
    params:
      - params.yaml:
          - data.source
          - scale
          - training
      - pipelines/halves/params.yaml:
    outs:
      - data/further/halves:
          persist: true

  evaluate:
    wdir: ../..
    cmd: python -m reprise.stages.evaluate halves
    deps:
      - data/runs/halves
      - data/further/halves
    params:
      - params.yaml:
          - data.source
          - scale
      - pipelines/halves/params.yaml:
    outs:
      - data/evidence/halves
""",
}


def run(clone: Path, *command: str) -> str:
    environment = os.environ | {"PYTHONPATH": str(clone / "src"), "PYTHONDONTWRITEBYTECODE": ""}
    environment.pop("MLFLOW_TRACKING_URI", None)
    done = subprocess.run(command, cwd=clone, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def clone(tracked):
    """A clone in which the other studies' pipelines are left out, so that the report needs seconds."""
    for name in known_studies():
        shutil.rmtree(tracked / "pipelines" / name)
    for path in tracked.rglob("dvc.lock"):
        path.unlink()
    set_value(tracked, "scale=smoke")
    run(tracked, "git", "add", "-A")
    run(tracked, "git", "-c", "user.name=n", "-c", "user.email=n@example.org", "commit", "--quiet", "-m", "before")
    for name, text in FILES.items():
        path = tracked / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    run(tracked, "reprise", "deps")
    run(tracked, "reprise", "repro", "-j", "2")
    return tracked


def rows(clone):
    return {row["id"]: row for row in json.loads((clone / "reports" / "ledger.json").read_text(encoding="utf-8"))}


def test_a_study_is_two_folders_and_nothing_else_is_edited(clone):
    changed = run(clone, "git", "status", "--porcelain", "-uall").splitlines()
    made = [line[3:] for line in changed if not line[3:].startswith("reports/") and not line.endswith("dvc.lock")]
    assert sorted(made) == sorted(FILES)
    assert "src/reprise/studies/halves/train.py" in (clone / "pipelines/halves/dvc.yaml").read_text(encoding="utf-8")


def test_it_is_in_the_ledger_and_has_its_page(clone):
    row = rows(clone)[20]
    assert (row["study"], row["verdict"], row["kind"]) == (NAME, "reproduced", "measured")
    page = (clone / "reports" / "studies" / f"{NAME}.html").read_text(encoding="utf-8")
    assert "Which half is brighter" in page
    assert "The pictures are made up." in page
    assert "learning_rate" in page
    assert f'<a id="study-{NAME}">' in (clone / "reports" / "README.md").read_text(encoding="utf-8")


def test_more_seeds_are_trained_while_a_claim_is_undecided_and_no_longer(clone):
    decided, open_ = rows(clone)[20], rows(clone)[21]
    assert (decided["seeds"], decided["planned"]) == (4, 8)
    assert "looked at with 4 of at most 8 seeds" in decided["findings"][0]["note"]
    assert (open_["verdict"], open_["seeds"]) == ("inconclusive", 8)
    looks = json.loads((clone / "data" / "further" / NAME / "looks.json").read_text(encoding="utf-8"))["looks"]
    assert [(each["seeds"], each["trained"], each["verdicts"]) for each in looks] == [
        (4, [], {"20": "reproduced", "21": "inconclusive"}),
        (8, ["linear"], {"21": "inconclusive"}),
    ]
    assert json.loads(run(clone, "dvc", "status", "--json", f"pipelines/{NAME}/dvc.yaml")) == {}


def test_what_is_measured_otherwise_trains_no_seed_again(clone):
    """An edit of what judges runs the looks again; networks that it would train alike are taken from the last run."""
    code = clone / "src/reprise/studies/halves/evaluate.py"
    history = clone / "data" / "further" / NAME / "from-4" / "runs" / "linear" / "history.csv"
    before = history.read_text(encoding="utf-8")
    code.write_text(code.read_text(encoding="utf-8").replace('"made up"', '"made up here"'), encoding="utf-8")
    said = run(clone, "dvc", "repro", "pipelines/halves/dvc.yaml")
    assert "reprise.stages.further" in said
    assert "seed 5 of 8" not in said
    assert history.read_text(encoding="utf-8") == before


def test_a_variant_is_a_line_of_parameters(clone):
    params = clone / "pipelines" / NAME / "params.yaml"
    text = params.read_text(encoding="utf-8")
    params.write_text(text.replace("started:", "  slow: {learning_rate: 1.0e-4}\nstarted:"), encoding="utf-8")
    would_run = run(clone, "dvc", "repro", "--dry", f"pipelines/{NAME}/dvc.yaml")
    assert "train@slow" in would_run
    assert "'pipelines/halves/dvc.yaml:train@linear' didn't change" in would_run
    run(clone, "reprise", "repro", "-j", "2")
    assert {f["measures"] for f in rows(clone)[20]["findings"]} == {"Accuracy of `linear`", "Accuracy of `slow`"}
    assert "Accuracy of <code>slow</code>" in (clone / "reports" / "studies" / f"{NAME}.html").read_text(
        encoding="utf-8"
    )


def test_a_variant_that_goes_on_from_another_is_a_line_too(clone):
    params = clone / "pipelines" / NAME / "params.yaml"
    text = params.read_text(encoding="utf-8")
    params.write_text(text.replace("started: {}", "started:\n  more: {start: linear}"), encoding="utf-8")
    run(clone, "reprise", "repro", "-j", "2")
    assert "Accuracy of `more`" in {finding["measures"] for finding in rows(clone)[20]["findings"]}
    # a change of what it starts from trains both again, and nothing else
    text = params.read_text(encoding="utf-8")
    params.write_text(text.replace("linear: {}", "linear: {epochs: 4}"), encoding="utf-8")
    status = set(json.loads(run(clone, "dvc", "status", "--json")))
    assert f"pipelines/{NAME}/dvc.yaml:train@linear" in status
    assert f"pipelines/{NAME}/dvc.yaml:train@slow" not in status
    would_run = run(clone, "dvc", "repro", "--dry", f"pipelines/{NAME}/dvc.yaml")
    assert would_run.index("train@linear") < would_run.index("train_started@more")


@pytest.fixture(scope="module")
def coin(clone):
    """The number of a claim of one's own, its study as `reprise new study` writes it, and what that said."""
    own = ("--title", "A coin is fair", "--claim", "Heads come up half of the time", "--source", "Lab notes")
    number = max(rows(clone)) + 1
    before = run(clone, "git", "status", "--porcelain", "-uall").splitlines()
    listed = run(clone, "reprise", "new", "study", "coin", *own).splitlines()
    after = run(clone, "git", "status", "--porcelain", "-uall").splitlines()
    return number, listed, {line[3:] for line in after} - {line[3:] for line in before}


def failed(clone, *command):
    environment = os.environ | {"PYTHONPATH": str(clone / "src")}
    done = subprocess.run(command, cwd=clone, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stderr


def test_all_files_that_a_new_study_changed_are_listed(coin):
    _, listed, changed = coin
    assert {"dvc.yaml", "src/reprise/claims/own.csv", "tests/studies/coin/test_evaluate.py"} <= set(listed)
    assert changed <= set(listed)


def test_a_claim_that_is_not_measured_yet_names_what_measures_it(clone, coin):
    number = coin[0]
    assert f"claim {number} (A coin is fair) is not measured yet; `reprise run {number}`" in failed(
        clone, "reprise", "show", str(number)
    )
    assert f"the catalogue has 1 to {number}" in failed(clone, "reprise", "show", str(number + 1))


def test_a_study_that_nobody_edited_gives_no_verdict(clone, coin):
    number = str(coin[0])
    run(clone, "git", "add", "-A")
    for command in ("run", "show"):  # neither needs the ledger to have it
        said = " ".join(run(clone, "reprise", command, number).split())
        assert f"{number} A coin is fair ≈ inconclusive (measured)" in said
        assert "a placeholder was measured: edit src/reprise/studies/coin/measure.py" in said
    run(clone, sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "tests/studies/coin", "tests/claims")


def test_a_claim_of_ones_own_once_edited_has_its_verdict_and_its_page(clone, coin):
    number = coin[0]
    evaluate = clone / "src/reprise/studies/coin/evaluate.py"
    lines = evaluate.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if not line.strip().startswith("undecided=PLACEHOLDER")]
    assert len(kept) == len(lines) - 1
    evaluate.write_text("".join(kept), encoding="utf-8")
    run(clone, "git", "add", "-A")
    done = subprocess.run(
        ["reprise", "run", str(number)],
        cwd=clone,
        env=os.environ | {"PYTHONPATH": str(clone / "src")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"{number}  A coin is fair" in done.stdout
    assert "Lab notes" in done.stdout
    assert "✓ reproduced (measured)" in done.stdout
    assert "`reprise repro` brings it into the ledger and the report" in done.stderr
    run(clone, sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "tests/studies/coin", "tests/claims")
    run(clone, "reprise", "repro", "-j", "2")
    assert rows(clone)[number]["verdict"] == "reproduced"
    page = (clone / "reports" / "studies" / "coin.html").read_text(encoding="utf-8")
    assert "Heads come up half of the time." in page
    assert "Lab notes" in (clone / "reports" / "index.html").read_text(encoding="utf-8")

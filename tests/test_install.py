"""What `pip install .` brings is enough for the parts on one's own data; what needs more says so in one line."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from importlib import metadata

import numpy as np
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from PIL import Image

from reprise.cli import PIPELINE, PLOTS

RUN = """
import sys
from importlib.abc import MetaPathFinder

class Absent(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ABSENT:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

ABSENT = set(sys.argv.pop(1).split(","))
sys.meta_path.insert(0, Absent())
from reprise.cli import main
main()
"""


@pytest.fixture(scope="module")
def project():
    from tests.conftest import ROOT

    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def names():
    """Distribution -> what of it can be imported."""
    found: dict[str, set[str]] = {}
    for name, distributions in metadata.packages_distributions().items():
        for distribution in distributions:
            found.setdefault(canonicalize_name(distribution), set()).add(name)
    return found


@pytest.fixture(scope="module")
def absent(project, names):
    """All that is installed here and not there."""
    waiting, light = [Requirement(line) for line in project["dependencies"]], set()
    while waiting:
        name = canonicalize_name(waiting.pop().name)
        if name not in light:
            light.add(name)
            needed = [Requirement(line) for line in metadata.requires(name) or []]
            waiting += [each for each in needed if each.marker is None or each.marker.evaluate({"extra": ""})]
    present = {name for distribution in light for name in names[distribution]}
    heavy = {name for distribution in names.keys() - light - {"reprise"} for name in names[distribution]} - present
    assert {"torch", "pytorch_lightning", "dvc", "mlflow", "pandas", "skimage", "sklearn", "matplotlib"} <= heavy
    return ",".join(sorted(heavy))


def run(absent: str, folder, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", RUN, absent, *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == code, done.stdout + done.stderr
    return done


@pytest.fixture
def own(tmp_path):
    """A user's pictures, labels, logits, boxes and run lengths."""
    rng = np.random.default_rng(0)
    for folder in ("photos", "truth", "predicted"):
        (tmp_path / folder).mkdir()
    for k in range(3):
        pixels = rng.integers(0, 256, (60, 80, 3)).astype(np.uint8)
        for name in (f"{k}.png", f"{k}_again.png")[: 2 if k == 0 else 1]:
            Image.fromarray(pixels).save(tmp_path / "photos" / name)
        labels = rng.integers(0, 3, (40, 40)).astype(np.uint8)
        Image.fromarray(labels).save(tmp_path / "truth" / f"{k}.png")
        Image.fromarray(labels).save(tmp_path / "predicted" / f"{k}.png")
    labels = rng.integers(0, 3, 400)
    np.savez(tmp_path / "p.npz", logits=3 * (np.eye(3)[labels] + rng.normal(0, 1, (400, 3))), labels=labels)
    box = {"image_id": 1, "category_id": 1, "bbox": [10, 10, 20, 20]}
    truth = {"images": [{"id": 1, "width": 99, "height": 99}], "categories": [{"id": 1, "name": "cat"}]}
    truth["annotations"] = [box | {"id": 1, "area": 400, "iscrowd": 0}]
    (tmp_path / "truth.json").write_text(json.dumps(truth))
    (tmp_path / "found.json").write_text(json.dumps([box | {"score": 0.9}]))
    (tmp_path / "submission.csv").write_text("img,pixels\n1,1 3 10 2\n2,\n")
    return tmp_path


def test_the_parts_on_ones_own_data_need_nothing_of_the_pipeline(absent, own):
    assert (
        "1 near-duplicate pair" in run(absent, own, "duplicates", "photos", "--out", "a.csv", "--sheet", "a.png").stdout
    )
    assert (own / "a.png").is_file()
    rows = json.loads(run(absent, own, "calibration", "p.npz", "--json").stdout)["rows"]
    assert len(rows) == 8
    scores = run(absent, own, "scores", "truth", "predicted", "--json", "--worst", "worst.png").stdout
    assert json.loads(scores)["summary"]["mean_iu"] == 1
    assert "= 1.000" in run(absent, own, "detection-scores", "truth.json", "found.json").stdout
    said = run(absent, own, "submission", "--check", "submission.csv", "--size", "3x4").stdout
    assert said == "submission.csv: 2 images of 3 x 4, 1 with a mask\n"
    assert "cifar10" in run(absent, own, "data", "list").stdout


@pytest.mark.parametrize(
    ("arguments", "extra"),
    [
        (("saliency", "photos/0.png", "a/b", "--out", "map.png"), "pipeline"),
        (("style", "photos/0.png", "photos/1.png", "--out", "styled.png"), "pipeline"),
        (("repro",), "pipeline"),
        (("ledger",), "pipeline"),
        (("show", "1"), "pipeline"),
        (("gate",), "pipeline"),
        (("track", "sync"), "pipeline"),
        (("calibration", "p.npz", "--out", "diagrams"), "plots"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else value,
)
def test_what_needs_more_says_in_one_line_what_to_install(absent, own, arguments, extra):
    before = sorted(own.rglob("*"))
    done = run(absent, own, *arguments, code=1)
    (line,) = done.stderr.splitlines()
    assert line.startswith("reprise: this needs ")
    assert f"pip install '.[{extra}]'" in line
    assert (done.stdout, sorted(own.rglob("*"))) == ("", before)


def test_a_module_that_no_extra_brings_is_a_mistake_and_no_hint(monkeypatch):
    from reprise import cli

    def broken():
        raise ModuleNotFoundError("No module named 'reprise.absent'", name="reprise.absent")

    monkeypatch.setattr(cli, "app", broken)
    with pytest.raises(ModuleNotFoundError):
        cli.main()


def test_the_names_that_are_explained_are_those_that_the_extras_bring(project, names):
    for extra, known in (("plots", PLOTS), ("pipeline", PIPELINE | PLOTS)):
        brought = [canonicalize_name(Requirement(line).name) for line in project["optional-dependencies"][extra]]
        assert [name for name in brought if not names[name] & known] == []
        assert known <= {name for distribution in brought for name in names[distribution]}


def test_windows_is_told_what_to_use(monkeypatch, capsys):
    from reprise import cli

    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(SystemExit, match="1"):
        cli.main()
    assert capsys.readouterr().err.splitlines() == [
        "reprise: commands lock files and end processes as Linux and macOS do; on Windows run them under WSL"
    ]


def test_the_citation_and_the_changelog_are_of_this_version(root, project):
    from reprise.yaml_files import read_yaml

    citation = read_yaml(root / "CITATION.cff")
    assert (citation["version"], citation["license"]) == (project["version"], project["license"])
    assert [author["name"] for author in citation["authors"]] == ["The Reprise contributors"]
    newest = next(
        line for line in (root / "CHANGELOG.md").read_text(encoding="utf-8").splitlines() if line[:3] == "## "
    )
    assert newest.split(",")[0] == f"## {project['version']}"
